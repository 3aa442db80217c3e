/**
 * A keyed hash of short byte strings: HalfSipHash-2-4 (Aumasson, Bernstein: SipHash, a fast short-input PRF; the
 * 32-bit variant of its reference code), with all four words of state keyed and three words of output. With a
 * random key nobody can write a list whose lines collide. Kept to 32-bit operations, which is what makes it
 * fast in JavaScript.
 */

export class KeyedHash {
	readonly #key: Uint32Array;
	/** the last hash: three words */
	word0 = 0;
	word1 = 0;
	word2 = 0;

	/** @param key four random words */
	constructor(key: Uint32Array) {
		if (key.length !== 4) throw new RangeError(`a key of 4 words is expected, not ${key.length}`);
		this.#key = key;
	}

	/** A word of the key, for tables that need only an unpredictable order. */
	get seed(): number {
		return this.#key[0]!;
	}

	/**
	 * Hashes `bytes` from `start` to `end` into `word0` to `word2`.
	 *
	 * @param domain 0 to 255: the same bytes hash differently in another domain
	 */
	hash(bytes: Uint8Array, start: number, end: number, domain: number): void {
		const key = this.#key;
		let v0 = key[0]! | 0;
		let v1 = key[1]! | 0;
		let v2 = (0x6c796765 ^ key[2]!) | 0;
		let v3 = (0x74656462 ^ key[3]! ^ domain) | 0;
		const length = end - start;
		const whole = start + (length & ~3);
		let at = start;
		let rounds = 0;
		let message = 0;
		// One loop for message, length and output, so that the round stands here once.
		for (let phase = 0; ; ) {
			if (phase === 0) {
				if (at < whole) {
					message = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
					at += 4;
				} else {
					message = length << 24;
					for (let shift = 0; at < end; at += 1, shift += 8) message |= bytes[at]! << shift;
					phase = 1;
				}
				v3 ^= message;
				rounds = 2;
			} else if (phase === 1) {
				v2 ^= 0xff;
				rounds = 4;
				phase = 2;
			} else {
				v1 ^= 0xdd;
				rounds = 4;
				phase += 1;
			}
			for (; rounds > 0; rounds -= 1) {
				v0 = (v0 + v1) | 0;
				v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
				v0 = (v0 << 16) | (v0 >>> 16);
				v2 = (v2 + v3) | 0;
				v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
				v0 = (v0 + v3) | 0;
				v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
				v2 = (v2 + v1) | 0;
				v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
				v2 = (v2 << 16) | (v2 >>> 16);
			}
			if (phase <= 1) v0 ^= message;
			else if (phase === 2) this.word0 = (v1 ^ v3) >>> 0;
			else if (phase === 3) this.word1 = (v1 ^ v3) >>> 0;
			else {
				this.word2 = (v1 ^ v3) >>> 0;
				return;
			}
		}
	}
}
