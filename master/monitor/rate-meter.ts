/** A rate over the last few seconds, from samples of a count that only grows. */

/** Between two samples, in ms. */
export const sampleMs = 250;
const spanMs = 5_000;
/** One more than fit the span: what is shown is between the oldest and now. */
const samplesMax = spanMs / sampleMs + 1;

export class RateMeter {
	readonly #atMs = new Float64Array(samplesMax);
	readonly #counts = new Float64Array(samplesMax);
	#taken = 0;

	/** Samples come `sampleMs` apart or more. */
	sample(atMs: number, count: number): void {
		const at = this.#taken % samplesMax;
		this.#atMs[at] = atMs;
		this.#counts[at] = count;
		this.#taken += 1;
	}

	/** Per second, since the newest sample that is as old as the span, or else the oldest one; 0 without any. */
	perSecond(nowMs: number, count: number): number {
		let base: number | undefined;
		for (let back = 1; back <= Math.min(this.#taken, samplesMax); back += 1) {
			base = (this.#taken - back) % samplesMax;
			if (nowMs - this.#atMs[base]! >= spanMs) break;
		}
		if (base === undefined) return 0;
		const elapsedMs = nowMs - this.#atMs[base]!;
		return elapsedMs <= 0 ? 0 : ((count - this.#counts[base]!) * 1000) / elapsedMs;
	}
}
