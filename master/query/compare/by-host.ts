/**
 * Compares two runs of different lists by their hosts. The older run's hosts go into a table, by which those of the
 * newer one are looked up. When there are more of them than may be held, it is done in parts: in each, both runs are
 * read in full, and only hosts whose hash falls into the part are looked at. What differs goes to a temporary table of
 * SQLite, which keeps it on the disk.
 *
 * That a host is not in a run says something only when the run is over: of one that is not, it may be still to come.
 */
import { getRandomValues } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import type { ChangeKind, RunRow } from '../../../shared/dashboard-api.ts';
import { changeKinds } from '../../../shared/dashboard-api.ts';
import { joinedRowsMax } from '../../../shared/limits.ts';
import { verdictOf } from '../../store/answer-kind.ts';
import { runUnit } from '../../store/schema.ts';
import { AnswerColumns, slicePositions } from '../answer-columns.ts';
import { blockPositions } from '../block-summary.ts';
import { isOver, positionsOf } from '../run-rows.ts';
import type { Steps } from '../steps.ts';
import { changeCodes, classify } from './classify.ts';
import type { Difference, Differences } from './differences.ts';
import { countsOf } from './differences.ts';
import { HostKey, JoinTable } from './join-table.ts';

/** @param rowsMax rows of a table. Default: `joinedRowsMax` */
export function* compareByHost(
	db: Database,
	before: RunRow,
	after: RunRow,
	rowsMax = joinedRowsMax,
): Steps<Differences> {
	const rows = yield* countRows(db, before.id);
	const parts = Math.max(1, Math.ceil(rows / rowsMax));
	const found = new FoundChanges(db);
	try {
		const join = new Join(db, found, before, after);
		for (let part = 0; part < parts; part += 1) {
			yield* join.run(part, parts, Math.ceil(rows / parts));
		}
	} catch (error) {
		found.forget();
		throw error;
	}
	return found;
}

function* countRows(db: Database, runId: number): Steps<number> {
	const count = db
		.prepare<[number, number], number>('SELECT count(*) FROM answers WHERE id >= ? AND id < ?')
		.pluck();
	const base = runId * runUnit;
	let rows = 0;
	for (let from = 0; from < positionsOf(db, runId); from += blockPositions) {
		rows += count.get(base + from, base + from + blockPositions)!;
		yield;
	}
	return rows;
}

class Join {
	readonly #db: Database;
	readonly #found: FoundChanges;
	readonly #before: RunRow;
	readonly #after: RunRow;
	readonly #key = new HostKey(getRandomValues(new Uint32Array(4)));
	readonly #columns: AnswerColumns;

	constructor(db: Database, found: FoundChanges, before: RunRow, after: RunRow) {
		this.#db = db;
		this.#found = found;
		this.#before = before;
		this.#after = after;
		this.#columns = new AnswerColumns({ db, wanted: ['rtt', 'host'] });
	}

