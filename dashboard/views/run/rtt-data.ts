/**
 * Round-trip times as bars on a logarithmic axis. Buckets grow evenly on that scale, so bar k stands between the places
 * k and k + 1, and a time between two edges has a place between theirs.
 */
import type { RttHistogram } from '../../../shared/dashboard-api.ts';

export interface RttBars {
	/** middles of the bars */
	readonly places: number[];
	readonly counts: number[];
}

/** From the first bucket that has any to the last, with one empty bar on each side. */
export function rttBars({ counts }: RttHistogram): RttBars {
	const isFilled = (count: number) => count > 0;
	const first = counts.findIndex(isFilled);
	if (first === -1) return { places: [], counts: [] };
	const from = Math.max(first - 1, 0);
	const to = Math.min(counts.findLastIndex(isFilled) + 1, counts.length - 1);
	const places = Array.from({ length: to - from + 1 }, (_, i) => from + i + 0.5);
	return { places, counts: counts.slice(from, to + 1) };
}

/** Where a time stands on the axis; times below the first edge stand at it. @param ms above 0 */
export function placeOf(edgesMs: readonly number[], ms: number): number {
	const { first, step } = scaleOf(edgesMs);
	return Math.max((Math.log10(ms) - first) / step, 0);
}

/**
 * On which side of their lines names stand: right, or left where the next line would go through it; `undefined` where
 * there is no room on either side.
 *
 * @param lines ascending places of lines, and how wide their names are, in the same unit as the two ends of the picture
 */
export function nameSides(
	lines: readonly { readonly x: number; readonly width: number }[],
	start: number,
	end: number,
): ('left' | 'right' | undefined)[] {
	let freeFrom = start;
	return lines.map(({ x, width }, i) => {
		const next = lines[i + 1]?.x ?? end;
		const isRight = x >= freeFrom && x + width <= next;
		const isLeft = !isRight && x - width >= freeFrom;
		freeFrom = isRight ? x + width : x;
		if (isRight) return 'right';
		return isLeft ? 'left' : undefined;
	});
}

/** Decades between two places of the axis, and what lies between them where they are few: times in ms. */
export function ticksBetween(edgesMs: readonly number[], from: number, to: number): number[] {
	const { first, step } = scaleOf(edgesMs);
	const low = first + from * step;
	const high = first + to * step;
	const factors = high - low <= 2 ? [1, 2, 5] : [1];
	const ticks: number[] = [];
	for (let decade = Math.floor(low); decade <= Math.ceil(high); decade += 1) {
		for (const factor of factors) {
			const exponent = decade + Math.log10(factor);
			if (exponent >= low && exponent <= high) ticks.push(Number((10 ** exponent).toPrecision(3)));
		}
	}
	return ticks;
}

function scaleOf(edgesMs: readonly number[]): { readonly first: number; readonly step: number } {
	const first = Math.log10(edgesMs[0]!);
	const last = Math.log10(edgesMs.at(-1)!);
	return { first, step: (last - first) / (edgesMs.length - 1) };
}
