/** Writes a buffer of rows with few, large, prepared statements: one call into SQLite costs as much as a row. */
import type { Database, Statement } from 'better-sqlite3';
import { formatIpv4 } from '../../shared/ip.ts';
import { withWorker } from './outcome-code.ts';
import type { RowBuffer } from './row-buffer.ts';
import { RowOrder } from './row-order.ts';
import { runUnit } from './schema.ts';

/** Rows of one statement. Measured over 50 to 1,000: the same within the noise. */
const rowsPerStatement = 128;

/** What rows have beyond the columns that all of them have; every value that is bound costs a tenth of a row. */
const shapes = {
	plain: ['id', 'host', 'outcome', 'checked_at', 'rtt_us'],
	address: ['id', 'host', 'outcome', 'checked_at', 'rtt_us', 'address'],
	full: [
		...['id', 'host', 'outcome', 'checked_at', 'rtt_us', 'address'],
		...['rtt_min_us', 'rtt_max_us', 'jitter_us'],
	],
} as const;
type Shape = keyof typeof shapes;
type Value = number | string | null;

interface WrittenRows {
	readonly inserted: number;
	/** parallel to the buffer's columns */
	readonly outcomes: Float64Array;
}

export class RowWriter {
	readonly #db: Database;
	readonly #order = new RowOrder();
	readonly #statements = new Map<string, { statement: Statement; values: Value[] }>();

	constructor(db: Database) {
		this.#db = db;
	}

	/**
	 * Inserts all rows of a buffer as rows of one run; call inside a transaction. A position that is there already
	 * keeps its row.
	 *
	 * @param workerIds ids in the database of the workers that the outcomes have numbers of
	 * @returns how many were not there already, and the outcomes of all rows as the database has them
	 */
	write(runId: number, buffer: RowBuffer, workerIds: readonly number[]): WrittenRows {
		const order = this.#order.of(buffer);
		const isSame = workerIds.every((id, number) => id === number);
		const outcome = isSame
			? buffer.outcome
			: buffer.outcome.slice(0, buffer.length).map((packed) => withWorker(packed, workerIds));
		let from = 0;
		let inserted = 0;
		while (from < order.length) {
			const count = order.length - from >= rowsPerStatement ? rowsPerStatement : 1;
			const rows = { order, from, count };
			const shape = shapeOf(buffer, rows);
			const { statement, values } = this.#prepared(shape, count);
			fill(values, shape, runId * runUnit, buffer, outcome, rows);
			// As arguments: as an array, better-sqlite3 asks V8 for each of them, which makes a row a fifth dearer.
			inserted += statement.run(...values).changes;
			from += count;
		}
		return { inserted, outcomes: outcome };
	}

	#prepared(shape: Shape, count: number): { statement: Statement; values: Value[] } {
		const key = `${shape} ${count}`;
		let prepared = this.#statements.get(key);
		if (prepared === undefined) {
			const columns = shapes[shape];
			const row = `(${columns.map(() => '?').join(', ')})`;
			const statement = this.#db.prepare(
				`INSERT INTO answers (${columns.join(', ')}) VALUES ${new Array(count).fill(row).join(', ')}
				ON CONFLICT (id) DO NOTHING`,
			);
			prepared = { statement, values: new Array<Value>(columns.length * count).fill(null) };
			this.#statements.set(key, prepared);
		}
		return prepared;
	}
}

/** Some of the rows of a buffer: places `order[from]` to `order[from + count - 1]`. */
interface Rows {
	readonly order: ArrayLike<number>;
	readonly from: number;
	readonly count: number;
}

function shapeOf({ stats, address }: RowBuffer, rows: Rows): Shape {
	if (stats.size > 0 && some(rows, stats)) return 'full';
	if (address.size > 0 && some(rows, address)) return 'address';
	return 'plain';
}

function some({ order, from, count }: Rows, sparse: ReadonlyMap<number, unknown>): boolean {
	for (let i = from; i < from + count; i += 1) if (sparse.has(order[i]!)) return true;
	return false;
}

function fill(
	values: Value[],
	shape: Shape,
	base: number,
	buffer: RowBuffer,
	outcome: Float64Array,
	rows: Rows,
): void {
	const { ipv4, position, checkedAtMs, rttUs, address, stats } = buffer;
	const { order, from, count } = rows;
	let place = 0;
	for (let i = from; i < from + count; i += 1) {
		const row = order[i]!;
		const rtt = rttUs[row]!;
		values[place] = base + position[row]!;
		values[place + 1] = buffer.textAt(row) ?? formatIpv4(ipv4[row]!);
		values[place + 2] = outcome[row]!;
		values[place + 3] = checkedAtMs[row]!;
		values[place + 4] = Number.isNaN(rtt) ? null : rtt;
		place += 5;
		if (shape === 'plain') continue;
		values[place] = address.get(row) ?? null;
		place += 1;
		if (shape === 'address') continue;
		const of = stats.get(row);
		values[place] = orNull(of?.minUs);
		values[place + 1] = orNull(of?.maxUs);
		values[place + 2] = orNull(of?.jitterUs);
		place += 3;
	}
}

function orNull(value: number | undefined): number | null {
	return value === undefined || Number.isNaN(value) ? null : value;
}
