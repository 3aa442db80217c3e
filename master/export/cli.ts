/** `pingpool export`: the results of a run as CSV or as lines of JSON. */
import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { escapeUnsafe } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { ConfigExit } from '../options.ts';
import type { Signals } from '../signals.ts';
import { onSignals } from '../signals.ts';
import { databaseError } from '../store/database-error.ts';
import { openToRead } from '../store/open-database.ts';
import { version } from '../version.ts';
import { exitCodeOf, printError } from '../view/error.ts';
import { count, plural } from '../view/format.ts';
import type { ExportConfig } from './config.ts';
import { parseExportConfig } from './config.ts';
import { formats } from './formats.ts';
import type { TextOutput } from './output.ts';
import { fileOutput, streamOutput } from './output.ts';
import type { ExportRow } from './read-rows.ts';
import { readRows } from './read-rows.ts';
import type { RunFacts } from './runs.ts';
import { findRun } from './runs.ts';

/** How long another program's lock is waited for. */
const busyTimeoutMs = 5_000;

/**
 * Exports a run.
 *
 * @param argv arguments behind `pingpool export`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
	const signals = onSignals();
	try {
		return await exportWith(parseExportConfig(argv, version), signals);
	} catch (error) {
		if (error instanceof ConfigExit) return error.exitCode;
		if (!(error instanceof PingpoolError)) throw error;
		printError(error);
		return exitCodeOf(error);
	} finally {
		signals.release();
	}
}

async function exportWith(config: ExportConfig, signals: Signals): Promise<number> {
	const { db: path, output: file } = config;
	const db = openToRead(path, busyTimeoutMs);
	try {
		const run = guarded(path, () => findRun(db, config.run, escapeUnsafe(path)));
		if (file !== undefined) refuseOwnFiles(file, path);
		const output = file === undefined ? streamOutput(process.stdout, signals.signal) : await fileOutput(file);
		try {
			const rows = await writeRows({ db, run, config, output, signal: signals.signal });
			if (signals.signal.aborted) return signals.exitCode();
			await output.finish();
			if (rows !== undefined) report(run, rows, config);
			return 0;
		} finally {
			await output.discard();
		}
	} finally {
		db.close();
	}
}

interface Writing {
	readonly db: Database;
	readonly run: RunFacts;
	readonly config: ExportConfig;
	readonly output: TextOutput;
	readonly signal: AbortSignal;
}

/** @returns how many; `undefined` when whoever reads them has left */
async function writeRows({ db, run, config, output, signal }: Writing): Promise<number | undefined> {
	const { db: path, statuses, format } = config;
	const { head, line } = formats[format];
	const pages = readRows(db, { runId: run.id, statuses });
	let rows = 0;
	let text = head;
	for (;;) {
		const page: IteratorResult<readonly ExportRow[]> = guarded(path, () => pages.next());
		for (const row of page.value ?? []) text += line(row);
		if (text !== '' && !(await output.write(text))) return undefined;
		if (page.done) return rows;
		rows += page.value.length;
		text = '';
		// Between two pages a signal is heard, however fast the reader is.
		await new Promise(setImmediate);
		if (signal.aborted) return undefined;
	}
}

/** What nobody sees who looks at the rows alone. */
function report({ id, state, total }: RunFacts, rows: number, { statuses, output }: ExportConfig): void {
	const isOver = state === 'finished' || state === 'imported';
	const unfinished = isOver ? '' : `; its state is ${escapeUnsafe(state)}, of ${plural(total, 'host')}`;
	const which = statuses.length === 0 ? '' : ` (${statuses.join(', ')})`;
	if (isOver && output === undefined) return;
	const where = output === undefined ? '' : ` in ${escapeUnsafe(output)}`;
	process.stderr.write(
		`run ${id}: ${count(rows)} ${rows === 1 ? 'row' : 'rows'}${which}${where}${unfinished}\n`,
	);
}

/** Written over by its own export, a database would be lost. */
function refuseOwnFiles(file: string, db: string): void {
	const target = statSync(file, { throwIfNoEntry: false });
	if (target === undefined) return;
	for (const suffix of ['', '-wal', '-shm', '-journal', '-master']) {
		const own = statSync(db + suffix, { throwIfNoEntry: false });
		if (own === undefined || own.ino !== target.ino || own.dev !== target.dev) continue;
		throw new PingpoolError('usage', `${escapeUnsafe(file)} belongs to the database that is exported`, {
			hint: 'Give another file with -o.',
		});
	}
}

function guarded<Result>(path: string, work: () => Result): Result {
	try {
		return work();
	} catch (error) {
		throw databaseError(error, path);
	}
}
