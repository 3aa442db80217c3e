import type { Clock } from '../../shared/clock.ts';

/** A place to wait for "something has changed": lanes wait, whatever changes the state wakes them all. */
export class WakeUp {
	readonly #clock: Clock;
	readonly #waiting = new Set<() => void>();
	#changes = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Changes so far; see `wait`. */
	get changes(): number {
		return this.#changes;
	}

	/** Wakes everyone that waits now. */
	all(): void {
		this.#changes += 1;
		const waiting = [...this.#waiting];
		this.#waiting.clear();
		for (const wake of waiting) wake();
	}

	/**
	 * Resolves at the next `all()`, or after `ms` where given. Leaves no timer behind.
	 *
	 * @param seen `changes` as they were before the state was looked at, where an `await` lies between that look
	 * and this wait: a change in between must not be slept through
	 */
	wait(ms?: number, seen = this.#changes): Promise<void> {
		if (seen !== this.#changes) return Promise.resolve();
		return new Promise((resolve) => {
			const timer = new AbortController();
			const wake = (): void => {
				timer.abort();
				this.#waiting.delete(wake);
				resolve();
			};
			this.#waiting.add(wake);
			if (ms !== undefined) this.#clock.sleep(ms, timer.signal).then(wake, () => undefined);
		});
	}
}
