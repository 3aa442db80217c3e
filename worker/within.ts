/** A wait that is given up in time. */
import { noLongerNeeded, onAbort } from '../shared/abort.ts';
import type { Clock } from '../shared/clock.ts';

/** Told apart from everything that a promise may resolve with. */
export const overdue = Symbol('overdue');

/**
 * Waits for a promise for at most `ms`. The promise itself goes on, and its rejection is heard.
 *
 * @returns what it resolves with, or `overdue`; rejects as it does, or with the signal's reason
 */
export async function within<Value>(
	promise: Promise<Value>,
	ms: number,
	clock: Clock,
	signal: AbortSignal,
): Promise<Value | typeof overdue> {
	signal.throwIfAborted();
	const done = new AbortController();
	const forget = onAbort(signal, () => done.abort(signal.reason));
	try {
		return await Promise.race([promise, clock.sleep(ms, done.signal).then((): typeof overdue => overdue)]);
	} finally {
		forget();
		done.abort(noLongerNeeded);
	}
}
