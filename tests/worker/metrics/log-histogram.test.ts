import { expect, it } from 'vitest';
import { createRandom } from '../../../shared/random.ts';
import { LogHistogram } from '../../../worker/metrics/log-histogram.ts';

it('has bounds that double', () => {
	expect(new LogHistogram({ first: 10, last: 12 }).boundsSeconds).toEqual([0.001024, 0.002048, 0.004096]);
});

it.each([
	{ first: 6, last: 26 },
	{ first: 10, last: 31 },
	{ first: 0, last: 3 },
])('puts each duration into the first bucket whose bound is not below it: %o', (options) => {
	const random = createRandom(7);
	const histogram = new LogHistogram(options);
	const bounds = histogram.boundsSeconds.map((bound) => bound * 1e3);
	const expected = new Array<number>(bounds.length + 1).fill(0);
	let sum = 0;
	const durations = [0, ...bounds, ...bounds.map((bound) => bound * 1.000001), 1e9];
	for (let i = 0; i < 2_000; i += 1)
		durations.push(2 ** (random.below(45) - 12) * (1 + random.below(1000) / 1000));
	for (const ms of durations) {
		histogram.observe(ms);
		const place = bounds.findIndex((bound) => ms <= bound);
		expected[place < 0 ? bounds.length : place]! += 1;
		sum += ms;
	}
	// A bound itself may differ by a rounding of its last digit, in the table of this test as in the histogram.
	expect([...histogram.counts]).toEqual(expected);
	expect(histogram.sumSeconds).toBeCloseTo(sum / 1e3, 3);
});
