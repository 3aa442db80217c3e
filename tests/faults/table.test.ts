/** The table of faults says where each is tested: it must not go stale. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const tests = new URL('../', import.meta.url);
const table = readFileSync(new URL('faults/README.md', tests), 'utf8');
const [faults, invariants] = table.split('## What holds at every moment') as [string, string];

/** Numbers of the rows of tables, with the test files that each names. */
function rowsOf(text: string): Map<number, string[]> {
	const rows = [...text.matchAll(/^\| (\d+) +\|(.*)\|$/gm)];
	return new Map(
		rows.map(([, number, rest]) => [
			Number(number),
			[...rest!.matchAll(/`([^`]+\.ts)`/g)].map(([, path]) => path!),
		]),
	);
}

test.each([
	['44 faults', 44, rowsOf(faults)],
	['16 invariants', 16, rowsOf(invariants)],
])('all %s name tests that are there', (_, count, rows) => {
	expect([...rows.keys()]).toEqual(Array.from({ length: count }, (_unused, i) => i + 1));
	for (const [number, paths] of rows) {
		expect(paths.length, `row ${number}`).toBeGreaterThan(0);
		expect(paths.filter((path) => !existsSync(new URL(path, tests)))).toEqual([]);
	}
});
