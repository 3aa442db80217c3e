/**
 * An exact set of IPv4 addresses that is small for a whole /8 and for ten million random ones alike, after the
 * idea of Roaring bitmaps (Lemire et al.): a /16 that is sparse, one that is dense and one that is full are held
 * in different ways.
 *
 * - full: a word. Dense, from 1,024 addresses on: a bitmap of 8 KiB.
 * - sparse: hashed with the 15 other /16s of its /12 into one table of 20-bit rests, 5 to 7 bytes an address.
 *   A table per /16 would be smaller still, but 65,536 small arrays cost more than what is in them.
 */
import { free } from './free.ts';

const denseFrom = 1_024;
const bitmapWords = 2_048;
const all = 65_536;
const tables = 4_096;
const slotsAtFirst = 8;
const growth = 1.3;
const loadMax = 0.8;

type Words = Uint32Array<ArrayBuffer>;

/** Takes consecutive addresses that were all new, or all known. */
export type TakeRun = (isNew: boolean, count: number) => void;

export class Ipv4Set {
	/** per /16: its bitmap, or that it is full; `undefined` when it is sparse */
	readonly #dense = new Array<Words | 'full' | undefined>(all).fill(undefined);
	readonly #counts = new Uint32Array(all);
	/** per /12: rests + 1 of its sparse addresses; 0 is an empty slot */
	readonly #sparse = new Array<Words | undefined>(tables).fill(undefined);
	readonly #sparseCounts = new Uint32Array(tables);
	readonly #multiplier: number;

	/** @param key random, so that no list can be written whose addresses all want the same slot */
	constructor(key: number) {
		this.#multiplier = key | 1;
	}

	/** @returns whether it is new */
	add(value: number): boolean {
		const high = value >>> 16;
		const dense = this.#dense[high];
		if (dense === 'full') return false;
		if (dense !== undefined) {
			if (!setBit(dense, value & 0xffff)) return false;
			if (this.#count(high) === all) this.#dense[high] = 'full';
			return true;
		}
		if (!this.#addSparse(value)) return false;
		if (this.#count(high) === denseFrom) this.#makeDense(high);
		return true;
	}

	has(value: number): boolean {
		const dense = this.#dense[value >>> 16];
		if (dense === 'full') return true;
		if (dense !== undefined) return (dense[(value >>> 5) & 2047]! & (1 << (value & 31))) !== 0;
		const table = this.#sparse[value >>> 20];
		return table !== undefined && table[this.#find(table, (value & 0xfffff) + 1)] !== 0;
	}

	/** Adds `count` addresses from `first` on, and tells in order which of them were new. */
	addRange(first: number, count: number, take: TakeRun): void {
		const end = first + count;
		for (let at = first; at < end; ) {
			const high = Math.floor(at / all);
			const next = Math.min(end, (high + 1) * all);
			if (this.#dense[high] === 'full') take(false, next - at);
			else if (next - at === all && this.#counts[high] === 0) {
				this.#dense[high] = 'full';
				this.#counts[high] = all;
				take(true, all);
			} else for (let value = at; value < next; value += 1) take(this.add(value), 1);
			at = next;
		}
	}

	/** How many of `count` addresses from `first` on are in the set. */
	countRange(first: number, count: number): number {
		const end = first + count;
		let found = 0;
		for (let at = first; at < end; ) {
			const high = Math.floor(at / all);
			const next = Math.min(end, (high + 1) * all);
			if (this.#dense[high] === 'full') found += next - at;
			else if (next - at === all) found += this.#counts[high]!;
			else if (this.#counts[high]! > 0) {
				for (let value = at; value < next; value += 1) if (this.has(value)) found += 1;
			}
			at = next;
		}
		return found;
	}

	/** Gives the memory back now; the set may not be used again. */
	free(): void {
		for (const bitmap of this.#dense) if (bitmap !== undefined && bitmap !== 'full') free(bitmap);
		for (const table of this.#sparse) if (table !== undefined) free(table);
		this.#dense.length = 0;
		this.#sparse.length = 0;
	}

	#count(high: number): number {
		const count = this.#counts[high]! + 1;
		this.#counts[high] = count;
		return count;
	}

	#addSparse(value: number): boolean {
		const at = value >>> 20;
		let table = this.#sparse[at];
		if (table === undefined) {
			table = new Uint32Array(slotsAtFirst);
			this.#sparse[at] = table;
		}
		const rest = (value & 0xfffff) + 1;
		const slot = this.#find(table, rest);
		if (table[slot] !== 0) return false;
		table[slot] = rest;
		const count = this.#sparseCounts[at]! + 1;
		this.#sparseCounts[at] = count;
		if (count > table.length * loadMax) {
			this.#sparse[at] = this.#rebuilt(table, Math.ceil(table.length * growth), () => true);
		}
		return true;
	}

	/** Moves the addresses of a /16 out of its table, into a bitmap. */
	#makeDense(high: number): void {
		const bitmap = new Uint32Array(bitmapWords);
		this.#dense[high] = bitmap;
		const at = high >>> 4;
		const table = this.#sparse[at]!;
		this.#sparseCounts[at]! -= denseFrom;
		this.#sparse[at] = this.#rebuilt(table, table.length, (rest) => {
			if ((rest - 1) >>> 16 !== (high & 15)) return true;
			setBit(bitmap, (rest - 1) & 0xffff);
			return false;
		});
	}

	#rebuilt(old: Words, length: number, keep: (rest: number) => boolean): Words {
		const table = new Uint32Array(length);
		for (const rest of old) if (rest !== 0 && keep(rest)) table[this.#find(table, rest)] = rest;
		free(old);
		return table;
	}

	/** Where a rest stands, or the empty slot where it would. */
	#find(table: Words, rest: number): number {
		const { length } = table;
		let slot = (Math.imul(rest, this.#multiplier) >>> 8) % length;
		for (;;) {
			const held = table[slot]!;
			if (held === rest || held === 0) return slot;
			slot += 1;
			if (slot === length) slot = 0;
		}
	}
}

/** @returns whether it was not set before */
function setBit(bitmap: Words, low: number): boolean {
	const word = low >>> 5;
	const bit = 1 << (low & 31);
	if ((bitmap[word]! & bit) !== 0) return false;
	bitmap[word]! |= bit;
	return true;
}
