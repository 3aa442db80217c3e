/** Reading what may be no file: a pipe or a device does not say how much it has, and may never end. */
import { readSync } from 'node:fs';

const leastBytes = 16 * 1024;

/**
 * @param descriptor opened for reading
 * @param bytesMax the most that is read, and a byte more to know of
 * @returns `undefined` when there is more
 * @throws what the system says
 */
export function readAtMost(descriptor: number, bytesMax: number): Buffer | undefined {
	let bytes = Buffer.allocUnsafe(Math.min(leastBytes, bytesMax + 1));
	let length = 0;
	for (;;) {
		const read = readSync(descriptor, bytes, length, bytes.length - length, null);
		length += read;
		if (read === 0) return bytes.subarray(0, length);
		if (length > bytesMax) return undefined;
		if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * length, bytesMax + 1));
	}
}
