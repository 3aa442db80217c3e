import { describe, expect, it } from 'vitest';
import { noRates, rateSamplesMax, withRates } from '../../../dashboard/state/rate-history.ts';
import { liveWorker } from '../live-fixture.ts';

const at = (rate: number, index = 1) => [liveWorker(index, { ratePerSecond: rate })];

describe('the rates of workers', () => {
	it('are noted once a second', () => {
		const first = withRates(noRates, 100, at(5));
		expect(withRates(first, 1_099, at(6))).toBe(first);
		expect(withRates(first, 1_100, at(6)).rates.get(1)).toEqual([5, 6]);
	});

	it('are bounded', () => {
		let history = noRates;
		for (let i = 0; i < rateSamplesMax + 5; i += 1) history = withRates(history, i * 1_000, at(i));
		const rates = history.rates.get(1)!;
		expect(rates).toHaveLength(rateSamplesMax);
		expect([rates[0], rates.at(-1)]).toEqual([5, rateSamplesMax + 4]);
	});

	it('begin anew after a gap, and with another run', () => {
		const long = withRates(withRates(noRates, 0, at(1)), 60_000, at(2));
		expect(long.rates.get(1)).toEqual([2]);
		expect(withRates(long, 0, at(3)).rates.get(1)).toEqual([3]);
	});

	it('are kept of those workers alone that there are', () => {
		const both = withRates(noRates, 0, [...at(1, 1), ...at(2, 2)]);
		const one = withRates(both, 1_000, at(3, 2));
		expect([...one.rates]).toEqual([[2, [2, 3]]]);
	});
});
