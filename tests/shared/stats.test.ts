import { describe, expect, it } from 'vitest';
import { lossPercent, roundToMicroseconds, rttStats } from '../../shared/stats.ts';

describe('round-trip statistics', () => {
	it('are those of a series worked out by hand', () => {
		// Differences of neighbours: 2, 5, 4.
		expect(rttStats([10, 12, 7, 11])).toEqual({ rttMinMs: 7, rttAvgMs: 10, rttMaxMs: 12, jitterMs: 11 / 3 });
	});

	it('have no jitter with one answer, and are none without', () => {
		expect(rttStats([3])).toEqual({ rttMinMs: 3, rttAvgMs: 3, rttMaxMs: 3, jitterMs: 0 });
		expect(rttStats([0])).toEqual({ rttMinMs: 0, rttAvgMs: 0, rttMaxMs: 0, jitterMs: 0 });
		expect(rttStats([])).toBeUndefined();
	});
});

it('loss is a share of what was sent', () => {
	expect(lossPercent(4, 3)).toBe(25);
	expect(lossPercent(4, 0)).toBe(100);
	expect(lossPercent(0, 0)).toBe(0);
});

it('times are rounded to the microsecond', () => {
	expect(roundToMicroseconds(0.123456)).toBe(0.123);
	expect(roundToMicroseconds(0.0006)).toBe(0.001);
});
