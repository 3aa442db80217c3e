/** The runs of a database, as who exports them wants to know of them. */
import type { Database } from 'better-sqlite3';
import { escapeUnsafe } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { formatCount } from '../../shared/format.ts';

/** Runs that a message names, the newest ones. */
const namedMax = 10;

export interface RunFacts {
	readonly id: number;
	readonly state: string;
	readonly startedAtMs: number;
	/** targets that it was begun with */
	readonly total: number;
}

const columns = 'id, state, started_at AS startedAtMs, total';

/**
 * @param id of a run; `undefined` for the newest one
 * @param name what messages call the database
 * @throws PingpoolError `invalid-input` that names the runs that there are
 */
export function findRun(db: Database, id: number | undefined, name: string): RunFacts {
	const newest = db
		.prepare<[number], RunFacts>(`SELECT ${columns} FROM runs ORDER BY id DESC LIMIT ?`)
		.all(namedMax);
	if (id === undefined) {
		if (newest[0] !== undefined) return newest[0];
		throw new PingpoolError('invalid-input', `${name} has no run in it`);
	}
	const run = db.prepare<[number], RunFacts>(`SELECT ${columns} FROM runs WHERE id = ?`).get(id);
	if (run !== undefined) return run;
	throw new PingpoolError('invalid-input', `${name} has no run ${id}`, {
		hint: newest.length === 0 ? 'It has none at all.' : `It has ${newest.map(nameOf).join(', ')}.`,
	});
}

/** `run 3 (finished, 1,000 hosts, 2026-11-22)` */
function nameOf({ id, state, total, startedAtMs }: RunFacts): string {
	const date = new Date(startedAtMs);
	const day = Number.isNaN(date.getTime()) ? 'no date' : date.toISOString().slice(0, 10);
	return `run ${id} (${escapeUnsafe(String(state))}, ${formatCount(total)} hosts, ${day})`;
}
