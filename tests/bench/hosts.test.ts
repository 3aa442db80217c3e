import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addressBlocks, addressLines, addressRange } from '../../bench/hosts.ts';
import { writeShuffledList } from '../../bench/shuffled-list.ts';

test('blocks are exactly the addresses asked for', () => {
	expect(addressBlocks(0x0a00_0000, 1)).toEqual(['10.0.0.0/32']);
	expect(addressBlocks(0x0a00_0000, 1_000)).toEqual([
		...['10.0.0.0/23', '10.0.2.0/24', '10.0.3.0/25', '10.0.3.128/26', '10.0.3.192/27', '10.0.3.224/29'],
	]);
	expect(addressBlocks(0x0a00_0003, 6)).toEqual(['10.0.0.3/32', '10.0.0.4/30', '10.0.0.8/32']);
});

test('lines and ranges begin and end alike', () => {
	expect(addressLines(0x0a00_00fe, 3)).toBe('10.0.0.254\n10.0.0.255\n10.0.1.0\n');
	expect(addressRange(0x0a00_00fe, 3)).toBe('10.0.0.254-10.0.1.0');
});

test('a shuffled list has every host once, in an order that its seed decides', () => {
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-bench-test-'));
	try {
		const write = (seed: number): string[] =>
			readFileSync(writeShuffledList(folder, 1_000, seed), 'utf8')
				.trimEnd()
				.split('\n');
		const first = write(1);
		expect(new Set(first).size).toBe(1_000);
		expect(first.filter((line) => line.endsWith('.example'))).toHaveLength(500);
		expect(write(1)).toEqual(first);
		const second = write(2);
		expect(second).not.toEqual(first);
		expect(second.toSorted()).toEqual(first.toSorted());
	} finally {
		rmSync(folder, { recursive: true });
	}
});
