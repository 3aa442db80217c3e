/** What happened, as a number that tells two runs apart, and in words when somebody reads it. */
export class Trace {
	readonly #say: ((line: string) => void) | undefined;
	readonly #startMs: number;
	#hash = 0x811c9dc5;

	/** @param say takes lines of text; without it, only the number is kept */
	constructor(startMs: number, say?: (line: string) => void) {
		this.#startMs = startMs;
		this.#say = say;
	}

	/** Of all that was added so far. */
	get hash(): number {
		return this.#hash >>> 0;
	}

	/**
	 * @param a and `b`: numbers that say what is particular about it
	 * @param text in words; only called when somebody reads
	 */
	add(nowMs: number, a: number, b: number, text: () => string): void {
		// FNV-1a over 32-bit words; times differ by less than a microsecond only when they are the same.
		let hash = this.#hash;
		hash = Math.imul(hash ^ (nowMs * 1_000), 0x01000193);
		hash = Math.imul(hash ^ a, 0x01000193);
		hash = Math.imul(hash ^ b, 0x01000193);
		this.#hash = hash ^ (hash >>> 15);
		if (this.#say === undefined) return;
		const ms = (nowMs - this.#startMs).toFixed(1).padStart(10);
		this.#say(`${ms} ms  ${text()}`);
	}
}
