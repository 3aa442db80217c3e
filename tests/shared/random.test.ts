import { describe, expect, it } from 'vitest';
import { createRandom, shuffledOrder } from '../../shared/random.ts';

describe('random numbers', () => {
	it('are the same for the same seed and others for another', () => {
		const series = (seed: number) => Array.from({ length: 20 }, createRandom(seed).next);
		expect(series(7)).toEqual(series(7));
		expect(series(7)).not.toEqual(series(8));
	});

	it('are spread evenly', () => {
		const random = createRandom(1);
		const counts = new Uint32Array(16);
		for (let i = 0; i < 160_000; i += 1) counts[random.below(16)]! += 1;
		// 10,000 each, standard deviation 97: five of them.
		for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
	});

	it('differ at once for neighbouring seeds', () => {
		const first = Array.from({ length: 1_000 }, (_, seed) => createRandom(seed).next());
		const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
		expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
		expect(new Set(first).size).toBe(1_000);
	});
});

describe('an order', () => {
	it('has every number once', () => {
		for (const length of [0, 1, 2, 1_000]) {
			const order = shuffledOrder(length, createRandom(length));
			expect([...order].sort((a, b) => a - b)).toEqual([...Array(length).keys()]);
		}
	});

	it('is any of all with the same likelihood', () => {
		const random = createRandom(3);
		const seen = new Map<string, number>();
		for (let i = 0; i < 24_000; i += 1) {
			const order = shuffledOrder(4, random).join();
			seen.set(order, (seen.get(order) ?? 0) + 1);
		}
		expect(seen.size).toBe(24);
		for (const count of seen.values()) expect(Math.abs(count - 1_000)).toBeLessThan(160);
	});
});
