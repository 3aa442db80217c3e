/**
 * Reads answers in columns, a slice of positions at a time.
 *
 * A row that the driver hands over costs an array and a value per column: 760 ns for three numbers were measured on a
 * busy machine, and 1,500 with the host. Joined to one text per column by SQLite and taken apart here, the same rows
 * cost 280 and 370 ns. Whatever more SQLite does per row shows: a count beside it costs 50 ns, a cast 25.
 */
import type { Database, Statement } from 'better-sqlite3';
import { kindSql } from '../store/answer-kind.ts';
import { runUnit } from '../store/schema.ts';
import { parseIntegers, parseLineEnds } from './text-columns.ts';

/** Positions of a slice: with hosts of the greatest length, 16 MB of them are held. */
export const slicePositions = 8_192;

/** Columns beside the kind, which is always read. */
export type ColumnName = 'rtt' | 'checked' | 'host' | 'address';

export interface AnswerColumnsOptions {
	readonly db: Database;
	readonly wanted: readonly ColumnName[];
	/** `checkedMs` counts from here, a whole number. Default: 0 */
	readonly sinceMs?: number;
	/** rows alone for which this SQL holds, with its parameters */
	readonly where?: { readonly sql: string; readonly params: readonly (string | number)[] };
}

/** The kinds, and what else is wanted, as texts; `null` without rows. */
type Found = (Buffer | null)[];

const nothing = Buffer.alloc(0);

/** What was read last; columns that were not wanted stay empty. The next `read` writes over all of it. */
export class AnswerColumns {
	rows = 0;
	/** in ascending order */
	readonly positions = new Uint32Array(slicePositions);
	/** answer-kind.ts */
	readonly kinds = new Float64Array(slicePositions);
	/** -1 for none */
	readonly rttUs: Float64Array;
	readonly checkedMs: Float64Array;
	/** UTF-8, one behind the other with a byte between them */
	hosts: Uint8Array = nothing;
	readonly hostEnds: Uint32Array;
	/** those that are there, in UTF-8, each on a line */
	addresses: Uint8Array = nothing;

	readonly #wanted: readonly ColumnName[];
	readonly #params: readonly (string | number)[];
	readonly #statements: Statements;
	readonly #readAtOneMoment: (base: number, from: number, to: number) => void;

	constructor({ db, wanted, sinceMs = 0, where = { sql: '', params: [] } }: AnswerColumnsOptions) {
		const has = (name: ColumnName): number => (wanted.includes(name) ? slicePositions : 0);
		this.rttUs = new Float64Array(has('rtt'));
		this.checkedMs = new Float64Array(has('checked'));
		// A host with line feeds in it looks like several.
		this.hostEnds = new Uint32Array(2 * has('host') + 1);
		this.#wanted = wanted;
		this.#params = where.params;
		this.#statements = prepare(db, wanted, Math.trunc(sinceMs), where.sql);
		this.#readAtOneMoment = db.transaction((base: number, from: number, to: number) =>
			this.#readAll(base, base + from, base + to),
		);
	}

	/** Reads the rows of a run at positions from `from` to below `to`, no more than `slicePositions`. */
	read(runId: number, from: number, to: number): void {
		this.#readAtOneMoment(runId * runUnit, from, to);
	}

	/** Where the host of a row begins in `hosts`; it ends at `hostEnds[row]`. */
	hostStart(row: number): number {
		return row === 0 ? 0 : this.hostEnds[row - 1]! + 1;
	}

	#readAll(base: number, from: number, to: number): void {
		const { fast, strict, positions } = this.#statements;
		const [kinds, ...texts] = fast.get(from, to, ...this.#params)!;
		this.rows = kinds === null || kinds === undefined ? 0 : parseIntegers(kinds, this.kinds);
		if (this.rows === 0) return;
		if (this.rows === to - from) {
			for (let row = 0, position = from - base; row < this.rows; row += 1, position += 1) {
				this.positions[row] = position;
			}
		} else parseIntegers(positions.get(base, from, to, ...this.#params)!, this.positions);
		if (!this.#takeNumbers(texts)) this.#takeNumbers(strict.get(from, to, ...this.#params)!.slice(1));
		this.addresses = texts[this.#wanted.indexOf('address')] ?? nothing;
		const hosts = texts[this.#wanted.indexOf('host')];
		if (hosts !== undefined) this.#takeHosts(hosts ?? nothing, from, to);
	}

	/** @returns whether each of them is a whole number */
	#takeNumbers(texts: Found): boolean {
		let numbers = 0;
		let columns = 0;
		for (const [i, name] of this.#wanted.entries()) {
			if (name !== 'rtt' && name !== 'checked') continue;
			numbers += parseIntegers(texts[i] ?? nothing, name === 'rtt' ? this.rttUs : this.checkedMs);
			columns += 1;
		}
		return numbers === columns * this.rows;
	}

	#takeHosts(text: Uint8Array, from: number, to: number): void {
		this.hosts = text;
		if (parseLineEnds(text, this.hostEnds) === this.rows) return;
		// No host of ours has a line feed in it; in what others write, it may.
		const hosts = this.#statements.hosts.all(from, to, ...this.#params) as (Buffer | null)[];
		let end = -1;
		for (const [row, host] of hosts.entries()) {
			end += 1 + (host?.length ?? 0);
			this.hostEnds[row] = end;
		}
		this.hosts = Buffer.concat(hosts.flatMap((host) => [host ?? nothing, Buffer.from('\n')]));
	}
}

interface Statements {
	readonly fast: Statement<unknown[], Found>;
	/** the same, with whole numbers whatever somebody else has written */
	readonly strict: Statement<unknown[], Found>;
	readonly positions: Statement<unknown[], Buffer>;
	readonly hosts: Statement<unknown[], unknown>;
}

function prepare(db: Database, wanted: readonly ColumnName[], sinceMs: number, where: string): Statements {
	// Aggregates see rows in the order in which they are read; by the key, in its order.
	const rows = `FROM answers NOT INDEXED WHERE id >= ? AND id < ?${where === '' ? '' : ` AND (${where})`}`;
	const select = (rtt: string, checked: string): Statement<unknown[], Found> => {
		const columns = {
			rtt: `group_concat(ifnull(${rtt}, -1))`,
			checked: `group_concat(${checked} - ${sinceMs})`,
			host: `group_concat(ifnull(host, ''), '\n')`,
			address: `group_concat(address, '\n')`,
		} as const;
		// By the kinds rows are counted: where others made the table, even they may be NULL.
		const texts = [`group_concat(ifnull(${kindSql}, 0))`, ...wanted.map((name) => columns[name])];
		return db.prepare<unknown[], Found>(`SELECT ${texts.map(asBytes).join(', ')} ${rows}`).raw();
	};
	return {
		fast: select('rtt_us', 'checked_at'),
		strict: select('CAST(rtt_us AS INTEGER)', 'ifnull(CAST(checked_at AS INTEGER), 0)'),
		positions: db
			.prepare<unknown[], Buffer>(`SELECT ${asBytes('group_concat(id - CAST(? AS INTEGER))')} ${rows}`)
			.pluck(),
		hosts: db.prepare(`SELECT ${asBytes('host')} ${rows} ORDER BY id`).pluck(),
	};
}

function asBytes(sql: string): string {
	return `CAST(${sql} AS BLOB)`;
}
