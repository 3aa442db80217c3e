import { describe, expect, test } from 'vitest';
import type { Series, Turn } from '../../bench/bench.ts';
import { isMet, medianOf, perRound, rateRatio, spreadOf } from '../../bench/statistics.ts';

function series(name: string, ...seconds: number[]): Series {
	return { name, turns: seconds.map((one): Turn => ({ hosts: 100, seconds: one })) };
}

describe('medians and ranges', () => {
	test('of an odd number of values, in any order', () => {
		expect(spreadOf([10, 9, 100])).toEqual({ median: 10, min: 9, max: 100 });
	});

	test('of an even number: between the middle two', () => {
		expect(medianOf([4, 1, 3, 2])).toBe(2.5);
	});

	test('of nothing are an error, not NaN', () => {
		expect(() => spreadOf([])).toThrow(RangeError);
	});

	test('leave the values as they were', () => {
		const values = [3, 1, 2];
		spreadOf(values);
		expect(values).toEqual([3, 1, 2]);
	});
});

describe('ratios', () => {
	test('are taken within each round, so that a slow round counts for both sides', () => {
		const [ours, theirs] = [series('ours', 1, 10, 1), series('theirs', 2, 20, 3)];
		expect(rateRatio(ours, theirs)).toEqual([
			{ what: 'ours / theirs', values: [2, 2, 3], unit: ' ×', target: undefined },
		]);
	});

	test('count hosts per second where the sides had different numbers of hosts', () => {
		const few: Series = { name: 'few', turns: [{ hosts: 10, seconds: 1 }] };
		expect(rateRatio(series('ours', 1), few)[0]!.values).toEqual([10]);
	});

	test('are left out where a side did not take part', () => {
		expect(rateRatio(series('ours', 1), undefined)).toEqual([]);
		expect(perRound(undefined, series('theirs', 1), () => 1)).toBeUndefined();
	});
});

describe('targets', () => {
	test('are met by the median, the limit included', () => {
		const least = { relation: '≥', value: 0.95 } as const;
		expect(isMet({ values: [0.1, 0.95, 0.96], target: least })).toBe(true);
		expect(isMet({ values: [0.94, 0.94, 2], target: least })).toBe(false);
		const most = { relation: '≤', value: 300 } as const;
		expect(isMet({ values: [300], target: most })).toBe(true);
		expect(isMet({ values: [301], target: most })).toBe(false);
	});

	test('need not be', () => {
		expect(isMet({ values: [1], target: undefined })).toBeUndefined();
	});
});
