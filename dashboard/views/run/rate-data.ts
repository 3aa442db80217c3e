/** The rate of a run over time as columns for a stacked chart. */
import type { Series } from '../../../shared/dashboard-api.ts';

export interface RateColumns {
	/** middles of the slices, in seconds from the start */
	readonly seconds: number[];
	/** hosts per second, each with those below it: up; up and down; all */
	readonly up: number[];
	readonly upDown: number[];
	readonly all: number[];
	/** hosts in requests at the end of each slice */
	readonly inFlight: number[];
}

export function rateColumns({ sliceMs, points }: Series): RateColumns {
	const columns: RateColumns = { seconds: [], up: [], upDown: [], all: [], inFlight: [] };
	const perSecond = 1_000 / sliceMs;
	for (const point of points) {
		columns.seconds.push((point.atMs + sliceMs / 2) / 1_000);
		columns.up.push(point.up * perSecond);
		columns.upDown.push((point.up + point.down) * perSecond);
		columns.all.push((point.up + point.down + point.other) * perSecond);
		columns.inFlight.push(point.inFlight);
	}
	return columns;
}

/** The highest and the mean rate in words, for whoever does not see the chart. */
export function rateExtremes({ all }: RateColumns): { readonly max: number; readonly mean: number } {
	let max = 0;
	let sum = 0;
	for (const rate of all) {
		max = Math.max(max, rate);
		sum += rate;
	}
	return { max, mean: all.length === 0 ? 0 : sum / all.length };
}
