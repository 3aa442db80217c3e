/**
 * HalfSipHash-2-4 with a 64-bit tag over 32-bit words (J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast
 * short-input PRF", 2012; the 32-bit variant is in the reference implementation). It is the variant for
 * machines, and languages, whose fast integers have 32 bits.
 *
 * State lives in an object that is allocated once: a hash allocates nothing.
 */
export class HalfSipHash {
	/** the tag of the last `hash`, low and high half */
	low = 0;
	high = 0;
	readonly #key0: number;
	readonly #key1: number;
	#v0 = 0;
	#v1 = 0;
	#v2 = 0;
	#v3 = 0;

	/** @param key two 32-bit words that nobody else knows */
	constructor(key: readonly [number, number]) {
		this.#key0 = key[0] | 0;
		this.#key1 = key[1] | 0;
	}

	/** The tag of `a`, `b` and `count` words of `rest` from `at`; read it from `low` and `high`. */
	hash(a: number, b: number, rest: Int32Array, at: number, count: number): void {
		this.#v0 = this.#key0;
		this.#v1 = this.#key1 ^ 0xee;
		this.#v2 = 0x6c796765 ^ this.#key0;
		this.#v3 = 0x74656462 ^ this.#key1;
		this.#word(a);
		this.#word(b);
		for (let i = 0; i < count; i += 1) this.#word(rest[at + i]!);
		// The last word holds the length in bytes in its highest byte, as the definition asks.
		this.#word(((8 + 4 * count) << 24) | 0);
		this.#v2 ^= 0xee;
		this.#rounds(4);
		this.low = this.#v1 ^ this.#v3;
		this.#v1 ^= 0xdd;
		this.#rounds(4);
		this.high = this.#v1 ^ this.#v3;
	}

	#word(word: number): void {
		this.#v3 ^= word;
		this.#rounds(2);
		this.#v0 ^= word;
	}

	#rounds(count: number): void {
		let v0 = this.#v0;
		let v1 = this.#v1;
		let v2 = this.#v2;
		let v3 = this.#v3;
		for (let round = 0; round < count; round += 1) {
			v0 = (v0 + v1) | 0;
			v1 = (v1 << 5) | (v1 >>> 27);
			v1 ^= v0;
			v0 = (v0 << 16) | (v0 >>> 16);
			v2 = (v2 + v3) | 0;
			v3 = (v3 << 8) | (v3 >>> 24);
			v3 ^= v2;
			v0 = (v0 + v3) | 0;
			v3 = (v3 << 7) | (v3 >>> 25);
			v3 ^= v0;
			v2 = (v2 + v1) | 0;
			v1 = (v1 << 13) | (v1 >>> 19);
			v1 ^= v2;
			v2 = (v2 << 16) | (v2 >>> 16);
		}
		this.#v0 = v0;
		this.#v1 = v1;
		this.#v2 = v2;
		this.#v3 = v3;
	}
}
