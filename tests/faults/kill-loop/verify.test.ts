/** The program that judges the kill loop, on small runs that are known to be right or wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { verdictOn } from './kill-loop.ts';
import type { Verdict } from './verify.ts';

/** run_id, position, host, status, rtt_ms, checked_at */
type Row = readonly [number, number, string, string, number | null, number];

const a: Row = [1, 0, 'a', 'up', 1, 150];
const b: Row = [1, 1, 'b', 'down', null, 250];
const c: Row = [1, 2, 'c', 'up', 0.007, 250];
/** a is answered and committed; b is answered too, but its master dies before the commit. */
const lines = [
	...['start 100', 'ask a', 'gave a up 1000', 'ask b', 'gave b up 5', 'had a'],
	...['start 200', 'ask b', 'gave b down -', 'ask c', 'gave c up 7'],
];
const right = { lost: 0, double: 0, unexpected: 0, invented: 0, askedAgain: 0, replaced: 0, problems: [] };

async function judged(rows: readonly Row[], log: readonly string[], runs = 1): Promise<Verdict> {
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-verify-'));
	try {
		writeFileSync(join(folder, 'hosts.txt'), 'a\nb\nc\n');
		writeFileSync(join(folder, 'hosts.log'), `${log.join('\n')}\n`);
		const db = new Database(join(folder, 'hosts.db'));
		db.exec('CREATE TABLE runs (id, state, total)');
		db.exec('CREATE TABLE results (run_id, position, host, status, rtt_ms, checked_at)');
		for (let id = 1; id <= runs; id += 1) db.prepare(`INSERT INTO runs VALUES (?, 'finished', 3)`).run(id);
		for (const row of rows) db.prepare('INSERT INTO results VALUES (?, ?, ?, ?, ?, ?)').run(row);
		db.close();
		return await verdictOn(folder);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

test.each<[string, Partial<Verdict>, readonly Row[], readonly string[]]>([
	['all is well', { rows: 3, starts: 2, asks: 4 }, [a, b, c], lines],
	['a host has no row', { lost: 1 }, [a, b], lines],
	['a host has two', { double: 1, unexpected: 1 }, [a, b, c, [1, 3, 'a', 'up', 1, 150]], lines],
	['a row is of another run', { unexpected: 1 }, [a, b, [2, 2, 'c', 'up', 0.007, 250]], lines],
	['a row is at the place of another host', { unexpected: 1 }, [a, b, [1, 1, 'c', 'up', 0.007, 250]], lines],
	['nobody gave that answer', { invented: 1 }, [a, [1, 1, 'b', 'up', 0.006, 250], c], lines],
	['a committed host was asked again', { askedAgain: 1 }, [a, b, c], [...lines, 'ask a']],
	['the row is older than the question', { askedAgain: 1 }, [a, [1, 1, 'b', 'up', 0.005, 150], c], lines],
	[
		'a committed row was lost and made again',
		{ replaced: 1, askedAgain: 1 },
		[[1, 0, 'a', 'up', 2, 250], b, c],
		[...lines, 'ask a', 'gave a up 2000'],
	],
])('sees that %s', async (_, expected, rows, log) => {
	expect(await judged(rows, log)).toMatchObject({ ...right, ...expected });
});

test('sees that there is a second run', async () => {
	expect((await judged([a, b, c], lines, 2)).problems).toHaveLength(1);
});
