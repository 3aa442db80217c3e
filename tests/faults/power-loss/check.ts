/** Looks at what a loss of power left of a database, through the store that would be started on it again. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Ledger } from '../../../master/dispatch/rules/ledger.ts';
import { readTotals } from '../../../master/store/read-totals.ts';
import { openSqliteStore } from '../../../master/store/sqlite.ts';
import type { Store } from '../../../master/store/store.ts';
import { statuses } from '../../../shared/outcome.ts';
import type { Image } from './disk.ts';
import type { Script } from './script.ts';
import { hostOf, rowsBetween, rttMsOf, runOptions } from './script.ts';

/** What must be there, in rows. */
export interface Promised {
	/** no fewer */
	readonly rowsMin: number;
	/** no more: nothing else was written yet */
	readonly rowsMax: number;
	/** the run was told to have finished */
	readonly finished: boolean;
}

interface Found {
	readonly integrity: string;
	readonly runs: readonly { id: number; state: string; total: number }[];
	/** rows that the kept counts of the first run say it has */
	readonly keptRows: number | undefined;
	readonly rows: readonly {
		run_id: number;
		position: number;
		host: string;
		status: string;
		rtt_ms: number | null;
	}[];
}

/**
 * @param folder is made and removed
 * @returns what is wrong, one sentence each
 */
export async function problemsOf(
	image: Image,
	folder: string,
	script: Script,
	promised: Promised,
): Promise<string[]> {
	mkdirSync(folder);
	const path = join(folder, 'hosts.db');
	try {
		for (const [name, content] of image) writeFileSync(join(folder, name), content, { mode: 0o600 });
		return await openedProblems(path, script, promised);
	} catch (error) {
		return [`it can not be opened or continued: ${(error as Error).message}`];
	} finally {
		rmSync(folder, { recursive: true });
	}
}

async function openedProblems(path: string, script: Script, promised: Promised): Promise<string[]> {
	// Without syncs, which are the time of a check: this machine keeps its power.
	const store = openSqliteStore({ path, durability: 'normal' });
	try {
		const found = read(path);
		const problems = [...contentProblems(found, script), ...promiseProblems(found, script, promised)];
		if (problems.length > 0) return problems;
		return [...(await continueProblems(store, script)), ...contentProblems(read(path), script)];
	} finally {
		await store.close();
	}
}

/** Goes on with the run that is there, or begins one. */
async function continueProblems(store: Store, script: Script): Promise<string[]> {
	const total = script.rowsAfter.at(-1)!;
	const last = await store.lastRun();
	if (last?.state === 'finished') return [];
	const newRun = { startedAtMs: 4_000, total, fingerprint: 'list', options: runOptions };
	const runId = last?.id ?? (await store.startRun(newRun));
	const done = new Ledger(total, last === undefined ? undefined : await store.continueRun(runId)).count;
	if (done !== (last?.done ?? 0)) return [`the run has ${last?.done} rows, ${done} when it is continued`];
	if (done < total) await store.append(rowsBetween(runId, done, total, script.hostLength));
	const counts = await store.finishRun(runId, { state: 'finished', finishedAtMs: 5_000 });
	const counted = statuses.reduce((sum, status) => sum + counts[status], 0);
	return counted === total ? [] : [`continued, it has ${counted} rows of ${total}`];
}

function read(path: string): Found {
	const db = new Database(path, { readonly: true });
	try {
		const runs = db.prepare('SELECT id, state, total FROM runs ORDER BY id').all() as Found['runs'][number][];
		return {
			integrity: db.pragma('integrity_check', { simple: true }) as string,
			runs,
			keptRows: runs[0] && readTotals(db, runs[0].id)?.rows,
			rows: db
				.prepare('SELECT run_id, position, host, status, rtt_ms FROM results ORDER BY run_id, position')
				.all() as Found['rows'][number][],
		};
	} finally {
		db.close();
	}
}

/** Whatever is there must be what was written. */
function contentProblems({ integrity, runs, keptRows, rows }: Found, script: Script): string[] {
	const problems: string[] = [];
	if (integrity !== 'ok') problems.push(`its integrity is not ok: ${integrity}`);
	if (runs.length > 1) problems.push(`there are ${runs.length} runs`);
	if (runs.length > 0 && keptRows !== rows.length) {
		problems.push(`${keptRows} rows are counted, ${rows.length} are there`);
	}
	for (const [at, row] of rows.entries()) {
		const { run_id, position, host, status, rtt_ms } = row;
		const rtt = rttMsOf(at);
		if (
			run_id !== runs[0]?.id ||
			position !== at ||
			host !== hostOf(at, script.hostLength) ||
			status !== (rtt === undefined ? 'down' : 'up') ||
			rtt_ms !== (rtt ?? null)
		) {
			problems.push(`row ${at} is ${JSON.stringify(row)}`);
			break;
		}
	}
	return problems;
}

function promiseProblems({ runs, rows }: Found, script: Script, promised: Promised): string[] {
	const problems: string[] = [];
	const { length } = rows;
	if (length < promised.rowsMin)
		problems.push(`${length} rows are there, ${promised.rowsMin} were committed`);
	if (length > promised.rowsMax) problems.push(`${length} rows are there, ${promised.rowsMax} were written`);
	if (!script.rowsAfter.includes(length)) problems.push(`${length} rows are there, which is no whole commit`);
	const finished = runs[0]?.state === 'finished';
	if (promised.finished && !finished) problems.push('the run had finished, and has not');
	if (finished && length !== script.rowsAfter.at(-1))
		problems.push(`the run has finished with ${length} rows`);
	return problems;
}
