/** Reads what is kept of a run's counts, from a database that may be anybody's, and of an older version. */
import type { Database } from 'better-sqlite3';
import { keptKindsMax } from '../../shared/limits.ts';
import { hasTable } from './has-table.ts';
import { RunTotals, totalsVersion } from './run-totals.ts';

/** Bytes of the text: of ours, each kind takes two numbers, and all else less than this. */
const bytesMax = 65_536 + keptKindsMax * 32;

/** @returns `undefined` when the run's rows have to be counted */
export function readTotals(db: Database, runId: number): RunTotals | undefined {
	if (!hasTable(db, 'run_summaries')) return undefined;
	const text = db
		.prepare<[number, number, number], unknown>(
			'SELECT summary FROM run_summaries WHERE run_id = ? AND version = ? AND octet_length(summary) <= ?',
		)
		.pluck()
		.get(runId, totalsVersion, bytesMax);
	const totals = typeof text === 'string' ? RunTotals.parse(text) : undefined;
	const startedAtMs = db
		.prepare<[number], unknown>('SELECT started_at FROM runs WHERE id = ?')
		.pluck()
		.get(runId);
	return totals?.startedAtMs === startedAtMs ? totals : undefined;
}
