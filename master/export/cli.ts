/** `pingpool export`: the results of a run as CSV, as lines of JSON or as Parquet. */
import type { Database } from 'better-sqlite3';
import type { RunRow } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { formatCount, formatPlural } from '../../shared/format.ts';
import type { Output } from '../output.ts';
import { openOutput, refuseFilesOf } from '../output.ts';
import { findRun } from '../query/find-run.ts';
import { isOver } from '../query/run-rows.ts';
import { runCommand } from '../run-command.ts';
import type { Signals } from '../signals.ts';
import { databaseError } from '../store/database-error.ts';
import { openToRead } from '../store/open-database.ts';
import { version } from '../version.ts';
import type { ExportConfig } from './config.ts';
import { parseExportConfig } from './config.ts';
import type { RowEncoder } from './encoder.ts';
import { isBinary, openEncoder } from './formats.ts';
import type { ExportRow } from './read-rows.ts';
import { readRows } from './read-rows.ts';

/**
 * Exports a run.
 *
 * @param argv arguments behind `pingpool export`
 * @returns the exit code
 */
export function main(argv: readonly string[]): Promise<number> {
	return runCommand((signals) => exportWith(parseExportConfig(argv, version), signals));
}

async function exportWith(config: ExportConfig, signals: Signals): Promise<number> {
	const { db: path, output: file } = config;
	if (file === undefined && isBinary(config.format) && process.stdout.isTTY === true) {
		throw new PingpoolError('usage', `${config.format} is nothing for a terminal`, {
			hint: `Give a file: pingpool export --format ${config.format} -o results.${config.format}`,
		});
	}
	const encoder = await openEncoder(config.format);
	const db = openToRead(path);
	try {
		const run = guarded(path, () => findRun(db, config.run, escapeUnsafe(path)));
		if (file !== undefined) refuseFilesOf(file, path);
		const output = await openOutput(file, signals.signal);
		try {
			const rows = await writeRows({ db, run, config, encoder, output, signal: signals.signal });
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
	readonly run: RunRow;
	readonly config: ExportConfig;
	readonly encoder: RowEncoder;
	readonly output: Output;
	readonly signal: AbortSignal;
}

/** @returns how many; `undefined` when whoever reads them has left */
async function writeRows(writing: Writing): Promise<number | undefined> {
	const { db, run, config, encoder, output, signal } = writing;
	const { db: path, statuses } = config;
	const pages = readRows(db, { runId: run.id, statuses });
	let rows = 0;
	if (!(await output.write(encoder.start()))) return undefined;
	for (;;) {
		const page: IteratorResult<readonly ExportRow[]> = guarded(path, () => pages.next());
		const encoded = page.done ? encoder.end() : encoder.rows(page.value);
		if (!(await output.write(encoded))) return undefined;
		if (page.done) return rows;
		rows += page.value.length;
		// Between two pages a signal is heard, however fast the reader is.
		await new Promise(setImmediate);
		if (signal.aborted) return undefined;
	}
}

/** What nobody sees who looks at the rows alone. */
function report(run: RunRow, rows: number, { statuses, output }: ExportConfig): void {
	const { id, state, total } = run;
	const unfinished = isOver(run)
		? ''
		: `; its state is ${escapeUnsafe(state)}, of ${formatPlural(total, 'host')}`;
	const which = statuses.length === 0 ? '' : ` (${statuses.join(', ')})`;
	if (isOver(run) && output === undefined) return;
	const where = output === undefined ? '' : ` in ${escapeUnsafe(output)}`;
	process.stderr.write(
		`run ${id}: ${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'}${which}${where}${unfinished}\n`,
	);
}

function guarded<Result>(path: string, work: () => Result): Result {
	try {
		return work();
	} catch (error) {
		throw databaseError(error, path);
	}
}
