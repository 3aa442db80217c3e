/** Counts of all rows of a run: of those that this process adds, and of those that were there when it was continued. */
import type { Reason, Status } from '../shared/outcome.ts';
import { statuses } from '../shared/outcome.ts';
import type { KeptCounts } from './store/store.ts';
import type { Tally } from './tally.ts';

/** Rows that a run had when it was continued; none of a new one. */
export interface RowsBefore {
	readonly rows: number;
	/** what they come to; `undefined` when nobody has counted them */
	readonly counts: KeptCounts | undefined;
}

export class RunTally {
	/** of this process */
	readonly own: Tally;
	readonly before: RowsBefore;

	constructor(own: Tally, before: RowsBefore) {
		this.own = own;
		this.before = before;
	}

	/** Rows so far. */
	get done(): number {
		return this.before.rows + this.own.done;
	}

	/** Rows of which nothing is known but that they are there. */
	get uncounted(): number {
		return this.before.counts === undefined ? this.before.rows : 0;
	}

	/** Of all but those `uncounted`. */
	byStatus(): Record<Status, number> {
		const counts = this.own.byStatus();
		const before = this.before.counts?.byStatus;
		if (before !== undefined) for (const status of statuses) counts[status] += before[status];
		return counts;
	}

	/** Of all but those `uncounted` that have one. */
	byReason(): Map<Reason, number> {
		const counts = this.own.byReason();
		for (const [reason, rows] of this.before.counts?.byReason ?? []) {
			counts.set(reason, (counts.get(reason) ?? 0) + rows);
		}
		return counts;
	}
}
