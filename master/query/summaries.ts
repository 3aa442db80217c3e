/**
 * Summaries of the runs that were asked for last, built when first needed and extended while a run goes on. The first
 * pass over a run reads all of it; later ones count rows per block (60 ns each) and read blocks that have grown.
 *
 * Several questions may want the same summary at a time: they share one pass, and whoever came after it had begun waits
 * for one more, unless nothing was written meanwhile.
 */
import type { Database, Statement } from 'better-sqlite3';
import { summariesMax } from '../../shared/limits.ts';
import { runUnit } from '../store/schema.ts';
import { AnswerColumns, slicePositions } from './answer-columns.ts';
import { blockPositions } from './block-summary.ts';
import { isOver, positionsOf, readRun } from './run-rows.ts';
import { RunSummary } from './run-summary.ts';
import type { Steps } from './steps.ts';
import type { DatabaseWords } from './words.ts';

class Kept {
	readonly summary = new RunSummary();
	/** under way, for all who wait */
	pass: Steps<void> | undefined;
	passesBegun = 0;
	passesDone = 0;
	/** DatabaseWords.version before the last pass that was done began; of a run that is over, nothing new can come */
	doneVersion: number | 'over' | undefined;
}

export class Summaries {
	readonly #db: Database;
	readonly #words: DatabaseWords;
	readonly #count: Statement<[number, number], number>;
	readonly #next: Statement<[number], number>;
	/** the one used last at the end */
	readonly #kept = new Map<number, Kept>();

	constructor(db: Database, words: DatabaseWords) {
		this.#db = db;
		this.#words = words;
		this.#count = db
			.prepare<[number, number], number>('SELECT count(*) FROM answers WHERE id >= ? AND id < ?')
			.pluck();
		this.#next = db.prepare<[number], number>('SELECT min(id) FROM answers WHERE id >= ?').pluck();
	}

	/** What is known so far, if anything: blocks that are missing in it may have rows, and those in it more of them. */
	known(runId: number): { readonly summary: RunSummary; readonly isOver: boolean } | undefined {
		const kept = this.#kept.get(runId);
		return kept && { summary: kept.summary, isOver: kept.doneVersion === 'over' };
	}

	/** All rows that are there now, at least. @throws PingpoolError `not-found` */
	*fresh(runId: number): Steps<RunSummary> {
		const kept = this.#keep(runId);
		const needed = kept.passesBegun + 1;
		while (kept.passesDone < needed && kept.doneVersion !== 'over') {
			if (kept.pass === undefined) {
				if (kept.doneVersion === this.#words.version()) break;
				kept.pass = this.#read(runId, kept);
				kept.passesBegun += 1;
			}
			try {
				if (kept.pass.next().done) kept.pass = undefined;
			} catch (error) {
				kept.pass = undefined;
				throw error;
			}
			yield;
		}
		return kept.summary;
	}

	*#read(runId: number, kept: Kept): Steps<void> {
		const version = this.#words.version();
		const run = readRun(this.#db, runId);
		const columns = new AnswerColumns({
			db: this.#db,
			wanted: ['rtt', 'checked', 'host', 'address'],
			sinceMs: run.startedAtMs,
		});
		const base = runId * runUnit;
		const positions = positionsOf(this.#db, runId);
		for (let block = 0; block * blockPositions < positions; block += 1) {
			const from = block * blockPositions;
			const known = kept.summary.blocks.get(block);
			if (known?.isFull) continue;
			if (known === undefined) {
				// From an empty block, straight to that of the next row.
				const filled = Math.floor((this.#next.get(base + from)! - base) / blockPositions);
				if (filled > block) {
					block = filled - 1;
					continue;
				}
			} else if (this.#count.get(base + from, base + from + blockPositions) === known.rows) {
				yield;
				continue;
			}
			for (let start = from; start < from + blockPositions; start += slicePositions) {
				columns.read(runId, start, start + slicePositions);
				kept.summary.add(block, columns);
				yield;
			}
			kept.summary.settle(block);
		}
		kept.passesDone = kept.passesBegun;
		kept.doneVersion = isOver(run) ? 'over' : version;
	}

	#keep(runId: number): Kept {
		const kept = this.#kept.get(runId) ?? new Kept();
		this.#kept.delete(runId);
		this.#kept.set(runId, kept);
		if (this.#kept.size > summariesMax) this.#kept.delete(this.#kept.keys().next().value!);
		return kept;
	}
}