	/** Compares the hosts that fall into one of some parts. */
	*run(part: number, parts: number, rows: number): Steps<void> {
		const table = new JoinTable(rows);
		const isOfPart = ({ share }: HostKey): boolean => Math.floor(share * parts) === part;
		for (let from = 0; from < positionsOf(this.#db, this.#before.id); from += slicePositions) {
			this.#addSlice(table, from, isOfPart);
			yield;
		}
		for (let from = 0; from < positionsOf(this.#db, this.#after.id); from += slicePositions) {
			this.#matchSlice(table, from, isOfPart);
			yield;
		}
		const left = table.unmatched();
		if (!isOver(this.#after)) this.#found.missing += left.length;
		else {
			for (let from = 0; from < left.length; from += slicePositions) {
				for (const position of left.subarray(from, from + slicePositions)) {
					this.#found.add(changeCodes.removed, position, null);
				}
				this.#found.write();
				yield;
			}
		}
	}

	#addSlice(table: JoinTable, from: number, isOfPart: (key: HostKey) => boolean): void {
		const columns = this.#columns;
		const key = this.#key;
		columns.read(this.#before.id, from, from + slicePositions);
		for (let row = 0; row < columns.rows; row += 1) {
			key.set(columns.hosts, columns.hostStart(row), columns.hostEnds[row]!);
			if (!isOfPart(key)) continue;
			table.add(key, columns.positions[row]!, verdictOf(columns.kinds[row]!), columns.rttUs[row]!);
		}
	}

	#matchSlice(table: JoinTable, from: number, isOfPart: (key: HostKey) => boolean): void {
		const columns = this.#columns;
		const key = this.#key;
		const found = this.#found;
		const isWhole = isOver(this.#before);
		columns.read(this.#after.id, from, from + slicePositions);
		for (let row = 0; row < columns.rows; row += 1) {
			key.set(columns.hosts, columns.hostStart(row), columns.hostEnds[row]!);
			if (!isOfPart(key)) continue;
			const slot = table.match(key);
			const position = columns.positions[row]!;
			if (slot >= 0) {
				const verdict = verdictOf(columns.kinds[row]!);
				const { verdicts, rttUs, positions } = table;
				const change = classify(verdicts[slot]!, rttUs[slot]!, verdict, columns.rttUs[row]!);
				found.add(change, positions[slot]!, position);
			} else if (isWhole) found.add(changeCodes.added, null, position);
			else found.missing += 1;
		}
		found.write();
	}
}

/** Tables that were made so far in this process: each has a name of its own. */
let tables = 0;

/** Changes by their order: the position in the newer list, and behind all of these the one in the older list. */
class FoundChanges implements Differences {
	missing = 0;
	readonly #rows = new Float64Array(changeKinds.length + 1);
	readonly #db: Database;
	readonly #name: string;
	readonly #insert: Statement<[number, number, number | null]>;
	readonly #writeAll: () => void;
	/** listings that somebody is in the midst of */
	#lists = 0;
	#isForgotten = false;
	#waiting: [order: number, change: number, before: number | null][] = [];

	constructor(db: Database) {
		this.#db = db;
		tables += 1;
		this.#name = `temp.changes_${tables}`;
		db.exec(`CREATE TABLE ${this.#name} (seq INTEGER PRIMARY KEY, change INTEGER, position INTEGER)`);
		this.#insert = db.prepare(`INSERT OR IGNORE INTO ${this.#name} VALUES (?, ?, ?)`);
		this.#writeAll = db.transaction(() => {
			for (const values of this.#waiting) this.#insert.run(...values);
		});
	}

	get counts() {
		return countsOf(this.#rows);
	}

	add(change: number, before: number | null, after: number | null): void {
		this.#rows[change]! += 1;
		if (change === changeCodes.same) return;
		this.#waiting.push([after ?? runUnit + before!, change, before]);
	}

	/** Takes what was added to the disk. */
	write(): void {
		this.#writeAll();
		this.#waiting = [];
	}

	*list(kind: ChangeKind | undefined, behind: number): Generator<Difference | undefined, void> {
		const wanted = kind && changeCodes[kind];
		// Some hundred at a time: no statement stays open while somebody looks at them.
		const page = this.#db
			.prepare<[number], [order: number, change: number, before: number | null]>(
				`SELECT seq, change, position FROM ${this.#name} WHERE seq > ? ORDER BY seq LIMIT ${slicePositions}`,
			)
			.raw();
		this.#lists += 1;
		try {
			for (let last = behind; ; ) {
				const rows = page.all(last);
				if (rows.length === 0) return;
				for (const [order, change, before] of rows) {
					last = order;
					if ((wanted ?? change) !== change) continue;
					const after = order < runUnit ? order : null;
					yield { kind: changeKinds[change - 1]!, before, after, order };
				}
				yield;
			}
		} finally {
			this.#lists -= 1;
			this.#drop();
		}
	}

	forget(): void {
		this.#isForgotten = true;
		this.#drop();
	}

	#drop(): void {
		if (this.#isForgotten && this.#lists === 0) this.#db.exec(`DROP TABLE IF EXISTS ${this.#name}`);
	}
}
