/**
 * Aborts with the caller, when nothing has been heard for a while, or when it has taken too long in all: a slow
 * drip is heard of forever. One timer and one listener per call, both gone when it is released; AbortSignal.any
 * would leave its traces on a caller's signal that outlives a million calls.
 */

/** A timer that is later than this tells of this process, which was stopped or busy, and nothing of the worker: its
 * answer may have been waiting for us. Once in a call, it is given this much more time. */
const lateMsMax = 1_000;

export interface DeadlineOptions {
	readonly caller: AbortSignal;
	/** Default: none */
	readonly silenceMsMax?: number | undefined;
	readonly totalMsMax: number;
}

export class Deadline {
	readonly #controller = new AbortController();
	readonly #caller: AbortSignal;
	readonly #silenceMsMax: number;
	readonly #endMs: number;
	#heardMs = performance.now();
	#timer: NodeJS.Timeout | undefined;
	#timerDueMs = 0;
	#passed = false;
	#hadGrace = false;

	constructor({ caller, silenceMsMax = Number.POSITIVE_INFINITY, totalMsMax }: DeadlineOptions) {
		this.#caller = caller;
		this.#silenceMsMax = silenceMsMax;
		this.#endMs = this.#heardMs + totalMsMax;
		this.#checkIn(Math.min(silenceMsMax, totalMsMax));
		caller.addEventListener('abort', this.#onAbort, { once: true });
		if (caller.aborted) this.#onAbort();
	}
	get signal(): AbortSignal {
		return this.#controller.signal;
	}
	get passed(): boolean {
		return this.#passed;
	}
	/** The worker did something that counts. */
	heard(): void {
		this.#heardMs = performance.now();
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
		const nowMs = performance.now();
		const leftMs = Math.min(this.#heardMs + this.#silenceMsMax, this.#endMs) - nowMs;
		if (leftMs > 1) {
			this.#checkIn(leftMs);
		} else if (!this.#hadGrace && nowMs - this.#timerDueMs > lateMsMax) {
			this.#hadGrace = true;
			this.#checkIn(lateMsMax);
		} else {
			this.#passed = true;
			this.#controller.abort(new Error('deadline'));
		}
	};
}
