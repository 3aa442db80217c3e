/**
 * How much may be on its way to a worker before it has sent it on.
 *
 * A worker says when all hosts of a chunk have had their first probe, and how long the last of them waited
 * (`waitMs`). Only hosts that still wait there count against the window; those that are waiting for an answer
 * do not, so a list of dead hosts with long timeouts does not slow the rest. The window grows while the worker
 * sends chunks on at once (additive, a chunk per chunk: it doubles per round) and shrinks when they queue
 * there (by at most half per round): a fast worker gets more, a slow one never hoards more than it can send
 * within a fraction of a second.
 */

/** Waiting inside a worker that keeps it busy without heaping work up behind it. */
const waitTargetMs = 150;

export interface SendWindowOptions {
	/** hosts; the window starts here and never falls below */
	readonly min: number;
	/** hosts; what the worker can hold at all */
	readonly max: number;
}

export class SendWindow {
	#min: number;
	#max: number;
	#limit: number;
	#unsent = 0;
	#wasFull = false;

	constructor({ min, max }: SendWindowOptions) {
		this.#min = Math.min(min, max);
		this.#max = max;
		this.#limit = this.#min;
	}

	/** Hosts that may be unsent at a time, now. */
	get limit(): number {
		return this.#limit;
	}

	/** Hosts that are unsent, now. */
	get unsent(): number {
		return this.#unsent;
	}

	/** Whether another chunk may go out. Remembers that it had to wait: only then does growing make sense. */
	hasRoom(): boolean {
		if (this.#unsent < this.#limit) return true;
		this.#wasFull = true;
		return false;
	}

	/** A chunk goes out. */
	opened(hosts: number): void {
		this.#unsent += hosts;
	}

	/** The worker has sent a chunk on; `waitMs` is `undefined` when it failed or does not say. */
	passed(hosts: number, waitMs: number | undefined): void {
		this.#unsent = Math.max(0, this.#unsent - hosts);
		if (waitMs === undefined) return;
		if (waitMs > waitTargetMs) {
			const share = Math.min(0.5, (waitMs - waitTargetMs) / waitMs);
			this.#limit = Math.max(this.#min, this.#limit - hosts * share);
		} else if (waitMs < waitTargetMs / 2 && this.#wasFull) {
			this.#limit = Math.min(this.#max, this.#limit + hosts);
			this.#wasFull = false;
		}
	}

	/** The worker has other bounds than before. */
	resize({ min, max }: SendWindowOptions): void {
		this.#min = Math.min(min, max);
		this.#max = max;
		this.#limit = Math.min(Math.max(this.#limit, this.#min), max);
	}

	/** The worker could not take more: back to the start. */
	collapse(): void {
		this.#limit = this.#min;
		this.#wasFull = false;
	}
}
