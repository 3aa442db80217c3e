import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { Ledger, pagePositions } from '../../../../master/dispatch/rules/ledger.ts';
import { createRandom, shuffledOrder } from '../../../../shared/random.ts';

test('a position counts once', () => {
	const ledger = new Ledger(10);
	expect(ledger.has(3)).toBe(false);
	expect(ledger.add(3)).toBe(true);
	expect(ledger.add(3)).toBe(false);
	expect(ledger.has(3)).toBe(true);
	expect(ledger.count).toBe(1);
});

test('is what a set of positions would be, over several pages and a short last one', () => {
	const seed = randomInt(2 ** 31);
	const random = createRandom(seed);
	const total = 2 * pagePositions + 1_000;
	const ledger = new Ledger(total);
	const model = new Set<number>();
	let refused = 0;
	for (const position of shuffledOrder(total, random).subarray(0, total - 5)) {
		if (!ledger.add(position)) refused += 1;
		model.add(position);
	}
	const wrong: number[] = [];
	for (let position = 0; position < total; position += 1) {
		if (ledger.has(position) !== model.has(position)) wrong.push(position);
	}
	expect({ refused, wrong }, `seed ${seed}`).toEqual({ refused: 0, wrong: [] });
	expect(ledger.complete).toBe(false);
	for (let position = 0; position < total; position += 1) ledger.add(position);
	expect(ledger.count).toBe(total);
	expect(ledger.complete).toBe(true);
	expect([0, 1, 2].map((page) => ledger.hasPage(page))).toEqual([true, true, true]);
});

test('starts from pages that are done already', () => {
	const bits = new Uint8Array(pagePositions / 8);
	bits[1] = 0b1000_0001;
	const ledger = new Ledger(3 * pagePositions, { full: [0], partial: [{ page: 2, bits }] });
	expect(ledger.count).toBe(pagePositions + 2);
	expect(ledger.hasPage(0)).toBe(true);
	expect(ledger.add(5)).toBe(false);
	expect(ledger.has(pagePositions)).toBe(false);
	expect(ledger.has(2 * pagePositions + 8)).toBe(true);
	expect(ledger.add(2 * pagePositions + 15)).toBe(false);
	expect(ledger.add(2 * pagePositions + 9)).toBe(true);
	expect(bits[1]).toBe(0b1000_0001);
});
