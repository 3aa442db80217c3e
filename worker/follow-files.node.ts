/** Files that may change while a worker runs: tokens, certificates (shared/follow-changes.ts says how). */
import { stat } from 'node:fs/promises';
import type { Clock } from '../shared/clock.ts';
import { quote } from '../shared/display.ts';
import { PingpoolError, systemErrorCode } from '../shared/errors.ts';
import { followChanges } from '../shared/follow-changes.ts';

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
	const first = await lookAt(files);
	if (!first.areFiles) return;
	await followChanges({
		seen: first.text,
		look: () => lookAt(files),
		read: ({ areFiles }) => {
			// Opening a pipe waits for its writer, and reading a device may never end: the whole worker would stand still.
			if (!areFiles) throw new PingpoolError('usage', `${files.map(quote).join(' or ')} is no file now`);
			read();
		},
		onProblem,
		clock,
		signal,
	});
}

interface Look {
	/** the same as long as the files are */
	readonly text: string;
	/** false when one of them is a pipe or a device */
	readonly areFiles: boolean;
}

async function lookAt(files: readonly string[]): Promise<Look> {
	const looks = await Promise.all(files.map(lookOf));
	return { text: looks.join('\n'), areFiles: !looks.includes(noFile) };
}

const noFile = 'no file';

async function lookOf(file: string): Promise<string> {
	try {
		const stats = await stat(file, { bigint: true });
		if (!stats.isFile() && !stats.isDirectory()) return noFile;
		return `${stats.dev} ${stats.ino} ${stats.mode} ${stats.size} ${stats.mtimeNs}`;
	} catch (error) {
		const code = systemErrorCode(error);
		if (code === undefined) throw error;
		return code;
	}
}
