/**
 * A bounded number of things at a time: whoever comes waits for a place, owners in turn (fair-queue.ts), and
 * then, where a rate is to be kept, for leave from the pacer.
 *
 * One pump serves everybody: a thousand waiters that each asked the pacer would wake a thousand times for one
 * leave. The ceiling moves: `narrow` lowers it to what the machine evidently bears (descriptors, ports), with an
 * eighth left for others, and every place given back in order raises it by a fraction, as TCP does with its
 * window.
 */
import { noLongerNeeded, onAbort } from '../shared/abort.ts';
import type { Clock } from '../shared/clock.ts';
import type { Pacer } from '../shared/pacer.ts';
import { FairQueue } from './fair-queue.ts';

export interface TurnstileOptions {
	/** places at a time */
	readonly placesMax: number;
	/** asked for leave before every entry, when given; needs `clock` */
	readonly pace?: { readonly pacer: Pacer; readonly clock: Clock };
}

interface Waiter {
	/** undefined once it has gone away */
	admit: (() => void) | undefined;
}

export class Turnstile {
	readonly #placesMax: number;
	readonly #pace: TurnstileOptions['pace'];
	readonly #queue = new FairQueue<Waiter>();
	#waiting = 0;
	#inside = 0;
	#limit: number;
	/** set while the pump waits for the pacer */
	#pacing: AbortController | undefined;

	constructor({ placesMax, pace }: TurnstileOptions) {
		this.#placesMax = placesMax;
		this.#limit = placesMax;
		this.#pace = pace;
	}

	/** Resolves with a place taken, to be given back by `leave`. Rejects with the signal's reason. The signal is
	 * also the owner that turns are counted by, unless another one is named. */
	enter(signal: AbortSignal, owner: object = signal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) {
				reject(signal.reason);
				return;
			}
			const forget = onAbort(signal, () => {
				waiter.admit = undefined;
				this.#waiting -= 1;
				if (this.#waiting === 0) this.#pacing?.abort(noLongerNeeded);
				reject(signal.reason);
			});
			const waiter: Waiter = {
				admit: () => {
					forget();
					resolve();
				},
			};
			this.#queue.push(owner, waiter);
			this.#waiting += 1;
			this.#pump();
		});
	}

	leave(): void {
		this.#inside -= 1;
		this.#limit = Math.min(this.#placesMax, this.#limit + 1 / this.#limit);
		this.#pump();
	}

	/** Gives a place back and lowers the ceiling: the machine had no room for what was tried in it. */
	leaveNarrowed(): void {
		this.#inside -= 1;
		this.#limit = Math.max(1, Math.min(this.#limit, (this.#inside * 7) / 8));
		this.#pump();
	}

	#pump(): void {
		while (this.#waiting > 0 && this.#inside < Math.floor(this.#limit) && this.#pacing === undefined) {
			if (this.#pace !== undefined && this.#pace.pacer.take(1) === 0) {
				this.#pauseForPacer(this.#pace);
				return;
			}
			const admit = this.#nextWaiting();
			if (admit === undefined) return;
			this.#waiting -= 1;
			this.#inside += 1;
			admit();
		}
	}

	#nextWaiting(): (() => void) | undefined {
		for (let waiter = this.#queue.shift(); waiter !== undefined; waiter = this.#queue.shift()) {
			if (waiter.admit !== undefined) return waiter.admit;
		}
		return undefined;
	}

	#pauseForPacer({ pacer, clock }: NonNullable<TurnstileOptions['pace']>): void {
		const pacing = new AbortController();
		this.#pacing = pacing;
		const resume = (): void => {
			this.#pacing = undefined;
			this.#pump();
		};
		clock.sleep(Math.max(1, pacer.delayMs()), pacing.signal).then(resume, resume);
	}
}
