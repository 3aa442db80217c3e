/** What a database keeps of a run's counts, held against what its rows come to when they are read one by one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import { queryContext } from '../master/query/context.ts';
import { runDetail } from '../master/query/run-detail.ts';
import { readTotals } from '../master/store/read-totals.ts';
import { systemClock } from '../shared/clock.ts';
import type { RunDetail } from '../shared/dashboard-api.ts';
import { finish } from './query-database.ts';

export interface Counts {
	/** `undefined` when the database keeps none */
	readonly kept: RunDetail | undefined;
	readonly counted: RunDetail;
}

/** Looks at a run in a copy of the database, which is left as it is. */
export function countsOf(path: string, runId: number): Counts {
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-counts-'));
	const original = new Database(path, { readonly: true });
	original.prepare('VACUUM INTO ?').run(join(folder, 'copy.db'));
	original.close();
	const copy = new Database(join(folder, 'copy.db'));
	try {
		const isKept = readTotals(copy, runId) !== undefined;
		const kept = isKept ? finish(runDetail(queryContext(copy, systemClock), runId)) : undefined;
		copy.exec('DELETE FROM run_summaries');
		return { kept, counted: finish(runDetail(queryContext(copy, systemClock), runId)) };
	} finally {
		copy.close();
		rmSync(folder, { recursive: true });
	}
}

/** @returns what is wrong, one sentence each: nothing when counts are kept, and are right */
export function keptProblems(path: string, runId: number): string[] {
	const { kept, counted } = countsOf(path, runId);
	if (kept === undefined) return [`no counts of run ${runId} are kept`];
	const names = Object.keys(counted) as (keyof RunDetail)[];
	return names
		.filter((name) => !isDeepStrictEqual(kept[name], counted[name]))
		.map((name) => `${name} of run ${runId} is not what its rows come to`);
}
