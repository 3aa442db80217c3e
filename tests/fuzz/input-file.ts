/** The input that is being run, in a file: it is there however the process ends. Four bytes of length come first. */
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { inputBytesMax } from './mutate.ts';

/** @returns what writes an input over the one before */
export function inputWriter(path: string): (input: Uint8Array) => void {
	const descriptor = openSync(path, 'w', 0o600);
	const buffer = new Uint8Array(4 + inputBytesMax);
	const view = new DataView(buffer.buffer);
	return (input) => {
		const kept = input.subarray(0, inputBytesMax);
		view.setUint32(0, kept.length);
		buffer.set(kept, 4);
		writeSync(descriptor, buffer, 0, 4 + kept.length, 0);
	};
}

/** The input that was written last; empty when there was none, nor a file for it yet. */
export function lastInput(path: string): Uint8Array {
	const bytes = existsSync(path) ? readFileSync(path) : new Uint8Array();
	if (bytes.length < 4) return new Uint8Array();
	const view = new DataView(bytes.buffer, bytes.byteOffset);
	return bytes.subarray(4, 4 + view.getUint32(0));
}
