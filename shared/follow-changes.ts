/**
 * Follows files that may change while a program runs, whatever looks at them and reads them.
 *
 * They are looked at every second. What looks different is read when it has looked the same twice: who writes a file in
 * place has it empty or half there for a moment. It is read once more at the look after that, because two versions within
 * the grain of a file system's times look the same. What is wrong or missing is read at every look until it is good
 * again; until then, what was read before stays in force.
 *
 * A look is a `stat` (inode, size and time of the last change): it notices editors that replace a file as well, and works
 * where a network's file system tells of no events.
 */
import { onAbort } from './abort.ts';
import type { Clock } from './clock.ts';
import { PingpoolError } from './errors.ts';

/** Between two looks, and between two while something changes. */
const lookMs = 1_000;
const settleMs = 200;

export interface FollowChangesOptions<Look extends { readonly text: string }> {
	/** how it looked before it was read the first time; `text` stays the same as long as the files do */
	readonly seen: string;
	readonly look: () => Promise<Look>;
	/** Reads what was looked at. @throws PingpoolError when it is missing or wrong */
	readonly read: (look: Look) => void;
	/** told of each reading that went well. Default: nobody */
	readonly onRead?: () => void;
	/** takes the error's message, once while it stays the same */
	readonly onProblem: (message: string) => void;
	readonly clock: Clock;
	/** ends it */
	readonly signal: AbortSignal;
}

/** Reads again what changes, until the signal aborts. Rejects in faults of `look` and `read` alone. */
export async function followChanges<Look extends { readonly text: string }>({
	seen,
	look,
	read,
	onRead,
	onProblem,
	clock,
	signal,
}: FollowChangesOptions<Look>): Promise<void> {
	const over = Promise.withResolvers<undefined>();
	const forget = onAbort(signal, () => over.resolve(undefined));
	let before = seen;
	// What changed since it was read the first time.
	let readingsDue = 1;
	let problem: string | undefined;
	let pauseMs = lookMs;
	try {
		while (!signal.aborted) {
			await clock.sleep(pauseMs, signal).catch(() => undefined);
			if (signal.aborted) return;
			// A server of files that does not answer must not hold up the end of the program.
			const now = await Promise.race([look(), over.promise]);
			if (now === undefined) return;
			pauseMs = lookMs;
			if (now.text !== before) {
				before = now.text;
				readingsDue = 2;
				pauseMs = settleMs;
				continue;
			}
			if (readingsDue === 0) continue;
			readingsDue -= 1;
			try {
				read(now);
				problem = undefined;
			} catch (error) {
				if (!(error instanceof PingpoolError)) throw error;
				readingsDue = 1;
				if (error.message !== problem) onProblem(error.message);
				problem = error.message;
				continue;
			}
			onRead?.();
		}
	} finally {
		forget();
	}
}
