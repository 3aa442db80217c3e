/** Which run the user of a command means. */
import type { Database } from 'better-sqlite3';
import type { RunRow } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { formatPlural } from '../../shared/format.ts';
import { listRuns, runAt } from './run-rows.ts';

/** Runs that a message names, the newest ones. */
const namedMax = 10;

/**
 * @param id of a run; `undefined` for the newest one
 * @param name what messages call the database
 * @throws PingpoolError `invalid-input` that names the runs that there are
 */
export function findRun(db: Database, id: number | undefined, name: string): RunRow {
	const newest = listRuns(db, namedMax);
	if (id === undefined) {
		if (newest[0] !== undefined) return newest[0];
		throw new PingpoolError('invalid-input', `${name} has no run in it`);
	}
	const run = runAt(db, id);
	if (run !== undefined) return run;
	throw new PingpoolError('invalid-input', `${name} has no run ${id}`, {
		hint: newest.length === 0 ? 'It has none at all.' : `It has ${newest.map(nameOf).join(', ')}.`,
	});
}

/** `run 3 (finished, 1,000 hosts, 2026-11-22)` */
function nameOf({ id, state, total, startedAtMs }: RunRow): string {
	const date = new Date(startedAtMs);
	const day = Number.isNaN(date.getTime()) ? 'no date' : date.toISOString().slice(0, 10);
	return `run ${id} (${escapeUnsafe(String(state))}, ${formatPlural(total, 'host')}, ${day})`;
}
