/** The table of requirements says where each is proven: it must not go stale. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const tests = new URL('../', import.meta.url);
const table = readFileSync(new URL('security/README.md', tests), 'utf8');

/** Numbers of the rows, with the test files that each names. */
const rows = new Map(
	[...table.matchAll(/^\| (\d+) +\|(.*)\|$/gm)].map(([, number, rest]) => [
		Number(number),
		[...rest!.matchAll(/`([^`]+\.ts)`/g)].map(([, path]) => path!),
	]),
);

test('all 22 requirements name tests that are there', () => {
	expect([...rows.keys()]).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
	for (const [number, paths] of rows) {
		expect(paths.length, `row ${number}`).toBeGreaterThan(0);
		expect(paths.filter((path) => !existsSync(new URL(path, tests)))).toEqual([]);
	}
});

test('every test of a requirement stands in its row', () => {
	for (const name of readdirSync(new URL('security/', tests))) {
		const number = /^(\d\d)-.*\.test\.ts$/.exec(name)?.[1];
		if (number !== undefined) expect(rows.get(Number(number)), name).toContain(`security/${name}`);
	}
});
