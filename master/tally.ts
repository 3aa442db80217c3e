/** Counts rows on their way to the store: for what is shown, and to check the database against. */
import type { Reason, Status } from '../shared/outcome.ts';
import { reasons, statuses } from '../shared/outcome.ts';
import type { AnsweredRows } from './dispatch/rules/rules-io.ts';

export class Tally {
	#done = 0;
	/** per status, in the order of `statuses` */
	readonly #byWorker = new Map<string, Uint32Array>();
	/** in the order of `reasons` */
	readonly #byReason = new Uint32Array(reasons.length);

	/** Rows so far. */
	get done(): number {
		return this.#done;
	}

	add({ worker, block: { length, status, reason } }: AnsweredRows): void {
		let ofWorker = this.#byWorker.get(worker);
		if (ofWorker === undefined) {
			ofWorker = new Uint32Array(statuses.length);
			this.#byWorker.set(worker, ofWorker);
		}
		this.#done += length;
		for (let row = 0; row < length; row += 1) {
			ofWorker[status[row]!]! += 1;
			this.#byReason[reason[row]!]! += 1;
		}
	}

	byStatus(): Record<Status, number> {
		const sum = new Uint32Array(statuses.length);
		for (const counts of this.#byWorker.values()) {
			for (let code = 0; code < sum.length; code += 1) sum[code]! += counts[code]!;
		}
		return named(sum);
	}

	/** Of the rows that a worker answered; `master` has those that none did. */
	byStatusOf(worker: string): Record<Status, number> {
		return named(this.#byWorker.get(worker));
	}

	/** Rows that a worker answered. */
	doneOf(worker: string): number {
		let done = 0;
		for (const rows of this.#byWorker.get(worker) ?? []) done += rows;
		return done;
	}

	/** Of the rows that have one, those that there are. */
	byReason(): Map<Reason, number> {
		const found = new Map<Reason, number>();
		for (const [code, reason] of reasons.entries()) {
			const count = this.#byReason[code]!;
			if (reason !== '' && count > 0) found.set(reason, count);
		}
		return found;
	}
}

function named(counts: Uint32Array | undefined): Record<Status, number> {
	const [up = 0, down = 0, unresolved = 0, denied = 0, error = 0] = counts ?? [];
	return { up, down, unresolved, denied, error };
}
