/** The rate of the last few seconds, from a number that grows. */

/** How far back it looks. */
const spanMs = 5_000;

export class RecentRate {
	readonly #samples: { readonly atMs: number; readonly total: number }[] = [];

	/**
	 * Takes how far it is now.
	 *
	 * @returns per second, since the sample that is just older than the span; 0 of the first one
	 */
	sample(atMs: number, total: number): number {
		const samples = this.#samples;
		samples.push({ atMs, total });
		while (samples.length > 2 && samples[1]!.atMs < atMs - spanMs) samples.shift();
		const first = samples[0]!;
		return atMs > first.atMs ? ((total - first.total) * 1000) / (atMs - first.atMs) : 0;
	}
}
