/** A host's history in some numbers. */
import type { ResultRow } from '../../../shared/dashboard-api.ts';

export interface HistoryFigures {
	/** rows in which it is up */
	readonly up: number;
	/** how often a row has another status than the one before */
	readonly changes: number;
	/** the oldest row of those that have the newest status without a break */
	readonly sinceRunId: number;
	readonly sinceMs: number;
	/** of rows that have an RTT; `null` when none has */
	readonly rttMsMin: number | null;
	readonly rttMsMedian: number | null;
	readonly rttMsMax: number | null;
}

/** @param entries the newest first, at least one */
export function historyFigures(entries: readonly ResultRow[]): HistoryFigures {
	const now = entries[0]!.status;
	const firstOther = entries.findIndex(({ status }) => status !== now);
	const since = entries[firstOther < 0 ? entries.length - 1 : firstOther - 1]!;
	const rtts = entries.flatMap(({ rttMs }) => rttMs ?? []).sort((a, b) => a - b);
	return {
		up: entries.filter(({ status }) => status === 'up').length,
		changes: entries.filter(({ status }, i) => i > 0 && status !== entries[i - 1]!.status).length,
		sinceRunId: since.runId,
		sinceMs: since.checkedAtMs,
		rttMsMin: rtts[0] ?? null,
		rttMsMedian: medianOf(rtts),
		rttMsMax: rtts.at(-1) ?? null,
	};
}

function medianOf(sorted: readonly number[]): number | null {
	const middle = sorted.length / 2;
	if (sorted.length === 0) return null;
	const upper = sorted[Math.floor(middle)]!;
	return Number.isInteger(middle) ? (sorted[middle - 1]! + upper) / 2 : upper;
}
