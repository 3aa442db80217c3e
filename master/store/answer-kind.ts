/**
 * What answers are counted and filtered by, in one number: status, reason and worker, without how often was tried
 * (outcome-code.ts has all of it).
 *
 *   bits   0–2      3–9      10–32
 *          status   reason   worker
 */

/** The kind of an answer, as SQL over its `outcome`. */
export const kindSql = '((outcome >> 30) << 10 | (outcome & 1023))';

/** The same of an `outcome` that `packOutcome` has made. */
export function kindOf(outcome: number): number {
	return Math.floor(outcome / 2 ** 30) * 1024 + verdictOf(outcome);
}

/** Status and reason alone: the same for two answers that say the same of a host. */
export function verdictOf(kind: number): number {
	return kind & 1023;
}

export function statusOf(kind: number): number {
	return kind & 7;
}

export function reasonOf(kind: number): number {
	return (kind >> 3) & 127;
}

/** `workers.id` */
export function workerOf(kind: number): number {
	return Math.floor(kind / 1024);
}
