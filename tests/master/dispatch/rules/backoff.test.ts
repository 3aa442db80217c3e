import { expect, it } from 'vitest';
import { backoffMs, backoffMsMax } from '../../../../master/dispatch/rules/backoff.ts';
import { createRandom } from '../../../../shared/random.ts';

const lowest = { next: () => 0, below: () => 0 };
const highest = { next: () => 1, below: () => 0 };

it('doubles from 200 ms to half a minute, half of it fixed', () => {
	const failures = [1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 3_000];
	const ceilings = [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000];
	expect(failures.map((n) => backoffMs(n, highest))).toEqual(ceilings);
	expect(failures.map((n) => backoffMs(n, lowest))).toEqual(ceilings.map((ms) => ms / 2));
	expect(backoffMsMax).toBe(30_000);
});

it('is no longer than asked for', () => {
	expect(backoffMs(9, highest, 5_000)).toBe(5_000);
});

it('is not the same for all that failed together', () => {
	const random = createRandom(1);
	expect(new Set(Array.from({ length: 20 }, () => Math.round(backoffMs(5, random)))).size).toBeGreaterThan(
		15,
	);
});
