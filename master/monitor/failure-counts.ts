/** Why requests to a worker failed, and how often: the commonest few. */
import type { WorkerFailureCount } from '../../shared/dashboard-api.ts';

/** Reasons that are told apart; what comes beyond is counted as one. */
const reasonsMax = 16;
const reasonsShown = 5;
const others = 'other reasons';

export class FailureCounts {
	total = 0;
	readonly #byReason = new Map<string, { message: string; count: number; lastAtMs: number }>();

	/** @param atMs wall-clock */
	add(message: string, atMs: number): void {
		this.total += 1;
		// Times and numbers in a message make no other reason of it.
		const reason = message.replaceAll(/\d+(?:\.\d+)?/g, '#');
		const isNew = !this.#byReason.has(reason);
		const key = isNew && this.#byReason.size >= reasonsMax ? others : reason;
		const counted = this.#byReason.get(key);
		const shown = key === others ? others : message;
		this.#byReason.set(key, { message: shown, count: (counted?.count ?? 0) + 1, lastAtMs: atMs });
	}

	/** The commonest first. */
	commonest(): WorkerFailureCount[] {
		return [...this.#byReason.values()].sort((a, b) => b.count - a.count).slice(0, reasonsShown);
	}
}
