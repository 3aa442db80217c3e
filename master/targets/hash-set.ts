/**
 * A set of byte strings that holds only their keyed hashes: 92 bits each, in 11 to 16 bytes of typed arrays.
 *
 * 12 bits choose one of 4,096 segments, 80 are stored in it by open addressing. Segments are made when first
 * needed and grow one by one, so there is never a moment when a whole second table exists. Two different
 * strings are taken for one with a probability of n² / 2^93: 10^-14 for ten million.
 */
import { free } from './free.ts';
import type { KeyedHash } from './keyed-hash.ts';

const segmentCount = 4_096;
/** 16-bit words of one slot */
const slotWords = 5;
type Slots = Uint16Array<ArrayBuffer>;
const slotsAtFirst = 8;
const growth = 1.3;
const loadMax = 0.8;

export class HashSet {
	readonly #hash: KeyedHash;
	readonly #segments = new Array<Slots | undefined>(segmentCount).fill(undefined);
	readonly #used = new Uint32Array(segmentCount);

	constructor(hash: KeyedHash) {
		this.#hash = hash;
	}

	/** @returns whether it is new */
	add(bytes: Uint8Array, start: number, end: number, domain: number): boolean {
		const segment = this.#hashed(bytes, start, end, domain);
		const { word0, word1, word2 } = this.#hash;
		let slots = this.#segments[segment];
		if (slots === undefined) {
			slots = new Uint16Array(slotsAtFirst * slotWords);
			this.#segments[segment] = slots;
		}
		const place = find(slots, word0 & 0xffff || 1, word1, word2);
		if (slots[place] !== 0) return false;
		put(slots, place, word0 & 0xffff || 1, word1, word2);
		const used = this.#used[segment]! + 1;
		this.#used[segment] = used;
		if (used * slotWords > slots.length * loadMax) this.#segments[segment] = grown(slots);
		return true;
	}

	has(bytes: Uint8Array, start: number, end: number, domain: number): boolean {
		const slots = this.#segments[this.#hashed(bytes, start, end, domain)];
		if (slots === undefined) return false;
		const { word0, word1, word2 } = this.#hash;
		return slots[find(slots, word0 & 0xffff || 1, word1, word2)] !== 0;
	}

	/** Gives the memory back now; the set may not be used again. */
	free(): void {
		for (const slots of this.#segments) if (slots !== undefined) free(slots);
		this.#segments.length = 0;
	}

	#hashed(bytes: Uint8Array, start: number, end: number, domain: number): number {
		this.#hash.hash(bytes, start, end, domain);
		return this.#hash.word0 >>> 20;
	}
}

/** Where the hash stands, or the empty slot where it would; a slot is empty when its first word is 0. */
function find(slots: Slots, tag: number, word1: number, word2: number): number {
	const { length } = slots;
	const a = word1 >>> 16;
	const b = word1 & 0xffff;
	const c = word2 >>> 16;
	const d = word2 & 0xffff;
	let place = (word1 % (length / slotWords)) * slotWords;
	for (;;) {
		const held = slots[place]!;
		if (held === 0) return place;
		if (
			held === tag &&
			slots[place + 1] === a &&
			slots[place + 2] === b &&
			slots[place + 3] === c &&
			slots[place + 4] === d
		) {
			return place;
		}
		place += slotWords;
		if (place === length) place = 0;
	}
}

function put(slots: Slots, place: number, tag: number, word1: number, word2: number): void {
	slots[place] = tag;
	slots[place + 1] = word1 >>> 16;
	slots[place + 2] = word1 & 0xffff;
	slots[place + 3] = word2 >>> 16;
	slots[place + 4] = word2 & 0xffff;
}

function grown(old: Slots): Slots {
	const slots = new Uint16Array(Math.ceil((old.length / slotWords) * growth) * slotWords);
	for (let place = 0; place < old.length; place += slotWords) {
		const tag = old[place]!;
		if (tag === 0) continue;
		const word1 = ((old[place + 1]! << 16) | old[place + 2]!) >>> 0;
		const word2 = ((old[place + 3]! << 16) | old[place + 4]!) >>> 0;
		put(slots, find(slots, tag, word1, word2), tag, word1, word2);
	}
	free(old);
	return slots;
}
