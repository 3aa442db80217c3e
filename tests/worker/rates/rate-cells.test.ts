import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../shared/random.ts';
import { RateCells, ratePerSecondMax } from '../../../worker/rates/rate-cells.ts';

function cellsAt(ratePerSecond: number, burstMs: number, startUs = 1e9) {
	const time = { us: startUs };
	const cells = new Int32Array(4);
	const rates = new RateCells({ ratePerSecond, burstMs, cells }, () => time.us);
	return { rates, cells, time };
}

/** Takes leave until there is none. */
function takeAll(rates: RateCells, cell: number): number {
	let taken = 0;
	while (rates.take(cell)) taken += 1;
	return taken;
}

describe('cells of rates', () => {
	test('never let more leave in any time than the rate and one burst, wherever the clock stands', () => {
		for (let seed = 1; seed <= 25; seed += 1) {
			const random = createRandom(seed);
			const ratePerSecond = [0.4, 3, 256, 9_999.5, 150_000, ratePerSecondMax][random.below(6)]!;
			const burstMs = [20, 100, 1_000][random.below(3)]!;
			const { rates, time } = cellsAt(ratePerSecond, burstMs, random.next() * 1e13);
			const burst = Math.max(1, (ratePerSecond * burstMs) / 1_000);
			const left: { atUs: number; total: number }[] = [];
			let total = 0;
			for (let step = 0; step < 300; step += 1) {
				// Quiet times of hours too, in which the counted time turns over.
				time.us += random.next() < 0.05 ? random.next() * 2e10 : random.next() * 3e3;
				const wanted = 1 + random.below(200);
				for (let i = 0; i < wanted && rates.take(1); i += 1) total += 1;
				left.push({ atUs: time.us, total });
			}
			for (const [from, { atUs, total: after }] of left.entries()) {
				const before = from === 0 ? 0 : left[from - 1]!.total;
				if (after - before > burst + 1) expect.fail(`${after - before} left at once (seed ${seed})`);
				const last = left[Math.min(from + 40, left.length - 1)]!;
				const seconds = (last.atUs - atUs) / 1e6;
				const allowed = (seconds * ratePerSecond + burst) * 1.000_01 + 1;
				if (last.total - before > allowed) {
					expect.fail(`${last.total - before} left, not ${allowed} (seed ${seed})`);
				}
			}
		}
	});

	test('reach the rate, and say how long the next must wait', () => {
		for (const ratePerSecond of [0.5, 7, 256, 10_000]) {
			const { rates, time } = cellsAt(ratePerSecond, 1_000);
			expect(takeAll(rates, 2)).toBe(Math.max(1, Math.floor(ratePerSecond)));
			let total = 0;
			for (let i = 0; i < 500; i += 1) {
				time.us += rates.delayMs(2) * 1_000 + 1;
				expect(rates.delayMs(2)).toBe(0);
				total += takeAll(rates, 2);
			}
			expect(total).toBeGreaterThanOrEqual(500);
			expect(total).toBeLessThanOrEqual(501);
			expect(rates.delayMs(2)).toBeLessThanOrEqual(rates.stepMs);
		}
	});

	test('are apart from each other, and what is given back can be taken again', () => {
		const { rates } = cellsAt(10, 1_000);
		expect(takeAll(rates, 0)).toBe(10);
		expect(takeAll(rates, 3)).toBe(10);
		rates.giveBack(3);
		expect(rates.take(0)).toBe(false);
		expect(rates.take(3)).toBe(true);
		expect(rates.take(3)).toBe(false);
	});

	test('a cell that nobody used while the counted time turned over holds nobody up for long', () => {
		const { rates, time } = cellsAt(256, 1_000);
		const random = createRandom(7);
		for (let round = 0; round < 2_000; round += 1) {
			time.us += random.next() * 1e11;
			expect(rates.delayMs(1)).toBeLessThanOrEqual(rates.stepMs);
			takeAll(rates, 1);
		}
	});
});
