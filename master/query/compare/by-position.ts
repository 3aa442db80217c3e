/**
 * Compares two runs of one list: a host has the same position in both, so that their rows are merged as they are read.
 * Only how many changes of each kind a block has is kept; whoever wants to see them reads those blocks again.
 *
 * A run has a row for every position once it is over, so a host without one in either run is one that the run did not
 * come to, and nothing is added or removed.
 */
import type { Database } from 'better-sqlite3';
import type { ChangeKind } from '../../../shared/dashboard-api.ts';
import { changeKinds } from '../../../shared/dashboard-api.ts';
import { verdictOf } from '../../store/answer-kind.ts';
import { AnswerColumns, slicePositions } from '../answer-columns.ts';
import { blockPositions } from '../block-summary.ts';
import { positionsOf } from '../run-rows.ts';
import type { Steps } from '../steps.ts';
import { changeCodes, classify } from './classify.ts';
import type { Difference, Differences } from './differences.ts';
import { countsOf } from './differences.ts';

const codes = changeKinds.length + 1;

/** @param before run, as `after`; both of one list */
export function* compareByPosition(db: Database, before: number, after: number): Steps<Differences> {
	const pair = new Pair(db, before, after);
	const total = new Float64Array(codes);
	/** by block: how many changes of each kind */
	const blocks: Uint32Array[] = [];
	let missing = 0;
	for (let from = 0; from < pair.positions; from += slicePositions) {
		const block = Math.floor(from / blockPositions);
		blocks[block] ??= new Uint32Array(codes);
		missing += pair.read(from);
		for (let row = 0; row < pair.rows; row += 1) blocks[block]![pair.changes[row]!]! += 1;
		if ((from + slicePositions) % blockPositions === 0 || from + slicePositions >= pair.positions) {
			for (let code = 0; code < codes; code += 1) total[code]! += blocks[block]![code]!;
		}
		yield;
	}
	return {
		counts: countsOf(total),
		missing,
		list: (kind, behind) => listChanges(new Pair(db, before, after), blocks, kind, behind),
		forget: () => undefined,
	};
}

function* listChanges(
	pair: Pair,
	blocks: readonly Uint32Array[],
	kind: ChangeKind | undefined,
	behind: number,
): Generator<Difference | undefined, void> {
	const wanted = kind && changeCodes[kind];
	for (let from = Math.floor((behind + 1) / slicePositions) * slicePositions; ; from += slicePositions) {
		const counts = blocks[Math.floor(from / blockPositions)];
		if (counts === undefined) return;
		if (!counts.some((rows, code) => rows > 0 && code !== changeCodes.same && (wanted ?? code) === code)) {
			// The rest of the block has none either.
			from = (Math.floor(from / blockPositions) + 1) * blockPositions - slicePositions;
			continue;
		}
		pair.read(from);
		for (let row = 0; row < pair.rows; row += 1) {
			const code = pair.changes[row]!;
			const position = pair.positionsRead[row]!;
			if (code === changeCodes.same || (wanted ?? code) !== code || position <= behind) continue;
			yield { kind: changeKinds[code - 1]!, before: position, after: position, order: position };
		}
		yield;
	}
}

/** The rows of both runs in one slice of positions. */
class Pair {
	/** all rows are below this position */
	readonly positions: number;
	/** positions of the slice that have a row in both runs */
	rows = 0;
	readonly positionsRead = new Uint32Array(slicePositions);
	/** what happened at each (classify.ts) */
	readonly changes = new Uint8Array(slicePositions);
	readonly #ids: readonly [before: number, after: number];
	readonly #before: AnswerColumns;
	readonly #after: AnswerColumns;

	constructor(db: Database, before: number, after: number) {
		this.#ids = [before, after];
		this.positions = Math.max(positionsOf(db, before), positionsOf(db, after));
		this.#before = new AnswerColumns({ db, wanted: ['rtt'] });
		this.#after = new AnswerColumns({ db, wanted: ['rtt'] });
	}

	/** @returns positions that have a row in one run alone */
	read(from: number): number {
		const [before, after] = [this.#before, this.#after];
		before.read(this.#ids[0], from, from + slicePositions);
		after.read(this.#ids[1], from, from + slicePositions);
		let rows = 0;
		for (let a = 0, b = 0; a < before.rows && b < after.rows; ) {
			const difference = before.positions[a]! - after.positions[b]!;
			if (difference === 0) {
				this.positionsRead[rows] = before.positions[a]!;
				this.changes[rows] = classify(
					verdictOf(before.kinds[a]!),
					before.rttUs[a]!,
					verdictOf(after.kinds[b]!),
					after.rttUs[b]!,
				);
				rows += 1;
			}
			if (difference <= 0) a += 1;
			if (difference >= 0) b += 1;
		}
		this.rows = rows;
		return before.rows + after.rows - 2 * rows;
	}
}
