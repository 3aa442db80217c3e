/**
 * What a process did to the files of one folder, in order, read from strace: its system calls with every byte
 * that was written. Only the main thread is traced, so no two calls overlap.
 *
 * Nothing may be missing: a call that changes a file of the folder in a way that is not known here is an error.
 * Of what is mapped into memory only SQLite's -shm is written to, and nothing of that outlives its process.
 */
import { createReadStream } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { startProcess } from '../../process.ts';

export type Operation =
	/** a file is made, empty, under a name that no file had */
	| { readonly type: 'create'; readonly file: number; readonly name: string }
	| { readonly type: 'write'; readonly file: number; readonly offset: number; readonly bytes: Buffer }
	| { readonly type: 'truncate'; readonly file: number; readonly size: number }
	| { readonly type: 'sync'; readonly file: number }
	| { readonly type: 'unlink'; readonly name: string }
	/** the names in the folder are on the disk */
	| { readonly type: 'sync-folder' }
	/** a line of what the process said */
	| { readonly type: 'say'; readonly text: string };

/** Everything that could change a file or a folder; what is not handled below must not meet one of ours. */
const calls = [
	...['openat', 'open', 'creat', 'close', 'dup', 'dup2', 'dup3', 'lseek'],
	...['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'ftruncate', 'truncate', 'fallocate'],
	...['fsync', 'fdatasync', 'sync_file_range', 'syncfs', 'sync', 'copy_file_range', 'sendfile'],
	...['unlink', 'unlinkat', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink'],
];

/**
 * Runs a command under strace to its end.
 *
 * @param folder whose files are of interest; there must be none in it yet
 * @param log file for strace to write to, in another folder
 * @throws Error when the command fails
 */
export async function traceFolder(
	folder: string,
	log: string,
	command: readonly string[],
): Promise<Operation[]> {
	const options = ['-o', log, '-xx', '-s', '1000000', '-e', `trace=${calls.join(',')}`];
	await using traced = startProcess('strace', [...options, ...command]);
	const code = await traced.exited;
	if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${traced.errors()}`);
	const reader = new TraceReader(folder);
	for await (const line of createInterface({ input: createReadStream(log, 'latin1') })) reader.read(line);
	return reader.operations;
}

const stderr = 2;

class TraceReader {
	readonly operations: Operation[] = [];
	readonly #folder: string;
	/** files by the names that they have now */
	readonly #names = new Map<string, number>();
	/** what descriptors stand for: a file of the folder, or the folder */
	readonly #open = new Map<number, number | 'folder'>();
	#files = 0;

	constructor(folder: string) {
		this.#folder = folder;
	}

	read(line: string): void {
		const call = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(line);
		// Signals, and the end of the process. What failed has changed nothing.
		if (call === null || Number(call[3]) < 0) return;
		const [, name, text, result] = call as unknown as [string, string, string, string];
		const args = text.split(', ');
		switch (name) {
			case 'openat':
				this.#opened(bytesIn(args[1]!).toString(), args[2]!, Number(result));
				return;
			case 'close':
				this.#open.delete(Number(args[0]));
				return;
			case 'unlink':
				this.#unlinked(bytesIn(args[0]!).toString(), line);
				return;
			case 'write':
				if (Number(args[0]) === stderr) this.#said(bytesIn(args[1]!).toString());
		}
		const file = this.#open.get(Number(args[0]));
		if (file === 'folder') {
			if (name !== 'fsync') throw unknown(line);
			this.operations.push({ type: 'sync-folder' });
		} else if (file !== undefined) this.#changed(name, file, args, Number(result), line);
		else if (text.includes(hexOf(`${this.#folder}/`))) throw unknown(line);
	}

	#changed(call: string, file: number, args: readonly string[], result: number, line: string): void {
		switch (call) {
			case 'pwrite64': {
				const bytes = bytesIn(args[1]!).subarray(0, result);
				if (bytes.length !== result) throw new Error('strace has left out some of what was written');
				this.operations.push({ type: 'write', file, offset: Number(args[3]), bytes });
				return;
			}
			case 'ftruncate':
				this.operations.push({ type: 'truncate', file, size: Number(args[1]) });
				return;
			case 'fsync':
			case 'fdatasync':
				this.operations.push({ type: 'sync', file });
				return;
			default:
				throw unknown(line);
		}
	}

	#opened(path: string, flags: string, descriptor: number): void {
		if (path === this.#folder) this.#open.set(descriptor, 'folder');
		if (dirname(path) !== this.#folder) return;
		const name = basename(path);
		// Lost with its process, and made anew from the log.
		if (name.endsWith('-shm')) return;
		let file = this.#names.get(name);
		if (file === undefined) {
			file = this.#files;
			this.#files += 1;
			this.#names.set(name, file);
			this.operations.push({ type: 'create', file, name });
		} else if (/O_TRUNC/.test(flags)) throw unknown(path);
		this.#open.set(descriptor, file);
	}

	#unlinked(path: string, line: string): void {
		const name = basename(path);
		if (dirname(path) !== this.#folder || name.endsWith('-shm')) return;
		if (!this.#names.delete(name)) throw unknown(line);
		this.operations.push({ type: 'unlink', name });
	}

	#said(text: string): void {
		for (const line of text.trimEnd().split('\n')) this.operations.push({ type: 'say', text: line });
	}
}

function unknown(line: string): Error {
	return new Error(`nothing is known here of this change to the disk: ${line.slice(0, 200)}`);
}

/** What strace shows as "\x68\x6f…". */
function bytesIn(quoted: string): Buffer {
	return Buffer.from(quoted.replaceAll(/["\\x]/g, ''), 'hex');
}

function hexOf(text: string): string {
	return Array.from(Buffer.from(text), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
