/**
 * How far the newest run came, read from its rows alone: nothing is kept beside them that could say otherwise.
 *
 * Rows are counted page by page (as a ledger has pages), which SQLite does without looking at them: 60 ns a row
 * was measured, cached or not, where grouping took 450 ns and reading the keys 210 ns. Only a page that is full
 * in part is looked into, block by block, and only in a block that is full in part are keys read.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { LedgerPages } from '../dispatch/rules/ledger.ts';
import { pagePositions } from '../dispatch/rules/ledger.ts';
import { runUnit } from './schema.ts';
import type { RunOptions, RunRecord } from './store.ts';

/** Positions of a block, of which a page has a whole number, and each a whole number of bytes of bits. */
const blockPositions = 2_048;

export interface LastRun {
	readonly record: RunRecord;
	/** rows that each page has; `undefined` of a finished run, which nobody continues */
	readonly pageRows: Float64Array | undefined;
}

interface RunRow extends Omit<RunRecord, 'options' | 'done'> {
	readonly options: string;
	/** rows, as they were counted at its end; null while it has none */
	readonly counted: number | null;
}

/** The newest run that is not the import of an old file. */
export function readLastRun(db: Database): LastRun | undefined {
	const row = db
		.prepare(
			`SELECT id, state, started_at AS startedAtMs, total, fingerprint, options,
				up + down + unresolved + denied + error AS counted
			FROM runs WHERE state <> 'imported' ORDER BY id DESC LIMIT 1`,
		)
		.get() as RunRow | undefined;
	if (row === undefined) return undefined;
	const { counted, options, ...facts } = row;
	const pageRows = row.state === 'finished' ? undefined : countPages(db, row);
	const done = pageRows?.reduce((sum, rows) => sum + rows, 0) ?? counted ?? 0;
	return { record: { ...facts, options: parseOptions(options), done }, pageRows };
}

/** Which positions of a run have a row. */
export function readAnsweredPages(db: Database, run: RunPlace, pageRows = countPages(db, run)): LedgerPages {
	const full: number[] = [];
	const partial: { page: number; bits: Uint8Array }[] = [];
	const look = new PageLook(db, run.id * runUnit);
	for (const [page, rows] of pageRows.entries()) {
		const from = page * pagePositions;
		const to = Math.min(run.total, from + pagePositions);
		if (rows === to - from) full.push(page);
		else if (rows > 0) partial.push({ page, bits: look.bits(from, to) });
	}
	return { full, partial };
}

/** What says where the rows of a run are. */
interface RunPlace {
	readonly id: number;
	readonly total: number;
}

function countPages(db: Database, { id, total }: RunPlace): Float64Array {
	const count = countRows(db);
	const base = id * runUnit;
	return Float64Array.from({ length: Math.ceil(total / pagePositions) }, (_, page) => {
		const from = page * pagePositions;
		return count(base + from, base + Math.min(total, from + pagePositions));
	});
}

/** Finds the bits of pages that are full in part. */
class PageLook {
	readonly #base: number;
	readonly #count: (from: number, to: number) => number;
	readonly #keys: Statement;

	constructor(db: Database, base: number) {
		this.#base = base;
		this.#count = countRows(db);
		this.#keys = db.prepare('SELECT id FROM answers WHERE id >= ? AND id < ?').pluck();
	}

	/** Bits of the positions from `from`, where a page starts, to `to`. */
	bits(from: number, to: number): Uint8Array<ArrayBuffer> {
		const bits = new Uint8Array(pagePositions / 8);
		for (let start = from; start < to; start += blockPositions) {
			const end = Math.min(to, start + blockPositions);
			const rows = this.#count(this.#base + start, this.#base + end);
			const at = start - from;
			if (rows === blockPositions) bits.fill(0xff, at / 8, (at + blockPositions) / 8);
			else if (rows > 0) this.#read(start, end, from, bits);
		}
		return bits;
	}

	#read(start: number, end: number, from: number, bits: Uint8Array): void {
		const first = this.#base + from;
		for (const key of this.#keys.all(this.#base + start, this.#base + end) as number[]) {
			const at = key - first;
			bits[at >> 3]! |= 1 << (at & 7);
		}
	}
}

function countRows(db: Database): (from: number, to: number) => number {
	const count = db.prepare('SELECT count(*) FROM answers WHERE id >= ? AND id < ?').pluck();
	return (from, to) => count.get(from, to) as number;
}

/** @returns no options at all for what is no object: such a run is like no command, and is not continued */
function parseOptions(text: string): RunOptions {
	try {
		const options: unknown = JSON.parse(text);
		return typeof options === 'object' && options !== null ? (options as RunOptions) : {};
	} catch {
		return {};
	}
}
