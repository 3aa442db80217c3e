/** Several pieces of long work at a time, each for a turn of some milliseconds: a short one is soon done, however long
 * the others take, and between two turns messages are heard. */
import type { Steps } from './steps.ts';
import { turnMs } from './steps.ts';

interface Work {
	readonly steps: Steps<unknown>;
	readonly onDone: (value: unknown) => void;
	readonly onFailed: (error: unknown) => void;
}

export class SharedTurns {
	/** whose turn is next comes first */
	readonly #works = new Map<number, Work>();
	#isScheduled = false;

	/** @param number by which `drop` knows it */
	start(number: number, work: Work): void {
		this.#works.set(number, work);
		this.#schedule();
	}

	/** Leaves a piece of work as far as it is. Does nothing once it is done. */
	drop(number: number): void {
		const work = this.#works.get(number);
		this.#works.delete(number);
		work?.steps.return(undefined);
	}

	dropAll(): void {
		for (const number of this.#works.keys()) this.drop(number);
	}

	#schedule(): void {
		if (this.#isScheduled || this.#works.size === 0) return;
		this.#isScheduled = true;
		setImmediate(() => {
			this.#isScheduled = false;
			this.#takeTurn();
			this.#schedule();
		});
	}

	#takeTurn(): void {
		for (const [number, work] of this.#works) {
			this.#works.delete(number);
			const untilMs = performance.now() + turnMs;
			try {
				do {
					const step = work.steps.next();
					if (step.done) {
						work.onDone(step.value);
						return;
					}
				} while (performance.now() < untilMs);
			} catch (error) {
				work.onFailed(error);
				return;
			}
			this.#works.set(number, work);
			return;
		}
	}
}
