/** Which two runs are meant. */
import type { Database } from 'better-sqlite3';
import type { RunRow } from '../../shared/dashboard-api.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { findRun } from '../query/find-run.ts';
import { isOver, listRuns } from '../query/run-rows.ts';

export interface RunPair {
	readonly before: RunRow;
	readonly after: RunRow;
}

/**
 * @param name what messages call the database
 * @throws PingpoolError `invalid-input` that says which runs there are
 */
export function pickRuns(
	db: Database,
	{ before, after }: { readonly before: number | undefined; readonly after: number | undefined },
	name: string,
): RunPair {
	const [older, newer] = [findRun(db, before, name), findRun(db, after, name)];
	if (before !== undefined && before === after) {
		throw new PingpoolError('invalid-input', `run ${before} is no different from itself`, {
			hint: 'Give two runs: the older one and the newer one.',
		});
	}
	if (before !== undefined && after !== undefined) return { before: older, after: newer };
	const over = listRuns(db).filter(isOver);
	const [newest] = over;
	if (newest === undefined) throw nothingToCompare(name, 'no finished run');
	if (before !== undefined) {
		if (before === newest.id) throw nothingToCompare(name, `no finished run after run ${before}`);
		return { before: older, after: newest };
	}
	const [, ...others] = over;
	const previous = others.find(({ fingerprint }) => fingerprint === newest.fingerprint) ?? others[0];
	if (previous === undefined) throw nothingToCompare(name, `one finished run alone, run ${newest.id}`);
	return { before: previous, after: newest };
}

function nothingToCompare(name: string, what: string): PingpoolError {
	return new PingpoolError('invalid-input', `${name} has ${what}: there is nothing to compare`, {
		hint: 'Give two runs, as in pingpool diff 1 2; unfinished ones may be compared as well.',
	});
}
