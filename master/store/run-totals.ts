/**
 * All that is counted of the answers of a run, as far as it fits beside them: how many there are of each kind, their
 * round-trip times as a histogram, and when they came. Counted as whoever reads all rows counts them
 * (master/query/run-summary.ts), from the same values and by the same classes, so that both come to the same numbers.
 */
import { answerKindsMax, keptKindsMax } from '../../shared/limits.ts';
import type { Reason } from '../../shared/outcome.ts';
import { reasons, statuses } from '../../shared/outcome.ts';
import { RttCounts } from '../monitor/rtt-histogram.ts';
import { TimeCounts } from '../monitor/time-counts.ts';
import { kindOf, reasonOf, statusOf } from './answer-kind.ts';
import type { RowBuffer } from './row-buffer.ts';
import type { KeptCounts, RunCounts } from './store.ts';

/** Of the text; a summary of another version is not read. */
export const totalsVersion = 1;

export class RunTotals {
	/** of the run: times of answers count from here */
	readonly startedAtMs: number;
	rows = 0;
	/** every kind of answer that there is (answer-kind.ts), in the order in which they were found */
	readonly kinds: number[] = [];
	readonly kindRows: number[] = [];
	readonly rtt: RttCounts;
	readonly times: TimeCounts;
	readonly #places = new Map<number, number>();

	/** @param startedAtMs of the run */
	constructor(startedAtMs: number, rtt = new RttCounts(), times = new TimeCounts()) {
		this.startedAtMs = startedAtMs;
		this.rtt = rtt;
		this.times = times;
	}

	/** Whether it can be written with every batch. */
	get isSmall(): boolean {
		return this.kinds.length <= keptKindsMax;
	}

	/** Counts all rows of a buffer. @param outcomes of its rows, with ids of workers in them */
	add({ length, checkedAtMs, rttUs }: RowBuffer, outcomes: ArrayLike<number>): void {
		const { rtt, times, kindRows } = this;
		const startedAtMs = Math.trunc(this.startedAtMs);
		let kind = -1;
		let place = 0;
		for (let row = 0; row < length; row += 1) {
			const own = kindOf(outcomes[row]!);
			// Rows of one worker come together, and most of them say the same.
			if (own !== kind) {
				kind = own;
				place = this.#placeOf(kind);
			}
			kindRows[place]! += 1;
			if (rttUs[row]! >= 0) rtt.add(rttUs[row]! / 1_000);
			times.add(Math.trunc(checkedAtMs[row]!) - startedAtMs, statusOf(kind));
		}
		this.rows += length;
	}

	/** Rows by status. */
	byStatus(): RunCounts {
		const counts: Record<string, number> = {};
		for (const [code, status] of statuses.entries()) {
			counts[status] = this.kindRows.reduce(
				(sum, rows, i) => sum + (statusOf(this.kinds[i]!) === code ? rows : 0),
				0,
			);
		}
		return counts as RunCounts;
	}

	/** What can be shown of it. @returns `undefined` when there are answers in it that only a newer version knows */
	counts(): KeptCounts | undefined {
		const byReason = new Map<Reason, number>();
		for (const [i, kind] of this.kinds.entries()) {
			const reason = reasons[reasonOf(kind)];
			if (reason === undefined || statuses[statusOf(kind)] === undefined) return undefined;
			if (reason !== '') byReason.set(reason, (byReason.get(reason) ?? 0) + this.kindRows[i]!);
		}
		return { byStatus: this.byStatus(), byReason, rtt: this.rtt.kept() };
	}

	toText(): string {
		const { startedAtMs, rows, kinds, kindRows, rtt, times } = this;
		return JSON.stringify({ startedAtMs, rows, kinds, kindRows, rtt: rtt.kept(), times: times.kept() });
	}

	/** @returns `undefined` for a text that is none of ours: anybody may have written it */
	static parse(text: string): RunTotals | undefined {
		let found: unknown;
		try {
			found = JSON.parse(text);
		} catch {
			return undefined;
		}
		const { startedAtMs, rows, kinds, kindRows, rtt, times } = (found ?? {}) as Record<string, unknown>;
		const [keptRtt, keptTimes] = [RttCounts.from(rtt), TimeCounts.from(times)];
		if (typeof startedAtMs !== 'number' || keptRtt === undefined || keptTimes === undefined) return undefined;
		if (!areCounts(kinds) || !areCounts(kindRows) || kinds.length !== kindRows.length) return undefined;
		if (kinds.length > answerKindsMax || new Set(kinds).size !== kinds.length) return undefined;
		if (rows !== kindRows.reduce((sum, count) => sum + count, 0)) return undefined;
		const totals = new RunTotals(startedAtMs, keptRtt, keptTimes);
		totals.rows = rows;
		for (const [i, kind] of kinds.entries()) totals.kindRows[totals.#placeOf(kind)] = kindRows[i]!;
		return totals;
	}

	#placeOf(kind: number): number {
		let place = this.#places.get(kind);
		if (place === undefined) {
			place = this.kinds.push(kind) - 1;
			this.kindRows.push(0);
			this.#places.set(kind, place);
		}
		return place;
	}
}

function areCounts(value: unknown): value is number[] {
	return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}
