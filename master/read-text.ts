/** A small file as text, or the end of a sentence that starts with its name. */
import type { Stats } from 'node:fs';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { systemErrorCode } from '../shared/errors.ts';

export interface ReadTextOptions {
	readonly bytesMax: number;
	/** makes the error */
	readonly fail: (problem: string) => Error;
}

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
	const bytes = trying(() => readStart(path, bytesMax + 1));
	if (bytes.length > bytesMax) throw fail(`is larger than ${bytesMax} bytes`);
	return bytes.toString('utf8');
}

/** What is no file (a pipe, a device) does not say how much it has. */
function readStart(path: string, bytesMax: number): Buffer {
	const descriptor = openSync(path, 'r');
	try {
		const bytes = Buffer.allocUnsafe(bytesMax);
		let length = 0;
		for (let read = -1; read !== 0; length += read) {
			read = readSync(descriptor, bytes, length, bytesMax - length, null);
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
