/**
 * The addresses that lead to this machine itself, beside loopback: those of its interfaces, and on Linux all that
 * the kernel delivers locally, among them addresses of interfaces without a carrier (a bridge of a container runtime
 * that has no container), which Node leaves out, and blocks that a `local` route hands to a program.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { CidrSet } from '../../shared/cidr-set.ts';
import { CidrSetBuilder } from '../../shared/cidr-set.ts';
import type { Clock } from '../../shared/clock.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import { parseCidr } from '../../shared/ip.ts';

/** An interface may come later. */
const readMsMin = 1_000;

/** What is read of a table of routes. A router with the whole Internet's goes by its interfaces alone. */
const tableBytesMax = 1024 * 1024;

/** @returns a function that gives the same set for a second, and as long as nothing changes */
export function createOwnAddresses(
	clock: Clock,
	read: () => readonly string[] = readOwnBlocks,
): () => CidrSet {
	let known: string | undefined;
	let addresses = new CidrSetBuilder().build();
	let readMs = Number.NEGATIVE_INFINITY;
	return () => {
		const nowMs = clock.monotonicMs();
		if (known !== undefined && nowMs - readMs < readMsMin) return addresses;
		readMs = nowMs;
		const blocks = readUnlessShort(read, known !== undefined);
		const text = blocks?.join(' ');
		if (blocks === undefined || text === known) return addresses;
		known = text;
		const builder = new CidrSetBuilder();
		for (const block of blocks.map((one) => parseCidr(one))) {
			if (block !== undefined) builder.addCidr(block);
		}
		addresses = builder.build();
		return addresses;
	};
}

/** @returns `undefined` when the machine is short of something (descriptors, memory) and what was known may serve */
function readUnlessShort(read: () => readonly string[], isKnown: boolean): readonly string[] | undefined {
	try {
		return read();
	} catch (error) {
		if (isKnown && systemErrorCode(error) !== undefined) return undefined;
		throw error;
	}
}

function readOwnBlocks(): readonly string[] {
	const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
	return [
		// A link-local IPv6 address may have its zone behind it.
		...interfaces.map(({ address }) => address.replace(/%.*/, '')),
		// Not by /proc/net, which the service does not see (ProcSubset=pid).
		...localBlocksOfTrie(readTable('/proc/self/net/fib_trie')),
		...localBlocksOfRoutes(readTable('/proc/self/net/ipv6_route')),
	];
}

/**
 * @param text of /proc/net/fib_trie: under each address (`|-- 10.0.0.1`), what begins there (`/32 host LOCAL`)
 * @returns what is delivered locally, as blocks
 */
export function localBlocksOfTrie(text: string): string[] {
	const blocks: string[] = [];
	let address = '';
	for (const line of text.split('\n')) {
		address = /^ *\|-- ([0-9.]+)$/.exec(line)?.[1] ?? address;
		const prefix = /^ *\/([0-9]+) [a-z]+ LOCAL\b/.exec(line)?.[1];
		if (prefix !== undefined) blocks.push(`${address}/${prefix}`);
	}
	return blocks;
}

/** Flags of a route: RTF_LOCAL and RTF_ANYCAST of Linux's ipv6_route.h. */
const localFlags = 0x8010_0000;

/**
 * @param text of /proc/net/ipv6_route: destination and length of its prefix in hexadecimal, …, flags, interface
 * @returns what is delivered locally, as blocks
 */
export function localBlocksOfRoutes(text: string): string[] {
	const blocks: string[] = [];
	for (const line of text.split('\n')) {
		const match = /^([0-9a-f]{32}) ([0-9a-f]{2}) .* ([0-9a-f]{8}) +\S+$/.exec(line);
		if (match === null || (Number.parseInt(match[3]!, 16) & localFlags) === 0) continue;
		const address = match[1]!.replace(/(?<=.)(?=(.{4})+$)/g, ':');
		blocks.push(`${address}/${Number.parseInt(match[2]!, 16)}`);
	}
	return blocks;
}

/**
 * @returns '' for a table that is not there, may not be read, or is too long
 * @throws what else the system says: without it, addresses of this machine would be taken for others'
 */
function readTable(path: string): string {
	let file: number;
	try {
		file = openSync(path, 'r');
	} catch (error) {
		if (!['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error;
		return '';
	}
	try {
		const bytes = Buffer.allocUnsafe(tableBytesMax);
		let length = 0;
		for (;;) {
			const read = readSync(file, bytes, length, bytes.length - length, null);
			if (read === 0) return bytes.toString('latin1', 0, length);
			length += read;
			if (length === bytes.length) return '';
		}
	} finally {
		closeSync(file);
	}
}
