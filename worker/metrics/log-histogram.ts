/**
 * Durations counted in buckets whose bounds double, from 2^k µs: which bucket a duration belongs to is the number of
 * its bits, so counting one costs a few instructions, and no bucket is searched for.
 */

export interface LogHistogramOptions {
	/** exponents of the first and the last bound, in µs: 10 is 1.024 ms */
	readonly first: number;
	/** at most 31; longer durations are in none of the buckets, but in the count and the sum */
	readonly last: number;
}

export class LogHistogram {
	/** upper bounds, in seconds, ascending; a duration at a bound belongs to it */
	readonly boundsSeconds: readonly number[];
	/** of each bucket by itself, and behind them those that are too long for any */
	readonly counts: Float64Array;
	#sumMs = 0;
	readonly #first: number;

	constructor({ first, last }: LogHistogramOptions) {
		const bounds = Array.from({ length: last - first + 1 }, (_, i) => 2 ** (first + i));
		this.boundsSeconds = bounds.map((us) => us / 1e6);
		this.counts = new Float64Array(bounds.length + 1);
		this.#first = first;
	}

	get sumSeconds(): number {
		return this.#sumMs / 1e3;
	}

	/** @param ms 0 or more */
	observe(ms: number): void {
		this.#sumMs += ms;
		const us = ms * 1e3;
		// Bits of what is just below: a duration of exactly a bound is within it.
		const bits = us <= 2 ** 31 ? 32 - Math.clz32(Math.ceil(us) - 1) : 32;
		const bucket = us <= 1 ? 0 : bits - this.#first;
		const { counts } = this;
		counts[Math.min(Math.max(bucket, 0), counts.length - 1)]! += 1;
	}
}
