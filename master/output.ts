/** Where a command writes what it is asked for: to a stream whose reader may leave, or to a file that is there whole or not at all. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, realpathSync, renameSync, statSync, unlinkSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { onAbort } from '../shared/abort.ts';
import { escapeUnsafe } from '../shared/display.ts';
import { messageOf, PingpoolError } from '../shared/errors.ts';

export interface Output {
	/** @returns whether there is somebody who wants more, once there is room for it */
	write(content: string | Uint8Array): Promise<boolean>;
	/** What was written is all. */
	finish(): Promise<void>;
	/** What was written is not to be kept. Does nothing after `finish`. */
	discard(): Promise<void>;
}

/**
 * @param path of the file; `undefined` for standard output
 * @param signal ends waiting for a slow reader
 * @throws PingpoolError `invalid-input`
 */
export async function openOutput(path: string | undefined, signal: AbortSignal): Promise<Output> {
	return path === undefined ? streamOutput(process.stdout, signal) : fileOutput(path);
}

/** Waits while the reader is slower, and says when it has gone (`| head`), the disk behind it is full, or the signal
 * has come. */
function streamOutput(stream: Writable, signal: AbortSignal): Output {
	const gone = Promise.withResolvers<boolean>();
	let isGone = false;
	const onGone = (): void => {
		isGone = true;
		gone.resolve(false);
	};
	const forget = onAbort(signal, onGone);
	// Who listens to errors here keeps them from ending the process.
	stream.on('error', onGone).on('close', onGone);
	return {
		async write(content) {
			// Of itself, standard output does not tell: it takes more after every error.
			if (isGone || stream.destroyed) return false;
			if (content.length === 0 || stream.write(content)) return true;
			const drained = Promise.withResolvers<boolean>();
			const onDrain = (): void => drained.resolve(true);
			stream.once('drain', onDrain);
			const more = await Promise.race([drained.promise, gone.promise]);
			stream.off('drain', onDrain);
			return more;
		},
		async finish() {},
		async discard() {
			forget();
			stream.off('error', onGone).off('close', onGone);
		},
	};
}

/**
 * Writes beside the file, and puts it in its place at the end: whoever looks sees the old one or the new one, whole.
 * A new file is its owner's alone, as the database is; one that is there keeps the mode that somebody gave it. What
 * is no file (a pipe, a device) is written to as it is.
 *
 * @throws PingpoolError `invalid-input`
 */
async function fileOutput(path: string): Promise<Output> {
	try {
		const stats = statSync(path, { throwIfNoEntry: false });
		if (stats !== undefined && !stats.isFile()) return direct(await open(path, 'w'), path);
		// To take its place, the right to write in its folder would be enough: whoever protected it means more.
		if (stats !== undefined) closeSync(openSync(path, 'r+'));
		const mode = stats === undefined ? 0o600 : stats.mode & 0o777;
		// Through a link, it is the file behind it that is replaced.
		const target = stats === undefined ? path : realpathSync(path);
		// Shorter than the longest name that there can be, as the file's own may be that.
		const name = `.${basename(target).slice(0, 40)}.${randomBytes(6).toString('hex')}.tmp`;
		const beside = join(dirname(target), name);
		const handle = await open(beside, 'wx', 0o600);
		return replacing({ handle, beside, target, mode });
	} catch (error) {
		throw failure(path, error);
	}
}

/** Written over by what was read from it, a database would be lost. @throws PingpoolError `usage` */
export function refuseFilesOf(file: string, db: string): void {
	const target = statSync(file, { throwIfNoEntry: false });
	if (target === undefined) return;
	for (const suffix of ['', '-wal', '-shm', '-journal', '-master']) {
		const own = statSync(db + suffix, { throwIfNoEntry: false });
		if (own === undefined || own.ino !== target.ino || own.dev !== target.dev) continue;
		throw new PingpoolError('usage', `${escapeUnsafe(file)} belongs to the database that is read`, {
			hint: 'Give another file with -o.',
		});
	}
}

interface Replacement {
	readonly handle: FileHandle;
	/** where it is written */
	readonly beside: string;
	/** where it is to be */
	readonly target: string;
	readonly mode: number;
}

function replacing({ handle, beside, target, mode }: Replacement): Output {
	let done = false;
	return {
		...direct(handle, target),
		async finish() {
			try {
				await handle.chmod(mode);
				await handle.close();
				renameSync(beside, target);
				done = true;
			} catch (error) {
				throw failure(target, error);
			}
		},
		async discard() {
			if (done) return;
			await handle.close().catch(() => undefined);
			unlinkSync(beside);
		},
	};
}

function direct(handle: FileHandle, path: string): Output {
	return {
		async write(content) {
			try {
				await handle.appendFile(content);
				return true;
			} catch (error) {
				throw failure(path, error);
			}
		},
		finish: () => handle.close(),
		discard: () => handle.close(),
	};
}

function failure(path: string, error: unknown): PingpoolError {
	// Behind the comma, Node names its call and a file that may be ours.
	const reason = messageOf(error).split(', ')[0];
	return new PingpoolError('invalid-input', `${escapeUnsafe(path)} can not be written: ${reason}`, {
		cause: error,
		hint: 'Give a file with -o that you may write, on a disk with room for it.',
	});
}
