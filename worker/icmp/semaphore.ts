/** So many at a time; who waits is served in order. */
export class Semaphore {
	#free: number;
	readonly #waiting = new Set<() => void>();

	constructor(permits: number) {
		this.#free = permits;
	}

	/** Resolves with a permit taken. Rejects with the signal's reason. */
	acquire(signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) {
				reject(signal.reason);
				return;
			}
			if (this.#free > 0) {
				this.#free -= 1;
				resolve();
				return;
			}
			const onAbort = (): void => {
				this.#waiting.delete(onFree);
				reject(signal.reason);
			};
			const onFree = (): void => {
				signal.removeEventListener('abort', onAbort);
				resolve();
			};
			this.#waiting.add(onFree);
			signal.addEventListener('abort', onAbort, { once: true });
		});
	}

	/** Gives a permit back, to the one who has waited the longest. */
	release(): void {
		for (const onFree of this.#waiting) {
			this.#waiting.delete(onFree);
			onFree();
			return;
		}
		this.#free += 1;
	}
}
