/**
 * Reads answers in columns, a slice of positions at a time.
 *
 * A row that the driver hands over costs an array and a value per column: 700 ns for three numbers were measured, and
 * 1,500 with the host. Joined to one text per column by SQLite and taken apart here, the same rows cost 330 and 500 ns
 * on the same busy machine.
 */
import type { Database, Statement } from 'better-sqlite3';
import { runUnit } from '../store/schema.ts';
import { kindSql } from './answer-kind.ts';
import { parseIntegers, parseLineEnds } from './text-columns.ts';

/** Positions of a slice: with hosts of the greatest length, 16 MB of them are held. */
export const slicePositions = 8_192;

/** What can be read, and the SQL for it. */
const columns = {
	/** answer-kind.ts */
	kind: `group_concat(${kindSql})`,
	/** µs; -1 for none */
	rtt: 'group_concat(ifnull(CAST(rtt_us AS INTEGER), -1))',
	/** from the base that was given, ms */
	checked: 'group_concat(CAST(checked_at AS INTEGER) - CAST(? AS INTEGER))',
	host: 'group_concat(host, char(10))',
	/** those that are there, each on a line */
	address: 'group_concat(address, char(10))',
} as const;
export type ColumnName = keyof typeof columns;

type Found = [rows: number, first: number, last: number, ...texts: (Buffer | null)[]];

const nothing = Buffer.alloc(0);

export interface AnswerColumnsOptions {
	readonly db: Database;
	readonly wanted: readonly ColumnName[];
	/** `checkedMs` counts from here. Default: 0 */
	readonly sinceMs?: number;
	/** rows alone for which this SQL holds, with its parameters */
	readonly where?: { readonly sql: string; readonly params: readonly (string | number)[] };
}

/** What was read last; columns that were not wanted stay empty. The next `read` writes over all of it. */
export class AnswerColumns {
	rows = 0;
	/** in ascending order */
	readonly positions: Uint32Array;
	readonly kinds: Float64Array;
	readonly rttUs: Float64Array;
	readonly checkedMs: Float64Array;
	/** UTF-8, one behind the other with a byte between them */
	hosts: Uint8Array = nothing;
	readonly hostEnds: Uint32Array;
	/** UTF-8, a line each, of fewer rows than there are */
	addresses: Uint8Array = nothing;

	readonly #wanted: readonly ColumnName[];
	readonly #sinceMs: number;
	readonly #params: readonly (string | number)[];
	readonly #read: Statement<unknown[], Found>;
	readonly #readPositions: Statement<unknown[], Buffer>;
	readonly #readHosts: Statement<unknown[], unknown>;
	readonly #atOneMoment: (base: number, from: number, to: number) => void;

	constructor({ db, wanted, sinceMs = 0, where = { sql: '', params: [] } }: AnswerColumnsOptions) {
		const has = (name: ColumnName): number => (wanted.includes(name) ? slicePositions : 0);
		this.positions = new Uint32Array(slicePositions);
		this.kinds = new Float64Array(has('kind'));
		this.rttUs = new Float64Array(has('rtt'));
		this.checkedMs = new Float64Array(has('checked'));
		// A host with line feeds in it looks like several.
		this.hostEnds = new Uint32Array(2 * has('host') + 1);
		this.#wanted = wanted;
		this.#sinceMs = sinceMs;
		this.#params = where.params;
		const condition = where.sql === '' ? '' : `AND (${where.sql})`;
		// Aggregates see rows in the order in which they are read; by the key, in its order.
		const rows = `FROM answers NOT INDEXED WHERE id >= ? AND id < ? ${condition}`;
		const texts = wanted.map((name) => `, CAST(${columns[name]} AS BLOB)`);
		this.#read = db
			.prepare<unknown[], Found>(`SELECT count(*), min(id), max(id)${texts.join('')} ${rows}`)
			.raw();
		this.#readPositions = db
			.prepare<unknown[], Buffer>(`SELECT CAST(group_concat(id - CAST(? AS INTEGER)) AS BLOB) ${rows}`)
			.pluck();
		this.#readHosts = db.prepare(`SELECT CAST(host AS BLOB) ${rows} ORDER BY id`).pluck();
		this.#atOneMoment = db.transaction((base: number, from: number, to: number) =>
			this.#readAll(base, base + from, base + to),
		);
	}

	/** Reads the rows of a run at positions from `from` to below `to`, no more than `slicePositions`. */
	read(runId: number, from: number, to: number): void {
		this.#atOneMoment(runId * runUnit, from, to);
	}

	#readAll(base: number, from: number, to: number): void {
		const since = this.#wanted.includes('checked') ? [this.#sinceMs] : [];
		const [rows, first, last, ...texts] = this.#read.get(...since, from, to, ...this.#params)!;
		this.rows = rows;
		if (rows === 0) return;
		if (last - first + 1 === rows) {
			for (let row = 0, position = first - base; row < rows; row += 1, position += 1) {
				this.positions[row] = position;
			}
		} else parseIntegers(this.#readPositions.get(base, from, to, ...this.#params)!, this.positions);
		for (const [i, name] of this.#wanted.entries()) {
			const text = texts[i] ?? nothing;
			if (name === 'kind') parseIntegers(text, this.kinds);
			else if (name === 'rtt') parseIntegers(text, this.rttUs);
			else if (name === 'checked') parseIntegers(text, this.checkedMs);
			else if (name === 'address') this.addresses = text;
			else this.#takeHosts(text, from, to);
		}
	}

	#takeHosts(text: Uint8Array, from: number, to: number): void {
		this.hosts = text;
		if (parseLineEnds(text, this.hostEnds) === this.rows) return;
		// No host of ours has a line feed in it; in what others write, it may.
		const hosts = this.#readHosts.all(from, to, ...this.#params) as (Buffer | null)[];
		let end = -1;
		for (const [row, host] of hosts.entries()) {
			end += 1 + (host?.length ?? 0);
			this.hostEnds[row] = end;
		}
		this.hosts = Buffer.concat(hosts.flatMap((host) => [host ?? nothing, Buffer.from('\n')]));
	}

	/** Where the host of a row begins in `hosts`; it ends at `hostEnds[row]`. */
	hostStart(row: number): number {
		return row === 0 ? 0 : this.hostEnds[row - 1]! + 1;
	}
}
