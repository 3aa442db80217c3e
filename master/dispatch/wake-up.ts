/** A place to wait for "something has changed": lanes wait, whatever changes the state wakes them all. */
export class WakeUp {
	readonly #waiting = new Set<() => void>();

	/** Wakes everyone that waits now. */
	all(): void {
		const waiting = [...this.#waiting];
		this.#waiting.clear();
		for (const wake of waiting) wake();
	}

	/** Resolves at the next `all()`, or after `ms` where given. Leaves no timer behind. */
	wait(ms?: number): Promise<void> {
		return new Promise((resolve) => {
			const timer = ms === undefined ? undefined : setTimeout(() => wake(), ms);
			const wake = (): void => {
				clearTimeout(timer);
				this.#waiting.delete(wake);
				resolve();
			};
			this.#waiting.add(wake);
		});
	}
}
