/**
 * Aborts with the caller, when nothing has been heard for a while, or when it has taken too long in all: a slow
 * drip is heard of forever. One timer and one listener per call, both gone when it is released; AbortSignal.any
 * would leave its traces on a caller's signal that outlives a million calls.
 */
export class Deadline {
	readonly #controller = new AbortController();
	readonly #caller: AbortSignal;
	readonly #silenceMsMax: number;
	readonly #endMs: number;
	#heardMs = performance.now();
	#timer: NodeJS.Timeout;
	#passed = false;

	constructor(caller: AbortSignal, silenceMsMax: number, totalMsMax: number) {
		this.#caller = caller;
		this.#silenceMsMax = silenceMsMax;
		this.#endMs = this.#heardMs + totalMsMax;
		this.#timer = setTimeout(this.#check, Math.min(silenceMsMax, totalMsMax));
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
	readonly #check = (): void => {
		const leftMs = Math.min(this.#heardMs + this.#silenceMsMax, this.#endMs) - performance.now();
		if (leftMs > 1) {
			this.#timer = setTimeout(this.#check, leftMs);
			return;
		}
		this.#passed = true;
		this.#controller.abort(new Error('deadline'));
	};
}
