import { expect, test } from 'vitest';
import { callersMax } from '../../../shared/limits.ts';
import { CallerCells } from '../../../worker/rates/caller-cells.ts';

test('an IPv4 address, and a /64 of IPv6, is one caller', () => {
	const callers = new CallerCells();
	const cellOf = (address: string | undefined): number => callers.enter(address).cell;
	expect(cellOf('192.0.2.1')).toBe(cellOf('192.0.2.1'));
	expect(cellOf('192.0.2.2')).not.toBe(cellOf('192.0.2.1'));
	expect(cellOf('2001:db8:0:1::1')).toBe(cellOf('2001:DB8:0:1:ffff::2'));
	expect(cellOf('2001:db8:0:2::1')).not.toBe(cellOf('2001:db8:0:1::1'));
	expect(cellOf(undefined)).toBe(cellOf(undefined));
});

test('many callers take no more memory than the ceiling, and never the cell of one that is being served', () => {
	const callers = new CallerCells();
	const served = Array.from({ length: callersMax - 1 }, (_, i) => callers.enter(`served ${i}`));
	const taken = new Set(served.map(({ cell }) => cell));
	expect(taken.size).toBe(callersMax - 1);
	for (let i = 0; i < 100_000; i += 1) {
		const { cell, release } = callers.enter(`one of many ${i}`);
		if (taken.has(cell) || cell >= callersMax) expect.fail(`caller ${i} has the cell ${cell}`);
		release();
		release();
	}
	expect(callers.enter('served 5').cell).toBe(served[5]!.cell);
});

test('who comes back finds its cell, unless as many others came since', () => {
	const callers = new CallerCells();
	const first = callers.enter('first');
	const again = callers.enter('first');
	first.release();
	for (let i = 0; i < callersMax - 1; i += 1) callers.enter(`other ${i}`).release();
	again.release();
	expect(callers.enter('first').cell).toBe(first.cell);
});
