/**
 * Keeps what the rows of each run come to, so that whoever opens a run of ten million rows need not read them. The counts
 * are written anew with every batch, in its transaction: whenever a process dies, they are those of the rows that are
 * there, and a run that goes on takes them up. What could make them others' counts takes them away: a row that was
 * there already, rows that somebody has changed (triggers, schema.ts), and at the end of a run another number of rows.
 * A run without them is counted by whoever asks.
 */
import type { Database, Statement } from 'better-sqlite3';
import { statuses } from '../../shared/outcome.ts';
import { readTotals } from './read-totals.ts';
import type { RowBuffer } from './row-buffer.ts';
import { RunTotals, totalsVersion } from './run-totals.ts';
import type { RunCounts } from './store.ts';

/** Every method but `forget` is to be called inside a transaction. */
export class SummaryWriter {
	readonly #db: Database;
	readonly #put: Statement;
	readonly #remove: Statement;
	readonly #version: Statement<[], number>;
	/** of the run that was written last, as of a version of the database; `undefined` for totals that there are not */
	#kept: { readonly runId: number; readonly totals: RunTotals | undefined; version: number } | undefined;

	constructor(db: Database) {
		this.#db = db;
		this.#put = db.prepare(
			'INSERT OR REPLACE INTO run_summaries (run_id, version, summary) VALUES (?, ?, ?)',
		);
		this.#remove = db.prepare('DELETE FROM run_summaries WHERE run_id = ?');
		this.#version = db.prepare<[], number>('PRAGMA data_version').pluck();
	}

	/** A run begins, without a row. */
	begin(runId: number, startedAtMs: number): void {
		const totals = new RunTotals(startedAtMs);
		this.#put.run(runId, totalsVersion, totals.toText());
		this.#keep(runId, totals);
	}

	/**
	 * Counts rows that were written.
	 *
	 * @param inserted how many of them were not there already
	 * @param outcomes of all of them, with ids of workers
	 */
	add(runId: number, buffer: RowBuffer, inserted: number, outcomes: Float64Array): void {
		const totals = this.#totalsOf(runId);
		if (totals === undefined || buffer.length === 0) return;
		if (inserted === buffer.length) totals.add(buffer, outcomes);
		if (inserted === buffer.length && totals.isSmall) this.#put.run(runId, totalsVersion, totals.toText());
		else this.#drop(runId);
	}

	/** A run ends, with so many rows. */
	check(runId: number, counts: RunCounts): void {
		const counted = this.#totalsOf(runId)?.byStatus();
		if (statuses.some((status) => counted?.[status] !== counts[status])) this.#drop(runId);
	}

	/** A transaction was rolled back: what was counted in it is not in the database. */
	forget(): void {
		this.#kept = undefined;
	}

	#totalsOf(runId: number): RunTotals | undefined {
		const kept = this.#kept;
		// Somebody else's change may have taken them away.
		if (kept?.runId !== runId || kept.version !== this.#version.get()) {
			this.#keep(runId, readTotals(this.#db, runId));
		}
		return this.#kept!.totals;
	}

	#keep(runId: number, totals: RunTotals | undefined): void {
		this.#kept = { runId, totals, version: this.#version.get()! };
	}

	#drop(runId: number): void {
		this.#remove.run(runId);
		this.#keep(runId, undefined);
	}
}
