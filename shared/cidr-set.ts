/**
 * A set of IP addresses as blocks and ranges of them, hundreds of thousands if need be.
 *
 * The ranges of one family are disjoint, sorted, and do not touch; a binary search over their starts finds the only
 * one that an address may be in; with many IPv4 ranges, a table by the first two octets says between which. To merge
 * them, starts and ends are sorted each for themselves: behind the k-th end
 * is a gap exactly when the next start is beyond it, because then as many ranges have ended as have begun.
 *
 * An IPv6 range inside of `::ffff:0:0/96` is the IPv4 range that it maps, so that a rule holds for an address in
 * whatever way either of the two was written. A wider IPv6 block (`::/0`) is one of IPv6 addresses only.
 */
import type { Cidr, IpAddress } from './ip.ts';
import { mappedIpv4, readUint32 } from './ip.ts';

/** Words of an IPv6 address. */
const words = 4;

/** From so many IPv4 ranges on, the table by octets (256 KiB) is worth its room. */
const rangesForTable = 1_024;

export class CidrSet {
	readonly #starts: Uint32Array;
	readonly #ends: Uint32Array;
	/** by the first two octets: how many ranges start before them */
	readonly #table: Uint32Array | undefined;
	/** four words each, the highest first */
	readonly #starts6: Uint32Array;
	readonly #ends6: Uint32Array;

	constructor(
		ipv4: { starts: Uint32Array; ends: Uint32Array },
		ipv6: { starts: Uint32Array; ends: Uint32Array },
	) {
		this.#starts = ipv4.starts;
		this.#ends = ipv4.ends;
		this.#table = ipv4.starts.length < rangesForTable ? undefined : tableOf(ipv4.starts);
		this.#starts6 = ipv6.starts;
		this.#ends6 = ipv6.ends;
	}

	/** Ranges that are left after merging, of both families. */
	get size(): number {
		return this.#starts.length + this.#starts6.length / words;
	}

	has(address: IpAddress): boolean {
		return address.family === 4 ? this.hasIpv4(address.value) : this.#hasIpv6(address.bytes);
	}

	/** The same for an IPv4 address as an unsigned 32-bit number. */
	hasIpv4(value: number): boolean {
		const starts = this.#starts;
		// The range is the last one that starts at or before the value.
		let from = this.#table === undefined ? 0 : this.#table[value >>> 16]!;
		let to = this.#table === undefined ? starts.length : this.#table[(value >>> 16) + 1]!;
		while (from < to) {
			const middle = (from + to) >>> 1;
			if (starts[middle]! <= value) from = middle + 1;
			else to = middle;
		}
		return from > 0 && value <= this.#ends[from - 1]!;
	}

