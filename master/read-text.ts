/** A small file as text, or the end of a sentence that starts with its name. */
import type { Stats } from 'node:fs';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { systemErrorCode } from '../shared/errors.ts';

export interface ReadTextOptions {
	readonly bytesMax: number;
	/** makes the error */
	readonly fail: (problem: string) => Error;
}

/** Room for what does not say how much it has, to begin with. */
const leastBytes = 16 * 1024;

/** @throws what `fail` makes */
export function readText(path: string, { bytesMax, fail }: ReadTextOptions): string {
	const trying = <Result>(action: () => Result): Result => {
		try {
			return action();
		} catch (error) {
			throw fail(problemOf(error));
		}
	};
	const stats: Stats = trying(() => statSync(path));
	if (stats.isDirectory()) throw fail('is a folder; a file is expected');
	const bytes = trying(() => readStart(path, stats.size, bytesMax + 1));
	if (bytes.length > bytesMax) throw fail(`is larger than ${bytesMax} bytes`);
	return bytes.toString('utf8');
}

/**
 * What is no file (a pipe, a device) does not say how much it has.
 *
 * @param size that it is said to have, in bytes
 */
function readStart(path: string, size: number, bytesMax: number): Buffer {
	const descriptor = openSync(path, 'r');
	try {
		let bytes = Buffer.allocUnsafe(Math.min(Math.max(size, leastBytes) + 1, bytesMax));
		let length = 0;
		while (length < bytesMax) {
			if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * length, bytesMax));
			const read = readSync(descriptor, bytes, length, bytes.length - length, null);
			if (read === 0) break;
			length += read;
		}
		return bytes.subarray(0, length);
	} finally {
		closeSync(descriptor);
	}
}

function problemOf(error: unknown): string {
	const code = systemErrorCode(error);
	if (code === undefined) throw error;
	if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
	if (code === 'EACCES' || code === 'EPERM') return `may not be read by this user (${code})`;
	return `can not be read (${code})`;
}
