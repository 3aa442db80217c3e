/** A long list of names and addresses in a random order, written without holding it as text. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { formatIpv4 } from '../shared/ip.ts';
import { createRandom } from '../shared/random.ts';

const linesPerWrite = 10_000;
/** 10.0.0.0: the worker that is asked sends nothing to it. */
const firstAddress = 0x0a00_0000;

/**
 * Half of the lines are addresses, half are names.
 *
 * @param seed the same one gives the same list
 * @returns the path
 */
export function writeShuffledList(folder: string, lines: number, seed: number): string {
	const random = createRandom(seed);
	const order = Uint32Array.from({ length: lines }, (_, i) => i);
	// Fisher and Yates.
	for (let i = lines - 1; i > 0; i -= 1) {
		const j = random.below(i + 1);
		[order[i], order[j]] = [order[j]!, order[i]!];
	}
	const path = join(folder, 'shuffled.txt');
	const file = openSync(path, 'w');
	try {
		for (let from = 0; from < lines; from += linesPerWrite) {
			let text = '';
			for (const number of order.subarray(from, from + linesPerWrite)) text += `${hostText(number)}\n`;
			writeSync(file, text);
		}
	} finally {
		closeSync(file);
	}
	return path;
}

function hostText(number: number): string {
	return number % 2 === 0 ? formatIpv4(firstAddress + number) : `host-${number}.site-${number % 97}.example`;
}
