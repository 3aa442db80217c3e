/** The runs of a database, as the dashboard knows them. */
import type { Database } from 'better-sqlite3';
import type { RunRow } from '../../shared/dashboard-api.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { runsListedMax } from '../../shared/limits.ts';
import type { ByStatus } from '../../shared/outcome.ts';
import { statuses } from '../../shared/outcome.ts';
import { runUnit } from '../store/schema.ts';
import { shownNumber, shownSql, shownText } from './shown-values.ts';

/** Options that have more characters than this were not written by us. */
const optionsCharsMax = 16_384;

const columns = `id, ${shownSql('state')} AS state, started_at AS startedAtMs,
	finished_at AS finishedAtMs, total, ${statuses.join(', ')},
	${shownSql('fingerprint')} AS fingerprint, substr(options, 1, ${optionsCharsMax}) AS options`;

/** These columns, as anybody may have written them. */
type RawRun = Readonly<Record<keyof RunRow | keyof ByStatus, unknown>>;

/** The newest runs, the newest first. @param max Default: as many as a page is told of */
export function listRuns(db: Database, max = runsListedMax): RunRow[] {
	const rows = db.prepare<[number], RawRun>(`SELECT ${columns} FROM runs ORDER BY id DESC LIMIT ?`).all(max);
	return rows.map(toRun);
}

/** @throws PingpoolError `not-found` */
export function readRun(db: Database, id: number): RunRow {
	const run = runAt(db, id);
	if (run === undefined) throw new PingpoolError('not-found', `there is no run ${id} in the database`);
	return run;
}

/** The run of a number, if there is one. */
export function runAt(db: Database, id: number): RunRow | undefined {
	const row = db.prepare<[number], RawRun>(`SELECT ${columns} FROM runs WHERE id = ?`).get(id);
	return row && toRun(row);
}

/** Whether no more rows can come: not so of a run that was broken off, which may go on. */
export function isOver({ state }: Pick<RunRow, 'state'>): boolean {
	return state === 'finished' || state === 'imported';
}

/** The positions of a run are below this; 0 without rows. */
export function positionsOf(db: Database, runId: number): number {
	const base = runId * runUnit;
	const last = db
		.prepare<[number, number], number | null>('SELECT max(id) FROM answers WHERE id >= ? AND id < ?')
		.pluck()
		.get(base, base + runUnit);
	return typeof last === 'number' ? last - base + 1 : 0;
}

function toRun(raw: RawRun): RunRow {
	const counts = statuses.map((status) => [status, shownNumber(raw[status])] as const);
	return {
		id: shownNumber(raw.id) ?? 0,
		state: shownText(raw.state) ?? '',
		startedAtMs: shownNumber(raw.startedAtMs) ?? 0,
		finishedAtMs: shownNumber(raw.finishedAtMs),
		total: shownNumber(raw.total) ?? 0,
		byStatus: counts.every(([, count]) => count !== null) ? (Object.fromEntries(counts) as ByStatus) : null,
		fingerprint: shownText(raw.fingerprint) ?? '',
		options: parseOptions(raw.options),
	};
}

/** @returns no options at all for what is no object of plain values: anybody may have written it */
function parseOptions(text: unknown): RunRow['options'] {
	try {
		const options: unknown = JSON.parse(String(text));
		if (typeof options !== 'object' || options === null || Array.isArray(options)) return {};
		return Object.fromEntries(
			Object.entries(options).filter(([, value]) => value === null || typeof value !== 'object'),
		);
	} catch {
		return {};
	}
}
