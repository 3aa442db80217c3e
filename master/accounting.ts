/** The books of a run: every host that was accepted has one row, and every answer that came is in the database. */
import { PingpoolError } from '../shared/errors.ts';
import { formatCount } from '../shared/format.ts';
import { statuses } from '../shared/outcome.ts';
import type { RunCounts } from './store/store.ts';

export interface Books {
	/** hosts of the list */
	readonly accepted: number;
	/** of them, those that had a row when the run was continued; 0 for a new run */
	readonly doneBefore: number;
	/** of them, those whose answer came since */
	readonly arrived: number;
	/** all rows of the run, counted by the database itself */
	readonly stored: RunCounts;
	/** whether the run is said to have finished: then nothing may be open */
	readonly complete: boolean;
}

/** Rows of all statuses. */
export function sumOf(counts: RunCounts): number {
	return statuses.reduce((sum, status) => sum + counts[status], 0);
}

/** @returns what does not add up, or `undefined` when everything does */
export function accountingError({
	accepted,
	doneBefore,
	arrived,
	stored,
	complete,
}: Books): PingpoolError | undefined {
	const rows = sumOf(stored);
	const expected = doneBefore + arrived;
	if (rows !== expected) {
		const of = doneBefore === 0 ? '' : ` (${formatCount(doneBefore)} of them before the run was continued)`;
		return wrong(
			`${formatCount(expected)} answers arrived${of}, but the database has ${formatCount(rows)} of them`,
		);
	}
	if (complete && rows !== accepted) {
		return wrong(`${formatCount(accepted)} hosts were to be pinged, ${formatCount(rows)} have an answer`);
	}
	return undefined;
}

function wrong(message: string): PingpoolError {
	return new PingpoolError('internal', message, {
		hint: 'The numbers of this run are not to be trusted: run the same command with --fresh, and please report it.',
	});
}