	#hasIpv6(bytes: Uint8Array): boolean {
		if (this.#starts6.length === 0) return false;
		const value = Uint32Array.of(
			readUint32(bytes, 0),
			readUint32(bytes, 4),
			readUint32(bytes, 8),
			readUint32(bytes, 12),
		);
		let from = 0;
		let to = this.#starts6.length / words;
		while (from < to) {
			const middle = (from + to) >>> 1;
			if (compareAt(this.#starts6, middle, value) <= 0) from = middle + 1;
			else to = middle;
		}
		return from > 0 && compareAt(this.#ends6, from - 1, value) >= 0;
	}

	/** Hands every range to a builder. */
	addTo(builder: CidrSetBuilder): void {
		for (let i = 0; i < this.#starts.length; i += 1) builder.addIpv4(this.#starts[i]!, this.#ends[i]!);
		for (let i = 0; i < this.#starts6.length; i += words) {
			builder.addIpv6(bytesAt(this.#starts6, i), bytesAt(this.#ends6, i));
		}
	}
}

export class CidrSetBuilder {
	readonly #starts: number[] = [];
	readonly #ends: number[] = [];
	readonly #starts6: bigint[] = [];
	readonly #ends6: bigint[] = [];

	/** Ranges that were added. */
	get count(): number {
		return this.#starts.length + this.#starts6.length;
	}

	/** Both ends are included. */
	addIpv4(first: number, last: number): void {
		this.#starts.push(first);
		this.#ends.push(last);
	}

	/** Both ends are included. */
	addIpv6(first: Uint8Array, last: Uint8Array): void {
		const mappedFirst = mappedIpv4(first);
		const mappedLast = mappedIpv4(last);
		if (mappedFirst !== undefined && mappedLast !== undefined) {
			this.addIpv4(mappedFirst, mappedLast);
			return;
		}
		this.#starts6.push(toBigInt(first));
		this.#ends6.push(toBigInt(last));
	}

	/** Host bits of the block do not count. */
	addCidr({ address, prefix }: Cidr): void {
		if (address.family === 4) {
			const size = 2 ** (32 - prefix);
			const first = Math.floor(address.value / size) * size;
			this.addIpv4(first, first + size - 1);
			return;
		}
		const first = address.bytes.slice();
		const last = address.bytes.slice();
		for (let i = prefix >> 3; i < 16; i += 1) {
			const hostBits = i === prefix >> 3 ? 0xff >> (prefix & 7) : 0xff;
			first[i]! &= ~hostBits;
			last[i]! |= hostBits;
		}
		this.addIpv6(first, last);
	}

	build(): CidrSet {
		const ipv4 = mergeIpv4(Uint32Array.from(this.#starts), Uint32Array.from(this.#ends));
		return new CidrSet(ipv4, mergeIpv6(this.#starts6, this.#ends6));
	}
}

/** A set of blocks. */
export function cidrSet(blocks: readonly Cidr[]): CidrSet {
	const builder = new CidrSetBuilder();
	for (const block of blocks) builder.addCidr(block);
	return builder.build();
}

/** A set of all that the sets hold. */
export function unionOf(sets: readonly CidrSet[]): CidrSet {
	if (sets.length === 1) return sets[0]!;
	const builder = new CidrSetBuilder();
	for (const set of sets) set.addTo(builder);
	return builder.build();
}

function tableOf(starts: Uint32Array): Uint32Array {
	const table = new Uint32Array(2 ** 16 + 1);
	for (const start of starts) table[(start >>> 16) + 1]! += 1;
	for (let i = 1; i < table.length; i += 1) table[i]! += table[i - 1]!;
	return table;
}

/** Merges in place. */
function mergeIpv4(starts: Uint32Array, ends: Uint32Array) {
	starts.sort();
	ends.sort();
	let kept = 0;
	for (let i = 0, first = 0; i < starts.length; i += 1) {
		if (i + 1 < starts.length && starts[i + 1]! <= ends[i]! + 1) continue;
		starts[kept] = starts[first]!;
		ends[kept] = ends[i]!;
		kept += 1;
		first = i + 1;
	}
	return { starts: starts.slice(0, kept), ends: ends.slice(0, kept) };
}

function mergeIpv6(starts: bigint[], ends: bigint[]) {
	const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
	starts.sort(ascending);
	ends.sort(ascending);
	const merged = {
		starts: new Uint32Array(starts.length * words),
		ends: new Uint32Array(starts.length * words),
	};
	let kept = 0;
	for (let i = 0, first = 0; i < starts.length; i += 1) {
		if (i + 1 < starts.length && starts[i + 1]! <= ends[i]! + 1n) continue;
		writeWords(merged.starts, kept, starts[first]!);
		writeWords(merged.ends, kept, ends[i]!);
		kept += words;
		first = i + 1;
	}
	return { starts: merged.starts.slice(0, kept), ends: merged.ends.slice(0, kept) };
}

function compareAt(bounds: Uint32Array, place: number, value: Uint32Array): number {
	for (let word = 0; word < words; word += 1) {
		const difference = bounds[place * words + word]! - value[word]!;
		if (difference !== 0) return difference;
	}
	return 0;
}

function toBigInt(bytes: Uint8Array): bigint {
	return (
		(BigInt(readUint32(bytes, 0)) << 96n) |
		(BigInt(readUint32(bytes, 4)) << 64n) |
		(BigInt(readUint32(bytes, 8)) << 32n) |
		BigInt(readUint32(bytes, 12))
	);
}

function writeWords(bounds: Uint32Array, at: number, value: bigint): void {
	for (let word = 0; word < words; word += 1) {
		bounds[at + word] = Number((value >> BigInt(96 - 32 * word)) & 0xffff_ffffn);
	}
}

function bytesAt(bounds: Uint32Array, at: number): Uint8Array {
	const bytes = new Uint8Array(16);
	const view = new DataView(bytes.buffer);
	for (let word = 0; word < words; word += 1) view.setUint32(word * 4, bounds[at + word]!);
	return bytes;
}
