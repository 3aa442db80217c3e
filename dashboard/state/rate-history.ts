/** What every worker did in the last minute: a rate a second, of a bounded number of them. */
import type { LiveWorker } from '../../shared/dashboard-api.ts';

export const rateSamplesMax = 60;
const everyMs = 1_000;
/** After a longer silence (the page was not seen) what was before belongs to another time. */
const gapMsMax = 10_000;

export interface RateHistory {
	/** of the newest sample, in ms of the run */
	readonly atMs: number;
	/** by LiveWorker.index; the oldest first */
	readonly rates: ReadonlyMap<number, readonly number[]>;
}

export const noRates: RateHistory = { atMs: Number.NEGATIVE_INFINITY, rates: new Map() };

/** @returns the same history when no sample is due yet */
export function withRates(history: RateHistory, atMs: number, workers: readonly LiveWorker[]): RateHistory {
	const sinceMs = atMs - history.atMs;
	if (sinceMs >= 0 && sinceMs < everyMs) return history;
	const isGap = sinceMs < 0 || sinceMs > gapMsMax;
	const rates = new Map<number, readonly number[]>();
	for (const { index, ratePerSecond } of workers) {
		const before = isGap ? [] : (history.rates.get(index) ?? []);
		rates.set(index, [...before, ratePerSecond].slice(-rateSamplesMax));
	}
	return { atMs, rates };
}
