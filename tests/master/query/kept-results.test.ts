/** Rows by status, reason or worker, of a run whose counts are kept: the same as those of one that is read first. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import type { QueryContext } from '../../../master/query/context.ts';
import { queryContext } from '../../../master/query/context.ts';
import type { ResultFilter } from '../../../master/query/queries.ts';
import { resultsPage } from '../../../master/query/results-page.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { ResultSort } from '../../../shared/dashboard-api.ts';
import { writeLargeDatabase } from '../../large-database.ts';
import { finish } from '../../query-database.ts';
import { notLong, testUnless } from '../../requirements.ts';

const all = {
	statuses: [],
	reasons: [],
	workers: [],
	prefix: undefined,
	text: undefined,
	limit: 400,
} as const;
const filters: readonly Partial<ResultFilter>[] = [
	{ statuses: ['down'] },
	{ statuses: ['error', 'denied'] },
	{ statuses: ['error'] },
	{ reasons: ['dns-timeout'] },
	{ workers: ['embedded'], statuses: ['up'] },
	{ workers: ['nobody'] },
];
const sorts = ['position', '-rtt', 'checked'] as const;

testUnless(
	notLong(),
	'rows of a kind are the same whether counts are kept or not, and do not wait until all were read',
	async () => {
		const folder = mkdtempSync(join(tmpdir(), 'pingpool-kept-results-'));
		try {
			const path = join(folder, 'hosts.db');
			await writeLargeDatabase({ path, rows: 70_000 });
			const db = new Database(path);
			const page = (context: QueryContext, filter: Partial<ResultFilter>, sort: ResultSort) => {
				const ask = (after: string | undefined) =>
					finish(resultsPage(context, 1, { ...all, sort, after, ...filter }));
				const first = ask(undefined);
				return [first, first.next === null ? undefined : ask(first.next)];
			};
			const cases = filters.flatMap((filter) => sorts.map((sort) => [filter, sort] as const));
			const soon = queryContext(db, systemClock);
			const kept = cases.map(([filter, sort]) => page(soon, filter, sort));
			expect(soon.summaries.known(1)).toBeUndefined();
			const [narrower, first] = [queryContext(db, systemClock), { ...filters[0], prefix: '10.0.0.0/20' }];
			const within = page(narrower, first, 'position');
			expect(narrower.summaries.known(1)).toBeDefined();
			db.exec('DELETE FROM run_summaries');
			const counted = queryContext(db, systemClock);
			for (const [i, [filter, sort]] of cases.entries()) {
				expect(kept[i], `${JSON.stringify(filter)} by ${sort}`).toEqual(page(counted, filter, sort));
			}
			expect(within).toEqual(page(counted, first, 'position'));
			expect(counted.summaries.known(1)).toBeDefined();
			const down = db.prepare(`SELECT count(*) FROM results WHERE status = 'down'`).pluck().get();
			expect(kept[0]![0]).toMatchObject({ matching: down, rows: { length: 400 } });
			db.close();
		} finally {
			rmSync(folder, { recursive: true });
		}
	},
);
