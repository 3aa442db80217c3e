/**
 * Sees to it that a batch reports every position exactly once, whatever its probes do: a row for a position
 * that is already reported, or was never asked for, is dropped; a row of a host that was asked for more than
 * once is repeated for its other positions; what is missing at the end is reported as the worker's own trouble.
 */
import type { Reason, Status } from '../shared/outcome.ts';
import type { ResultBlock } from '../shared/results.ts';
import { selectRows, unsentBlock } from '../shared/results.ts';
import type { BatchPlan, PlannedHost } from './plan.ts';

export class Ledger {
	readonly #plan: BatchPlan;
	readonly #report: (block: ResultBlock) => void;
	/** 1 for a position that is reported */
	readonly #reported: Uint8Array;
	#closed = false;

	constructor(plan: BatchPlan, report: (block: ResultBlock) => void) {
		this.#plan = plan;
		this.#report = report;
		this.#reported = new Uint8Array(plan.hosts.length);
	}

	/** Takes results of a probe, whose positions are those of unique hosts. */
	take(block: ResultBlock): void {
		if (this.#closed) return;
		const reported = this.#reported;
		const rows: number[] = [];
		for (let row = 0; row < block.length; row += 1) {
			const index = block.index[row]!;
			if (reported[index] !== 0) continue;
			reported[index] = 1;
			rows.push(row);
		}
		if (rows.length === 0) return;
		const fresh = rows.length === block.length ? block : selectRows(block, rows);
		this.#report(this.#plan.copies.size === 0 ? fresh : this.#withCopies(fresh));
	}

	/** Reports the same outcome for those of the hosts that are not reported yet; nothing was sent to them. */
	settle(hosts: readonly PlannedHost[], status: Status, reason: Reason): void {
		const open = hosts.filter(({ index }) => this.#reported[index] === 0);
		if (open.length > 0) {
			const positions = open.map(({ index }) => index);
			this.take(unsentBlock(positions, status, reason));
		}
	}

	/** Nothing is reported any more. */
	close(): void {
		this.#closed = true;
	}

	#withCopies(block: ResultBlock): ResultBlock {
		const rows: number[] = [];
		const positions: number[] = [];
		for (let row = 0; row < block.length; row += 1) {
			const copies = this.#plan.copies.get(block.index[row]!);
			for (const position of copies ?? []) {
				this.#reported[position] = 1;
				rows.push(row);
				positions.push(position);
			}
		}
		if (rows.length === 0) return block;
		const own = Array.from({ length: block.length }, (_, row) => row);
		const index = Array.from(block.index);
		return { ...selectRows(block, own.concat(rows)), index: index.concat(positions) };
	}
}
