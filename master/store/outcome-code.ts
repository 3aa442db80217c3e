/**
 * Five small facts of an answer in one integer, because binding a value costs more than anything else in an
 * insert: packed, 1.0 million rows/s were measured where a column each gave 0.6 million.
 *
 *   bits   0–2      3–9      10–19   20–29   30–52
 *          status   reason   sent    lost    worker
 *
 * Statuses and reasons are positions in shared/outcome.ts, lost is sent - received, worker is workers.id. What
 * is most frequent is small, because SQLite stores small integers in few bytes: up at the first try, from the
 * first worker, is 1024.
 */
import { countMax } from '../../shared/limits.ts';
import { reasons, statuses } from '../../shared/outcome.ts';

const reasonUnit = 2 ** 3;
const sentUnit = 2 ** 10;
const lostUnit = 2 ** 20;
const workerUnit = 2 ** 30;
const workersMax = 2 ** 23;

if (statuses.length > 8 || reasons.length > 128 || countMax > 1023) {
	throw new Error('outcome-code.ts: statuses, reasons or counts no longer fit their bits');
}

/**
 * @returns the packed integer, below 2^53
 * @throws RangeError when a number does not fit; whoever takes answers from workers has to check them first
 */
export function packOutcome(
	status: number,
	reason: number,
	sent: number,
	received: number,
	worker: number,
): number {
	const lost = sent - received;
	// Negated, so that NaN fails too.
	if (
		!(status >= 0 && status < 8 && reason >= 0 && reason < 128 && sent <= 1023 && lost >= 0 && received >= 0)
	) {
		throw new RangeError(
			`no row can hold status ${status}, reason ${reason}, sent ${sent}, received ${received}`,
		);
	}
	if (worker >= workersMax) throw new RangeError(`no more than ${workersMax} workers fit a database`);
	return status + reason * reasonUnit + sent * sentUnit + lost * lostUnit + worker * workerUnit;
}

/** A packed integer with the id of its worker in place of the worker's position in `workerIds`. */
export function withWorker(packed: number, workerIds: readonly number[]): number {
	const worker = Math.floor(packed / workerUnit);
	const id = workerIds[worker]!;
	if (id >= workersMax) throw new RangeError(`no more than ${workersMax} workers fit a database`);
	return packed + (id - worker) * workerUnit;
}

/** The status of a packed integer, and so on: what `packOutcome` was given, `worker` being `workers.id`. */
export interface Outcome {
	readonly status: number;
	readonly reason: number;
	readonly sent: number;
	readonly received: number;
	readonly worker: number;
}

/** @param packed of a row that `packOutcome` has made; of another number, anything within the bits */
export function unpackOutcome(packed: number): Outcome {
	// Operators on bits see the lower 32 of them, of which 30 are wanted.
	const sent = (packed >> 10) & 1023;
	return {
		status: packed & 7,
		reason: (packed >> 3) & 127,
		sent,
		received: sent - ((packed >> 20) & 1023),
		worker: Math.floor(packed / workerUnit),
	};
}

/** The same fields as SQL expressions over a column `outcome`. */
export const outcomeSql = {
	status: '(outcome & 7)',
	reason: '((outcome >> 3) & 127)',
	sent: '((outcome >> 10) & 1023)',
	lost: '((outcome >> 20) & 1023)',
	worker: '(outcome >> 30)',
} as const;
