/** A rate over the last few seconds, from samples of a count that only grows. */

/** Between two samples, in ms. */
export const sampleMs = 250;
const spanMs = 5_000;
/** One is as old as the span, or older. */
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

	/** Per second over the span, or since the first sample; 0 without any. */
	perSecond(nowMs: number, count: number): number {
		const fromMs = nowMs - spanMs;
		// Of what comes behind the sample that is looked at.
		let [nextMs, nextCount] = [nowMs, count];
		for (let back = 1; back <= Math.min(this.#taken, samplesMax); back += 1) {
			const at = (this.#taken - back) % samplesMax;
			const [atMs, sampled] = [this.#atMs[at]!, this.#counts[at]!];
			if (atMs <= fromMs) {
				// Where samples are far apart, the count is taken to have grown evenly between them.
				const before = sampled + ((nextCount - sampled) * (fromMs - atMs)) / (nextMs - atMs);
				return ((count - before) * 1_000) / spanMs;
			}
			[nextMs, nextCount] = [atMs, sampled];
		}
		return nextMs >= nowMs ? 0 : ((count - nextCount) * 1_000) / (nowMs - nextMs);
	}
}
