/**
 * The hosts of one run, to be looked up by those of another: a table with open addressing, in 23 bytes of typed arrays
 * per slot. A bare IPv4 address is its own key; of every other host the key is a hash of 96 bits with a random key,
 * by which two different ones of ten million are taken for one with a probability of 10^-15.
 */
import { KeyedHash } from '../../targets/keyed-hash.ts';
import { ipv4In } from '../text-columns.ts';

const loadMax = 0.75;
const empty = 0xffff_ffff;
/** second word of the key of an address; no hash has it */
const addressMark = 0xffff_ffff;
const rttUsMax = 2 ** 31 - 1;

export class HostKey {
	readonly #hash: KeyedHash;
	word0 = 0;
	word1 = 0;
	word2 = 0;
	/** from 0 to below 1, as if by chance, and the same for the same host */
	share = 0;

	/** @param key four random words */
	constructor(key: Uint32Array) {
		this.#hash = new KeyedHash(key);
	}

	/** Makes the key of a host that stands in bytes. */
	set(bytes: Uint8Array, start: number, end: number): void {
		const value = ipv4In(bytes, start, end);
		if (value >= 0) {
			this.word0 = value;
			this.word1 = addressMark;
			this.word2 = 0;
			this.share = scramble(value ^ this.#hash.seed) / 2 ** 32;
			return;
		}
		this.#hash.hash(bytes, start, end, 0);
		this.word0 = this.#hash.word0;
		this.word1 = this.#hash.word1 === addressMark ? 0 : this.#hash.word1;
		this.word2 = this.#hash.word2;
		this.share = this.word2 / 2 ** 32;
	}
}

/** The end of murmur3. */
function scramble(value: number): number {
	let x = value;
	x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
	x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
	return (x ^ (x >>> 16)) >>> 0;
}

export class JoinTable {
	/** by slot; `positions` says which are empty */
	positions: Uint32Array;
	verdicts: Uint16Array;
	rttUs: Int32Array;
	#keys: Uint32Array;
	#isMatched: Uint8Array;
	#used = 0;

	/** @param rows that it will have, or a few more; it grows when there are many more */
	constructor(rows: number) {
		const slots = 2 ** Math.ceil(Math.log2(Math.max(64, rows / loadMax)));
		this.positions = new Uint32Array(slots).fill(empty);
		this.verdicts = new Uint16Array(slots);
		this.rttUs = new Int32Array(slots);
		this.#keys = new Uint32Array(3 * slots);
		this.#isMatched = new Uint8Array(slots);
	}

	/** A host that is there already keeps its row. */
	add(key: HostKey, position: number, verdict: number, rttUs: number): void {
		if (this.#used > loadMax * this.positions.length) this.#grow();
		this.#put(key.word0, key.word1, key.word2, position, verdict, Math.min(rttUs, rttUsMax));
	}

	/** @returns the slot of a host, which is matched from now on, or -1 */
	match({ word0, word1, word2 }: HostKey): number {
		const slot = this.#slotOf(word0, word1, word2);
		if (this.positions[slot] === empty) return -1;
		this.#isMatched[slot] = 1;
		return slot;
	}

	/** Positions of all that nobody matched, in ascending order. */
	unmatched(): Uint32Array {
		const left = new Uint32Array(this.#used);
		let rows = 0;
		for (let slot = 0; slot < this.positions.length; slot += 1) {
			if (this.positions[slot] === empty || this.#isMatched[slot] === 1) continue;
			left[rows] = this.positions[slot]!;
			rows += 1;
		}
		return left.slice(0, rows).sort();
	}

	/** Where a key stands, or the empty slot where it would. */
	#slotOf(word0: number, word1: number, word2: number): number {
		const { length } = this.positions;
		const keys = this.#keys;
		let slot = scramble(word0 ^ word2) & (length - 1);
		for (;;) {
			if (this.positions[slot] === empty) return slot;
			const at = 3 * slot;
			if (keys[at] === word0 && keys[at + 1] === word1 && keys[at + 2] === word2) return slot;
			slot = (slot + 1) & (length - 1);
		}
	}

	#put(word0: number, word1: number, word2: number, position: number, verdict: number, rttUs: number): void {
		const slot = this.#slotOf(word0, word1, word2);
		if (this.positions[slot] !== empty) return;
		this.#keys[3 * slot] = word0;
		this.#keys[3 * slot + 1] = word1;
		this.#keys[3 * slot + 2] = word2;
		this.positions[slot] = position;
		this.verdicts[slot] = verdict;
		this.rttUs[slot] = rttUs;
		this.#used += 1;
	}

	#grow(): void {
		const { positions, verdicts, rttUs } = this;
		const keys = this.#keys;
		const larger = new JoinTable(positions.length);
		for (let slot = 0; slot < positions.length; slot += 1) {
			if (positions[slot] === empty) continue;
			const at = 3 * slot;
			larger.#put(keys[at]!, keys[at + 1]!, keys[at + 2]!, positions[slot]!, verdicts[slot]!, rttUs[slot]!);
		}
		this.positions = larger.positions;
		this.verdicts = larger.verdicts;
		this.rttUs = larger.rttUs;
		this.#keys = larger.#keys;
		this.#isMatched = larger.#isMatched;
	}
}
