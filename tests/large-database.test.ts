/** The program that writes large databases, with small ones: they are what the real store writes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { threadQueries } from '../master/query/thread-queries.ts';
import type { Comparison, RunDetail } from '../shared/dashboard-api.ts';
import { writeLargeDatabase } from './large-database.ts';

it('makes runs of one list with all kinds of hosts, the same for the same seed', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-large-'));
	const never = new AbortController().signal;
	try {
		const found: Found[] = [];
		for (const name of ['a.db', 'b.db']) {
			const path = join(folder, name);
			const shape = { path, rows: 3_000, order: 'random', runs: 2, isRunning: true } as const;
			expect(await writeLargeDatabase(shape)).toEqual([1, 2]);
			const queries = threadQueries({ path });
			const { counts } = await queries.compare(1, 2, { kind: undefined, limit: 1, from: undefined }, never);
			found.push({ first: await queries.run(1, never), second: await queries.run(2, never), counts });
			await queries.close();
		}
		const { first, second, counts } = found[0]!;
		expect(found[1]).toEqual(found[0]);
		expect(first).toMatchObject({ done: 3_000, run: { state: 'finished', total: 3_000 } });
		expect(second).toMatchObject({ done: 3_000, run: { state: 'running' } });
		expect(first.byWorker.length).toBeGreaterThan(1);
		for (const status of ['up', 'down', 'unresolved', 'denied'] as const) {
			expect(first.byStatus[status], status).toBeGreaterThan(0);
		}
		for (const kind of ['same', 'newly-up', 'newly-down', 'slower'] as const) {
			expect(counts[kind], kind).toBeGreaterThan(0);
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
});

interface Found {
	readonly first: RunDetail;
	readonly second: RunDetail;
	readonly counts: Comparison['counts'];
}
