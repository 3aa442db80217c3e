/**
 * The bytes of a list, to be read more than once: a regular file as it stands, anything else (stdin, a FIFO)
 * from a temporary copy.
 */
import { randomBytes } from 'node:crypto';
import { type BigIntStats, open as openFile } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, stat, unlink } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { escapeUnsafe } from '../../shared/display.ts';
import { messageOf, PingpoolError, systemErrorCode } from '../../shared/errors.ts';
import type { ListInput } from './target-list.ts';

const openDescriptor = promisify(openFile);

export class ListFile {
	/** what messages call it */
	readonly name: string;
	readonly sizeBytes: number;
	readonly #handle: FileHandle;
	readonly #stats: BigIntStats;
	/** a temporary file that could not be unlinked while it is open */
	#toUnlink: string | undefined;

	constructor(name: string, handle: FileHandle, stats: BigIntStats, toUnlink: string | undefined) {
		this.name = name;
		this.sizeBytes = Number(stats.size);
		this.#handle = handle;
		this.#stats = stats;
		this.#toUnlink = toUnlink;
	}

	/** Reads bytes at a position. @returns how many; 0 at the end */
	async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
		try {
			const { bytesRead } = await this.#handle.read(buffer, offset, length, position);
			return bytesRead;
		} catch (error) {
			throw new PingpoolError('invalid-input', `${this.name} can not be read: ${messageOf(error)}`, {
				cause: error,
			});
		}
	}

	/** @throws PingpoolError `invalid-input` when the file is no longer what it was when it was opened */
	async checkUnchanged(): Promise<void> {
		const { size, mtimeNs } = await this.#handle.stat({ bigint: true });
		if (size !== this.#stats.size || mtimeNs !== this.#stats.mtimeNs) throw changed(this.name);
	}

	/** A second call does nothing. */
	async close(): Promise<void> {
		await this.#handle.close();
		if (this.#toUnlink === undefined) return;
		await unlink(this.#toUnlink).catch(() => {});
		this.#toUnlink = undefined;
	}
}

export function changed(name: string): PingpoolError {
	return new PingpoolError('invalid-input', `${name} has changed while it was read`, {
		hint: 'Run again, with a list that nobody writes to meanwhile.',
	});
}

/**
 * @param tempDir folder of temporary files
 * @param onBytes takes how many bytes of a stream have been copied
 * @throws PingpoolError `invalid-input`, or the signal's reason
 */
export async function openListFile(
	input: ListInput,
	{
		tempDir = tmpdir(),
		signal,
		onBytes = () => {},
		missingHint = 'Give the list of hosts with --hosts FILE, or - to read it from stdin.',
	}: {
		tempDir?: string | undefined;
		signal: AbortSignal;
		onBytes?: (bytes: number) => void;
		/** what to do when there is no such file */
		missingHint?: string;
	},
): Promise<ListFile> {
	if ('stream' in input) return spool(input.name, input.stream as Readable, { tempDir, signal, onBytes });
	const name = escapeUnsafe(input.path);
	const handle = await openPath(input.path, name, missingHint);
	if (handle instanceof Socket) return spool(name, handle, { tempDir, signal, onBytes });
	try {
		const stats = await handle.stat({ bigint: true });
		if (stats.isFile()) return new ListFile(name, handle, stats, undefined);
	} catch (error) {
		await handle.close();
		throw error;
	}
	try {
		return await spool(name, handle.createReadStream({ autoClose: false }), { tempDir, signal, onBytes });
	} finally {
		await handle.close();
	}
}

/** @returns a socket for a FIFO: a file's read that waits for its writer could not be given up */
async function openPath(path: string, name: string, missingHint: string): Promise<FileHandle | Socket> {
	try {
		// Asked first: a folder can be opened, and fails only when it is read.
		const stats = await stat(path);
		if (stats.isDirectory()) {
			throw new PingpoolError(
				'invalid-input',
				`${name} is a folder; a file with one host per line is expected`,
			);
		}
		if (stats.isFIFO()) return new Socket({ fd: await openDescriptor(path, 'r'), writable: false });
		return await open(path, 'r');
	} catch (error) {
		if (error instanceof PingpoolError) throw error;
		const code = systemErrorCode(error);
		if (code === 'ENOENT' || code === 'ENOTDIR') {
			throw new PingpoolError('invalid-input', `${name} does not exist`, {
				cause: error,
				hint: missingHint,
			});
		}
		if (code === 'EACCES' || code === 'EPERM') {
			throw new PingpoolError('invalid-input', `${name} may not be read by this user (${code})`, {
				cause: error,
				hint: 'Give yourself the right to read it.',
			});
		}
		throw new PingpoolError('invalid-input', `${name} can not be opened: ${messageOf(error)}`, {
			cause: error,
		});
	}
}

async function spool(
	name: string,
	stream: Readable,
	{ tempDir, signal, onBytes }: { tempDir: string; signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<ListFile> {
	const path = join(tempDir, `pingpool-${randomBytes(12).toString('hex')}.tmp`);
	let handle: FileHandle | undefined;
	try {
		handle = await open(path, 'wx+', 0o600);
		// Unlinked at once where that can be done: then nothing is left behind, however the process ends.
		const toUnlink = process.platform === 'win32' ? path : undefined;
		if (toUnlink === undefined) await unlink(path);
		let bytes = 0;
		// Aborted before or after the loop listens, it would be an error that nobody takes, which ends the process.
		stream.on('error', () => undefined);
		signal.throwIfAborted();
		for await (const chunk of addAbortSignal(signal, stream)) {
			const piece = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
			for (let done = 0; done < piece.length; ) done += (await handle.write(piece, done)).bytesWritten;
			bytes += piece.length;
			onBytes(bytes);
		}
		return new ListFile(name, handle, await handle.stat({ bigint: true }), toUnlink);
	} catch (error) {
		stream.destroy();
		await handle?.close();
		await unlink(path).catch(() => {});
		signal.throwIfAborted();
		throw new PingpoolError(
			'invalid-input',
			`${name} can not be copied to ${escapeUnsafe(tempDir)}: ${messageOf(error)}`,
			{
				cause: error,
				hint: 'The list is kept in a temporary file meanwhile; TMPDIR says where.',
			},
		);
	}
}
