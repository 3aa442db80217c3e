/** The input that is being run, in a file: it is there however the process ends. Four bytes of length come first. */
import { openSync, readFileSync, writeSync } from 'node:fs';
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

/** The input that was written last; empty when there was none. */
export function lastInput(path: string): Uint8Array {
	const bytes = readFileSync(path);
	return bytes.length < 4 ? new Uint8Array() : bytes.subarray(4, 4 + bytes.readUInt32BE(0));
}
