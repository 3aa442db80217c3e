/** Medians, ranges and ratios. Ratios are taken within a round: machines drift, and both sides drift alike. */
import type { Check, Series, Target, Turn } from './bench.ts';

export interface Spread {
	readonly median: number;
	readonly min: number;
	readonly max: number;
}

/** @param values at least one */
export function spreadOf(values: readonly number[]): Spread {
	if (values.length === 0) throw new RangeError('nothing has no median');
	const sorted = [...values].sort((a, b) => a - b);
	const upper = sorted.length >> 1;
	const median = sorted.length % 2 === 1 ? sorted[upper]! : (sorted[upper - 1]! + sorted[upper]!) / 2;
	return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

export function medianOf(values: readonly number[]): number {
	return spreadOf(values).median;
}

/** Hosts per second of a turn; what it did not find up was done, too. */
export function rateOf({ hosts, seconds }: Turn): number {
	return (hosts ?? 0) / seconds;
}

/** A value per round of two series, or `undefined` when one of them did not take part. */
export function perRound(
	a: Series | undefined,
	b: Series | undefined,
	value: (a: Turn, b: Turn) => number,
): number[] | undefined {
	if (a === undefined || b === undefined) return undefined;
	return a.turns.map((turn, round) => value(turn, b.turns[round]!));
}

/** The check "our rate is so many times theirs"; none when they did not take part. */
export function rateRatio(ours: Series | undefined, theirs: Series | undefined, target?: Target): Check[] {
	const values = perRound(ours, theirs, (a, b) => rateOf(a) / rateOf(b));
	if (values === undefined) return [];
	return [{ what: `${ours!.name} / ${theirs!.name}`, values, unit: ' ×', target }];
}

/** The check "we find so many times their hosts in a second": what a rate is worth that loses answers. */
export function answerRatio(ours: Series | undefined, theirs: Series | undefined): Check[] {
	const answers = ({ up, seconds }: Turn): number => (up ?? 0) / seconds;
	const values = perRound(ours, theirs, (a, b) => answers(a) / answers(b));
	if (values === undefined) return [];
	return [{ what: `${ours!.name} / ${theirs!.name}, answers found`, values, unit: ' ×', target: undefined }];
}

/** Whether the median is what it should be; `undefined` without a target. */
export function isMet({ values, target }: Pick<Check, 'values' | 'target'>): boolean | undefined {
	if (target === undefined) return undefined;
	const median = medianOf(values);
	return target.relation === '≥' ? median >= target.value : median <= target.value;
}
