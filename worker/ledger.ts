/**
 * Sees to it that a batch reports every position exactly once, whatever its probes do: a row for a position
 * that is already reported, or was never asked for, is dropped; a row of a host that was asked for more than
 * once is repeated for its other positions; what is missing at the end is reported as the worker's own trouble.
 */
import type { Reason, Status } from '../shared/outcome.ts';
import type { ResultBlock } from '../shared/results.ts';
import { selectRows, unsentBlock } from '../shared/results.ts';
import type { BatchPlan } from './plan.ts';

export class Ledger {
	readonly #copies: BatchPlan['copies'];
	readonly #report: (block: ResultBlock) => void;
	/** 1 for a position that is reported */
	readonly #reported: Uint8Array;
	/** positions that are not reported yet */
	#missing: number;
	#closed = false;

	constructor({ hosts, copies }: BatchPlan, report: (block: ResultBlock) => void) {
		this.#copies = copies;
		this.#report = report;
		this.#reported = new Uint8Array(hosts.length);
		this.#missing = hosts.length;
	}

	/** Takes results of a probe, whose positions are those of unique hosts. */
	take(block: ResultBlock): void {
		if (this.#closed) return;
		const fresh = this.#freshRows(block);
		if (fresh === undefined) return;
		this.#report(this.#copies.size === 0 ? fresh : this.#withCopies(fresh));
	}

	/** Reports the same outcome for those of the positions that are not reported yet; nothing was sent there. */
	settle(positions: ArrayLike<number>, status: Status, reason: Reason): void {
		if (this.#missing === 0) return;
		const open: number[] = [];
		for (let row = 0; row < positions.length; row += 1) {
			const position = positions[row]!;
			if (this.isOpen(position)) open.push(position);
		}
		if (open.length > 0) this.take(unsentBlock(open, status, reason));
	}

	/** Whether a position is still to be reported. */
	isOpen(position: number): boolean {
		return this.#reported[position] === 0;
	}

	/** Nothing is reported any more. */
	close(): void {
		this.#closed = true;
	}

	/** The rows that are not reported yet, which are reported from now on; nearly always the block as it is. */
	#freshRows(block: ResultBlock): ResultBlock | undefined {
		const { length, index } = block;
		const reported = this.#reported;
		let fresh = 0;
		while (fresh < length && reported[index[fresh]!] === 0) {
			reported[index[fresh]!] = 1;
			fresh += 1;
		}
		this.#missing -= fresh;
		if (fresh === length) return length === 0 ? undefined : block;
		const rows = Array.from({ length: fresh }, (_, row) => row);
		for (let row = fresh + 1; row < length; row += 1) {
			const position = index[row]!;
			if (reported[position] !== 0) continue;
			reported[position] = 1;
			rows.push(row);
			this.#missing -= 1;
		}
		return rows.length === 0 ? undefined : selectRows(block, rows);
	}

	#withCopies(block: ResultBlock): ResultBlock {
		const rows: number[] = [];
		const positions: number[] = [];
		for (let row = 0; row < block.length; row += 1) {
			const copies = this.#copies.get(block.index[row]!);
			for (const position of copies ?? []) {
				this.#reported[position] = 1;
				this.#missing -= 1;
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
