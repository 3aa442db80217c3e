/** `pingpool report`: a run as one page, to keep or to send to somebody. */
import type { Comparison, RunRow } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { resultsPageMax } from '../../shared/limits.ts';
import { openOutput, refuseFilesOf } from '../output.ts';
import { findRun } from '../query/find-run.ts';
import type { Queries } from '../query/queries.ts';
import { isOver } from '../query/run-rows.ts';
import { threadQueries } from '../query/thread-queries.ts';
import { runCommand } from '../run-command.ts';
import { databaseError } from '../store/database-error.ts';
import { openToRead } from '../store/open-database.ts';
import { version } from '../version.ts';
import type { ReportConfig } from './config.ts';
import { parseReportConfig } from './config.ts';
import type { Report } from './page.ts';
import { reportPage } from './page.ts';

/** Hosts that are listed one by one, of each kind. */
const listedMax = 1_000;

/**
 * Writes a report.
 *
 * @param argv arguments behind `pingpool report`
 * @returns the exit code
 */
export function main(argv: readonly string[]): Promise<number> {
	return runCommand(async ({ signal }) => {
		await report(parseReportConfig(argv, version), signal);
		return 0;
	});
}

async function report(config: ReportConfig, signal: AbortSignal): Promise<void> {
	const { db, output: file } = config;
	if (file === undefined && process.stdout.isTTY === true) {
		throw new PingpoolError('usage', 'a page of HTML is nothing for a terminal', {
			hint: 'Give a file: pingpool report -o report.html',
		});
	}
	const id = runNumber(config);
	if (file !== undefined) refuseFilesOf(file, db);
	const queries = threadQueries({ path: db });
	let page: string;
	try {
		page = reportPage(await gather(queries, config, id, signal));
	} finally {
		await queries.close();
	}
	const output = await openOutput(file, signal);
	try {
		await output.write(page);
		await output.finish();
	} finally {
		await output.discard();
	}
	if (file !== undefined) process.stderr.write(`run ${id}: ${escapeUnsafe(file)}\n`);
}

/** The run that is meant, of those that there are. */
function runNumber({ db: path, run, since }: ReportConfig): number {
	const db = openToRead(path);
	try {
		const { id } = findRun(db, run, escapeUnsafe(path));
		if (since !== undefined) findRun(db, since, escapeUnsafe(path));
		if (since === id) {
			throw new PingpoolError('usage', `run ${id} can not be compared with itself`, {
				hint: 'Give another run with --since.',
			});
		}
		return id;
	} catch (error) {
		throw databaseError(error, path);
	} finally {
		db.close();
	}
}

async function gather(
	queries: Queries,
	config: ReportConfig,
	id: number,
	signal: AbortSignal,
): Promise<Report> {
	const detail = await queries.run(id, signal);
	const map = await queries.map(id, undefined, signal);
	const before = config.since ?? runBefore(detail.run, await queries.runs(signal));
	return {
		version,
		db: config.db,
		madeAtMs: Date.now(),
		detail,
		map: map.squares.length === 0 ? undefined : map,
		comparison: before === undefined ? undefined : await comparison(queries, before, id, signal),
		notUp: await notUp(queries, id, signal),
	};
}

/** The newest one before a run that asked the same hosts, and all of them. */
function runBefore({ id, fingerprint }: RunRow, runs: readonly RunRow[]): number | undefined {
	return runs.find((run) => run.id < id && run.fingerprint === fingerprint && isOver(run))?.id;
}

async function comparison(
	queries: Queries,
	before: number,
	after: number,
	signal: AbortSignal,
): Promise<Comparison> {
	const ask = (from: string | undefined) =>
		queries.compare(before, after, { kind: undefined, limit: resultsPageMax, from }, signal);
	const first = await ask(undefined);
	const changes = [...first.changes];
	for (let { next } = first; next !== null && changes.length < listedMax; ) {
		const page = await ask(next);
		changes.push(...page.changes);
		next = page.next;
	}
	return { ...first, changes };
}

async function notUp(queries: Queries, id: number, signal: AbortSignal): Promise<Report['notUp']> {
	const rows: Report['notUp'][number][] = [];
	for (let after: string | undefined; rows.length < listedMax; ) {
		const page = await queries.results(
			id,
			{
				statuses: ['down', 'unresolved', 'denied', 'error'],
				reasons: [],
				workers: [],
				prefix: undefined,
				text: undefined,
				sort: 'position',
				limit: resultsPageMax,
				after,
			},
			signal,
		);
		rows.push(...page.rows);
		if (page.next === null) break;
		after = page.next;
	}
	return rows;
}
