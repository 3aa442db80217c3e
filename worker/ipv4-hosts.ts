/**
 * Bare IPv4 addresses of a request in columns, each once: a hash table with open addressing and linear probing
 * finds the ones that are asked for again without an object for each.
 */

/** Bare IPv4 hosts, in columns of the same length. */
export interface Ipv4Hosts {
	/** position in the request */
	readonly index: Uint32Array;
	/** the address as an unsigned 32-bit number */
	readonly ipv4: Uint32Array;
}

/** Random, so that no list can be made whose addresses all meet in one place; it changes no result. Made by the
 * first request: outside of one, Cloudflare's runtime gives no random numbers. */
let seed: number | undefined;

export class Ipv4Gatherer {
	readonly #index: Uint32Array;
	readonly #ipv4: Uint32Array;
	#length = 0;
	/** by hash: one more than the row of an address; 0 for a free place */
	readonly #rows: Uint32Array;
	readonly #shift: number;
	readonly #seed: number;

	/** @param capacity the most addresses that will be added */
	constructor(capacity: number) {
		this.#index = new Uint32Array(capacity);
		this.#ipv4 = new Uint32Array(capacity);
		// At most half full.
		const bits = Math.max(1, 33 - Math.clz32(capacity - 1));
		this.#rows = new Uint32Array(2 ** bits);
		this.#shift = 32 - bits;
		seed ??= crypto.getRandomValues(new Uint32Array(1))[0]!;
		this.#seed = seed;
	}

	/** @returns the first position that asked for the address, which is this one when no other did */
	add(position: number, value: number): number {
		const rows = this.#rows;
		const mask = rows.length - 1;
		// Multiplicative hashing in two rounds (the finalizer of MurmurHash3, shortened).
		let hash = Math.imul(value ^ this.#seed, 0x85eb_ca6b);
		hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35) >>> this.#shift;
		for (let row = rows[hash]!; row !== 0; row = rows[hash]!) {
			if (this.#ipv4[row - 1] === value) return this.#index[row - 1]!;
			hash = (hash + 1) & mask;
		}
		const row = this.#length;
		this.#index[row] = position;
		this.#ipv4[row] = value;
		this.#length = row + 1;
		rows[hash] = row + 1;
		return position;
	}

	get length(): number {
		return this.#length;
	}

	/** The addresses in the order in which they were added. */
	hosts(): Ipv4Hosts {
		return {
			index: this.#index.subarray(0, this.#length),
			ipv4: this.#ipv4.subarray(0, this.#length),
		};
	}
}
