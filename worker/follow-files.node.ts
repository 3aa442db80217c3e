/**
 * Files that may change while a worker runs: tokens, certificates.
 *
 * They are looked at every second (`stat`: inode, size and time of the last change, which notices files that are
 * replaced as well, and works where a network's file system tells of no events). What looks different is read when
 * it has looked the same twice, because who writes a file in place has it empty or half there for a moment, and once
 * more at the look after that, because two versions within the grain of the file system's times look the same. What
 * is wrong is read at every look until it is good again.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from '../shared/clock.ts';
import { quote } from '../shared/display.ts';
import { PingpoolError, systemErrorCode } from '../shared/errors.ts';

/** Between two looks, and between two while a file changes. */
const lookMs = 1_000;
const settleMs = 200;

export interface FollowFilesOptions {
	readonly files: readonly string[];
	/** Reads all of them. @throws PingpoolError when one is missing or wrong: what was read before stays in force */
	readonly read: () => void;
	/** takes the error's message, once while it stays the same */
	readonly onProblem: (message: string) => void;
	readonly clock: Clock;
	/** ends it */
	readonly signal: AbortSignal;
}

/** Reads files again when they change, until the signal aborts. Never rejects because of them. A pipe, which can be
 * read only once, is not followed. */
export async function followFiles({
	files,
	read,
	onProblem,
	clock,
	signal,
}: FollowFilesOptions): Promise<void> {
	let seen = await lookAt(files);
	if (seen === undefined) return;
	// What changed since the caller read them.
	let readingsDue = 1;
	let problem: string | undefined;
	let pauseMs = lookMs;
	for (;;) {
		await clock.sleep(pauseMs, signal).catch(() => undefined);
		if (signal.aborted) return;
		const found = await lookAt(files);
		const look = found ?? 'no file';
		pauseMs = lookMs;
		if (look !== seen) {
			seen = look;
			readingsDue = 2;
			pauseMs = settleMs;
			continue;
		}
		if (readingsDue === 0) continue;
		readingsDue -= 1;
		try {
			// Opening a pipe waits for its writer, and reading a device may never end: the whole worker would stand still.
			if (found === undefined)
				throw new PingpoolError('usage', `${files.map(quote).join(' or ')} is no file now`);
			read();
			problem = undefined;
		} catch (error) {
			if (!(error instanceof PingpoolError)) throw error;
			readingsDue = 1;
			if (error.message !== problem) onProblem(error.message);
			problem = error.message;
		}
	}
}

/** @returns a text that is the same as long as the files are; `undefined` when one of them is none */
async function lookAt(files: readonly string[]): Promise<string | undefined> {
	const looks = await Promise.all(files.map(lookOf));
	return looks.includes(undefined) ? undefined : looks.join('\n');
}

async function lookOf(file: string): Promise<string | undefined> {
	try {
		const stats = await stat(file, { bigint: true });
		if (!stats.isFile() && !stats.isDirectory()) return undefined;
		return `${stats.dev} ${stats.ino} ${stats.mode} ${stats.size} ${stats.mtimeNs}`;
	} catch (error) {
		const code = systemErrorCode(error);
		if (code === undefined) throw error;
		return code;
	}
}
