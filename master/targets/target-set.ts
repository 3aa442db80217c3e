/**
 * The targets that a list has had so far. Bare IPv4 addresses are held exactly (ipv4-set.ts), IPv6 ranges as
 * intervals, and everything else as keyed hashes of its canonical text (hash-set.ts): no text is held.
 */
import { readUint32 } from '../../shared/ip.ts';
import type { AddressRange, Target } from '../../shared/target.ts';
import { addToIpv6 } from '../../shared/target.ts';
import { HashSet } from './hash-set.ts';
import type { TakeRun } from './ipv4-set.ts';
import { Ipv4Set } from './ipv4-set.ts';
import { Ipv6Ranges, roomInPrefix } from './ipv6-ranges.ts';
import type { KeyedHash } from './keyed-hash.ts';

/** What a hash is of: a text and an address of the same bytes are two things. */
const textDomain = 0;
const ipv6Domain = 1;

export class TargetSet {
	readonly ipv4: Ipv4Set;
	readonly #ipv6Ranges = new Ipv6Ranges();
	readonly #hashes: HashSet;
	#hasIpv6Hashes = false;

	constructor(hash: KeyedHash) {
		this.ipv4 = new Ipv4Set(hash.seed);
		this.#hashes = new HashSet(hash);
	}

	/** Adds a canonical text, given as ASCII bytes. @returns whether it is new */
	addText(bytes: Uint8Array, start: number, end: number): boolean {
		return this.#hashes.add(bytes, start, end, textDomain);
	}

	hasText(bytes: Uint8Array, start: number, end: number): boolean {
		return this.#hashes.has(bytes, start, end, textDomain);
	}

	/** @returns whether it is new */
	addTarget(target: Target): boolean {
		const { address } = target;
		if (address !== undefined && isBare(target)) {
			if (address.family === 4) return this.ipv4.add(address.value);
			if (this.#ipv6Ranges.has(address.bytes)) return false;
			this.#hasIpv6Hashes = true;
			return this.#hashes.add(address.bytes, 0, 16, ipv6Domain);
		}
		const bytes = Buffer.from(target.text, 'latin1');
		return this.addText(bytes, 0, bytes.length);
	}

	hasIpv6(address: Uint8Array): boolean {
		if (this.#ipv6Ranges.has(address)) return true;
		return this.#hasIpv6Hashes && this.#hashes.has(address, 0, 16, ipv6Domain);
	}

	/** Adds all addresses of a range, and tells in order which of them were new. */
	addRange(range: AddressRange, take: TakeRun): void {
		if (range.family === 4) {
			this.ipv4.addRange(range.first, range.count, take);
			return;
		}
		for (let done = 0; done < range.count; ) {
			const first = done === 0 ? range.first : addToIpv6(range.first, done);
			const count = roomInPrefix(first, range.count - done);
			let at = 0;
			this.#ipv6Ranges.add(first, count, (isNew, run) => {
				if (isNew && this.#hasIpv6Hashes) this.#takeUnhashed(first, at, run, take);
				else take(isNew, run);
				at += run;
			});
			done += count;
		}
	}

	/** How many addresses of a range are in the set. */
	countRange(range: AddressRange): number {
		if (range.family === 4) return this.ipv4.countRange(range.first, range.count);
		let found = 0;
		for (let done = 0; done < range.count; ) {
			const first = done === 0 ? range.first : addToIpv6(range.first, done);
			const count = roomInPrefix(first, range.count - done);
			if (!this.#hasIpv6Hashes) found += this.#ipv6Ranges.count(first, count);
			else for (let i = 0; i < count; i += 1) if (this.hasIpv6(addToIpv6(first, i))) found += 1;
			done += count;
		}
		return found;
	}

	/** Gives the memory back now; the set may not be used again. */
	free(): void {
		this.ipv4.free();
		this.#hashes.free();
	}

	/** Tells of addresses that no range had, which of them no line had. */
	#takeUnhashed(first: Uint8Array, offset: number, count: number, take: TakeRun): void {
		const address = addToIpv6(first, offset);
		let low = readUint32(address, 12);
		for (let i = 0; i < count; i += 1, low += 1) {
			address[13] = low >>> 16;
			address[14] = low >>> 8;
			address[15] = low;
			take(!this.#hashes.has(address, 0, 16, ipv6Domain), 1);
		}
	}
}

/** A host without scheme and port, which takes the probe that was asked for. */
export function isBare(target: Target): boolean {
	return target.scheme === undefined && target.port === undefined;
}
