/** `pingpool report`: a run as one page, to keep or to send to somebody. */
import type { Comparison, RunRow } from '../../shared/dashboard-api.ts';
import { resultsPageMax } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { fileOutput, refuseFilesOf, streamOutput } from '../export/output.ts';
import { findRun } from '../export/runs.ts';
import { ConfigExit } from '../options.ts';
import type { Queries } from '../query/queries.ts';
import { threadQueries } from '../query/thread-queries.ts';
import { onSignals } from '../signals.ts';
import { databaseError } from '../store/database-error.ts';
import { openToRead } from '../store/open-database.ts';
import { version } from '../version.ts';
import { exitCodeOf, printError } from '../view/error.ts';
import type { ReportConfig } from './config.ts';
import { parseReportConfig } from './config.ts';
import type { Report } from './page.ts';
import { reportPage } from './page.ts';

/** How long another program's lock is waited for. */
const busyTimeoutMs = 5_000;

/** Hosts that are listed one by one, of each kind. */
const listedMax = 1_000;

/**
 * Writes a report.
 *
 * @param argv arguments behind `pingpool report`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
	const signals = onSignals();
	try {
		await report(parseReportConfig(argv, version), signals.signal);
		return 0;
	} catch (error) {
		if (signals.signal.aborted) return signals.exitCode();
		if (error instanceof ConfigExit) return error.exitCode;
		if (!(error instanceof PingpoolError)) throw error;
		printError(error);
		return exitCodeOf(error);
	} finally {
		signals.release();
	}
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
	const queries = threadQueries({ path: db, busyTimeoutMs });
	let page: string;
	try {
		page = reportPage(await gather(queries, config, id, signal));
	} finally {
		await queries.close();
	}
	const output = file === undefined ? streamOutput(process.stdout, signal) : await fileOutput(file);
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
	const db = openToRead(path, busyTimeoutMs);
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
	return runs.find(
		(run) => run.id < id && run.fingerprint === fingerprint && ['finished', 'imported'].includes(run.state),
	)?.id;
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
