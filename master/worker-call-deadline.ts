/**
 * Aborts with the caller, or when it has taken too long in all. One timer and one listener per call, both gone when
 * it is released; AbortSignal.any would leave its traces on a caller's signal that outlives a million calls.
 */

/** A timer that is later than this tells of this process, which was stopped or busy, and nothing of the worker: its
 * answer may have been waiting for us. Once in a call, it is given this much more time. */
const lateMsMax = 1_000;

export interface DeadlineOptions {
	readonly caller: AbortSignal;
	readonly totalMsMax: number;
}

export class Deadline {
	readonly #controller = new AbortController();
	readonly #caller: AbortSignal;
	#timer: NodeJS.Timeout | undefined;
	#timerDueMs = 0;
	#passed = false;
	#hadGrace = false;

	constructor({ caller, totalMsMax }: DeadlineOptions) {
		this.#caller = caller;
		this.#checkIn(totalMsMax);
		caller.addEventListener('abort', this.#onAbort, { once: true });
		if (caller.aborted) this.#onAbort();
	}
	get signal(): AbortSignal {
		return this.#controller.signal;
	}
	get passed(): boolean {
		return this.#passed;
	}
	throwIfCallerGone(): void {
		this.#caller.throwIfAborted();
	}
	release(): void {
		clearTimeout(this.#timer);
		this.#caller.removeEventListener('abort', this.#onAbort);
	}
	readonly #onAbort = (): void => this.#controller.abort(this.#caller.reason);
	#checkIn(ms: number): void {
		this.#timerDueMs = performance.now() + ms;
		this.#timer = setTimeout(this.#check, ms);
	}
	readonly #check = (): void => {
		if (!this.#hadGrace && performance.now() - this.#timerDueMs > lateMsMax) {
			this.#hadGrace = true;
			this.#checkIn(lateMsMax);
			return;
		}
		this.#passed = true;
		this.#controller.abort(new Error('deadline'));
	};
}
