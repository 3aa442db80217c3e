/** Lists of hosts, by the address plan of tests/lab/lab.ts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatIpv4 } from '../shared/ip.ts';

/** 10.0.0.0/10: the kernel of the far namespace answers for all of it. */
export const firstAliveHost = 0x0a00_0000;
export const aliveHostsMax = 2 ** 22;
/** 10.128.0.0/10: dropped without a word. */
export const firstDeadHost = 0x0a80_0000;

/** So many addresses, one per line. */
export function addressLines(first: number, count: number): string {
	return Array.from({ length: count }, (_, i) => formatIpv4(first + i))
		.join('\n')
		.concat('\n');
}

/** `10.0.0.0-10.0.3.231`: so many addresses as pingpool and masscan write them. */
export function addressRange(first: number, count: number): string {
	return `${formatIpv4(first)}-${formatIpv4(first + count - 1)}`;
}

/** The fewest CIDR blocks that are exactly so many addresses. */
export function addressBlocks(first: number, count: number): string[] {
	const blocks: string[] = [];
	for (let at = first, left = count; left > 0; ) {
		let bits = 31 - Math.clz32(left);
		// A block begins at a multiple of its size.
		while (at % 2 ** bits !== 0) bits -= 1;
		blocks.push(`${formatIpv4(at)}/${32 - bits}`);
		at += 2 ** bits;
		left -= 2 ** bits;
	}
	return blocks;
}

/** Writes a list once for all rounds. @returns its path */
export function writeList(folder: string, name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
}
