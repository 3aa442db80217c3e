/** Several observers told as one. One that throws, which none should, is told nothing more: the run goes on without it. */
import type { OnRunEvent } from '../events.ts';
import { untilItThrows } from '../until-it-throws.ts';
import type { DispatchObserver } from './observer.ts';

type Told<Name extends keyof DispatchObserver> = Parameters<Required<DispatchObserver>[Name]>;

export class Observers implements Required<DispatchObserver> {
	readonly #observers: readonly {
		readonly observer: DispatchObserver;
		readonly guard: (work: () => void) => void;
	}[];

	/** @param onEvent takes a notice of each that has thrown */
	constructor(observers: readonly DispatchObserver[], onEvent: OnRunEvent) {
		this.#observers = observers.map((observer) => ({ observer, guard: untilItThrows(onEvent) }));
	}

	met(...told: Told<'met'>): void {
		this.#each((observer) => observer.met?.(...told));
	}

	unmet(...told: Told<'unmet'>): void {
		this.#each((observer) => observer.unmet?.(...told));
	}

	asked(...told: Told<'asked'>): void {
		this.#each((observer) => observer.asked?.(...told));
	}

	sent(...told: Told<'sent'>): void {
		this.#each((observer) => observer.sent?.(...told));
	}

	answered(...told: Told<'answered'>): void {
		this.#each((observer) => observer.answered?.(...told));
	}

	late(...told: Told<'late'>): void {
		this.#each((observer) => observer.late?.(...told));
	}

	closed(...told: Told<'closed'>): void {
		this.#each((observer) => observer.closed?.(...told));
	}

	load(...told: Told<'load'>): void {
		this.#each((observer) => observer.load?.(...told));
	}

	#each(tell: (observer: DispatchObserver) => void): void {
		for (const { observer, guard } of this.#observers) guard(() => tell(observer));
	}
}
