/**
 * Rows in the order of a value, without an index and without sorting all of them. One pass over the run finds the 10,000
 * rows that come next behind a place: as many as were found bound what can still be among them, so that after the first
 * blocks SQLite hands over very few. Pages are then cut from that window, until they reach its end and a new one is
 * made. Blocks whose summary is known are taken with the best first, and left out when all they have is beyond.
 */
import type { Statement } from 'better-sqlite3';
import type { ResultSort, RunRow } from '../../shared/dashboard-api.ts';
import { sortedRowsMax } from '../../shared/limits.ts';
import { runUnit } from '../store/schema.ts';
import { slicePositions } from './answer-columns.ts';
import { blockPositions } from './block-summary.ts';
import type { QueryContext } from './context.ts';
import type { RowFilter } from './row-filter.ts';
import type { Place } from './row-place.ts';
import { isOver, positionsOf } from './run-rows.ts';
import type { Steps } from './steps.ts';

export interface SortedWindow {
	/** the place behind which it begins */
	readonly after: Place | undefined;
	/** the next rows behind it, in order */
	readonly values: Float64Array;
	readonly positions: Float64Array;
	/** whether no row comes behind them */
	readonly isLast: boolean;
}

/** A page of a run's rows, as it was asked for. */
export interface PageQuestion {
	readonly context: QueryContext;
	readonly run: RunRow;
	readonly filter: RowFilter;
	readonly sort: ResultSort;
	readonly limit: number;
	readonly after: Place | undefined;
	/** no more rows than these are there to be found */
	readonly rowsMax: number;
}

/** @returns the positions of up to `limit` rows behind a place and of one more; rows without the value are left out */
export function* sortedPlaces(question: PageQuestion): Steps<number[]> {
	const { context, run, filter, sort, limit, after } = question;
	const sign = sort.startsWith('-') ? -1 : 1;
	const key = `${run.id} ${sort} ${filter.key}`;
	const kept = context.sorted.get(key);
	const found = kept && cut(kept, after, limit, sign);
	if (found !== undefined) return found;
	const begun = context.sorted.begin();
	const window = yield* makeWindow(question, sign);
	context.sorted.put(key, window, begun, isOver(run));
	return cut(window, after, limit, sign)!;
}

/** @returns `undefined` when the window does not say */
function cut(
	{ after: before, values, positions, isLast }: SortedWindow,
	after: Place | undefined,
	limit: number,
	sign: number,
): number[] | undefined {
	if (before !== undefined && (after === undefined || compare(after, before, sign) < 0)) return undefined;
	let from = 0;
	for (let to = values.length; from < to; ) {
		const middle = (from + to) >>> 1;
		const place = { value: values[middle]!, position: positions[middle]! };
		if (after !== undefined && compare(place, after, sign) <= 0) from = middle + 1;
		else to = middle;
	}
	if (from + limit + 1 > values.length && !isLast) return undefined;
	return Array.from(positions.subarray(from, from + limit + 1));
}

function compare(a: Place, b: Place, sign: number): number {
	return sign * (a.value! - b.value!) || a.position - b.position;
}

function* makeWindow({ context, run, filter, sort, after }: PageQuestion, sign: number): Steps<SortedWindow> {
	const column = sort.endsWith('rtt') ? 'rtt_us' : 'checked_at';
	const best = new BestPlaces(sign, after);
	const statement = statementFor(context, filter, column, sign);
	const base = run.id * runUnit;
	for (const block of blocksInOrder(context, run, filter, sort)) {
		const from = block.number * blockPositions;
		for (let start = from; start < from + blockPositions; start += slicePositions) {
			// Of what is not better than the worst of a full window, nothing is wanted.
			if (!best.mayTake(block.bestValue)) break;
			const rows = statement.all(
				base + start,
				base + start + slicePositions,
				...filter.params,
				after?.value ?? -sign * Number.MAX_VALUE,
				best.worst,
			);
			for (const [id, value] of rows) best.add(value, id - base);
			yield;
		}
	}
	return best.window();
}

function statementFor(
	{ db }: QueryContext,
	filter: RowFilter,
	column: string,
	sign: number,
): Statement<unknown[], [id: number, value: number]> {
	const value = `CAST(${column} AS INTEGER)`;
	const [behind, notBehind] = sign > 0 ? ['>=', '<='] : ['<=', '>='];
	const condition = filter.sql === '' ? '' : `AND ${filter.sql}`;
	return db
		.prepare<unknown[], [number, number]>(
			`SELECT id, ${value} FROM answers NOT INDEXED
			WHERE id >= ? AND id < ? ${condition} AND ${value} ${behind} ? AND ${value} ${notBehind} ?`,
		)
		.raw();
}

interface WantedBlock {
	readonly number: number;
	/** that a row of it can have; `undefined` when nobody knows */
	readonly bestValue: number | undefined;
}

function blocksInOrder(
	{ db, summaries }: QueryContext,
	run: RunRow,
	filter: RowFilter,
	sort: ResultSort,
): WantedBlock[] {
	const known = summaries.known(run.id);
	const blocks: WantedBlock[] = [];
	const length = Math.ceil(positionsOf(db, run.id) / blockPositions);
	for (let number = 0; number < length; number += 1) {
		const block = known?.summary.blocks.get(number);
		if (block === undefined || !(block.isFull || known!.isOver)) {
			blocks.push({ number, bestValue: undefined });
			continue;
		}
		if (!filter.mayBeIn(block, known!.summary)) continue;
		const bestValue = {
			position: undefined,
			rtt: block.rttUsMin,
			'-rtt': block.rttUsMax,
			checked: run.startedAtMs + block.checkedMsMin,
			'-checked': run.startedAtMs + block.checkedMsMax,
		}[sort];
		// Of a block without a single such value, no row is wanted.
		if (Number.isFinite(bestValue)) blocks.push({ number, bestValue });
	}
	const sign = sort.startsWith('-') ? -1 : 1;
	// Those of which nothing is known come last: by then, little of them is wanted.
	const rank = ({ bestValue }: WantedBlock): number =>
		bestValue === undefined ? Number.MAX_VALUE : sign * bestValue;
	return blocks.sort((a, b) => rank(a) - rank(b));
}

/** The places that come first behind one, gathered in any order. */
class BestPlaces {
	readonly #sign: number;
	readonly #after: Place | undefined;
	#places: Place[] = [];
	/** beyond this value, none is wanted */
	worst: number;
	#isCut = false;

	constructor(sign: number, after: Place | undefined) {
		this.#sign = sign;
		this.#after = after;
		this.worst = sign * Number.MAX_VALUE;
	}

	mayTake(bestValue: number | undefined): boolean {
		return bestValue === undefined || this.#sign * (bestValue - this.worst) <= 0;
	}

	add(value: number, position: number): void {
		const place = { value, position };
		if (this.#after !== undefined && compare(place, this.#after, this.#sign) <= 0) return;
		this.#places.push(place);
		if (this.#places.length >= 2 * sortedRowsMax) this.#cut();
	}

	window(): SortedWindow {
		this.#cut();
		return {
			after: this.#after,
			values: Float64Array.from(this.#places, ({ value }) => value!),
			positions: Float64Array.from(this.#places, ({ position }) => position),
			isLast: !this.#isCut,
		};
	}

	#cut(): void {
		this.#places.sort((a, b) => compare(a, b, this.#sign));
		if (this.#places.length <= sortedRowsMax) return;
		this.#places.length = sortedRowsMax;
		this.#isCut = true;
		this.worst = this.#places.at(-1)!.value!;
	}
}
