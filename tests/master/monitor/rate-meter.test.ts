import { expect, test } from 'vitest';
import { RateMeter } from '../../../master/monitor/rate-meter.ts';

test('a rate is that of the last five seconds', () => {
	const meter = new RateMeter();
	expect(meter.perSecond(0, 5)).toBe(0);
	// A hundred per second for ten seconds, then ten.
	let count = 0;
	for (let atMs = 0; atMs < 20_000; atMs += 250) {
		meter.sample(atMs, count);
		expect(meter.perSecond(atMs, count)).toBeCloseTo(atMs === 0 ? 0 : expected(atMs), 5);
		count += atMs < 10_000 ? 25 : 2.5;
	}
	function expected(atMs: number): number {
		const fast = Math.min(5_000, atMs, Math.max(0, 15_000 - atMs)) / Math.min(5_000, atMs);
		return 100 * fast + 10 * (1 - fast);
	}
});

test('it goes down while nothing is sampled, and never below 0', () => {
	const meter = new RateMeter();
	meter.sample(1_000, 0);
	meter.sample(2_000, 500);
	expect(meter.perSecond(3_000, 500)).toBe(250);
	expect(meter.perSecond(60_000, 500)).toBe(0);
	expect(meter.perSecond(2_000, 500)).toBe(500);
});

test('between samples that are far apart, the count is taken to have grown evenly', () => {
	const meter = new RateMeter();
	meter.sample(0, 0);
	meter.sample(60_000, 600);
	meter.sample(61_000, 700);
	expect(meter.perSecond(62_000, 800)).toBeCloseTo((3 * 10 + 200) / 5, 5);
	expect(meter.perSecond(71_000, 800)).toBeCloseTo((100 * 5) / 10 / 5, 5);
});
