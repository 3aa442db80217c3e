/** The rate of a run over time as columns for a stacked chart. */
import type { Series } from '../../../shared/dashboard-api.ts';

export interface RateColumns {
	/** middles of the slots, in seconds from the start */
	readonly seconds: number[];
	/** hosts per second, each with those below it: up; up and down; all */
	readonly up: number[];
	readonly upDown: number[];
	readonly all: number[];
	/** hosts in requests at the end of each slot */
	readonly inFlight: number[];
}

/** Answers come a chunk at a time: in shorter slices of a run that lasts, the rate would jump between two values. */
const slotMsMin = 1_000;
const lastsMs = 10_000;

/** Slices of a series, some of them together where they are short. */
export function rateColumns({ sliceMs, points }: Series): RateColumns {
	const columns: RateColumns = { seconds: [], up: [], upDown: [], all: [], inFlight: [] };
	const isLasting = points.length * sliceMs >= lastsMs;
	const slotMs = isLasting ? Math.max(sliceMs, slotMsMin) : sliceMs;
	for (let from = 0; from < points.length; ) {
		const slot = Math.floor(points[from]!.atMs / slotMs);
		let [up, down, other, to] = [0, 0, 0, from];
		while (to < points.length && Math.floor(points[to]!.atMs / slotMs) === slot) {
			const point = points[to]!;
			up += point.up;
			down += point.down;
			other += point.other;
			to += 1;
		}
		const spanMs = (to - from) * sliceMs;
		const perSecond = 1_000 / spanMs;
		columns.seconds.push((points[from]!.atMs + spanMs / 2) / 1_000);
		columns.up.push(up * perSecond);
		columns.upDown.push((up + down) * perSecond);
		columns.all.push((up + down + other) * perSecond);
		columns.inFlight.push(points[to - 1]!.inFlight);
		from = to;
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
