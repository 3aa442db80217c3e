/**
 * Slows sending down while the kernel drops our answers, as TCP does with loss (additive increase would be too
 * slow at these rates: the ceiling grows by a tenth every step). Without drops it costs one comparison.
 */
const stepMs = 100;
const backOff = 0.5;
const growth = 1.1;
const ratePerSecondMin = 1_000;
/** Beyond this the ceiling is lifted. */
const ratePerSecondMax = 1_000_000;
/** How far ahead of the even spacing a batch may run. */
const burstMs = 2;

export class SendThrottle {
	#ratePerSecond = Number.POSITIVE_INFINITY;
	#steppedAtMs = 0;
	#dueAtMs = 0;
	#countedSinceMs = 0;
	#counted = 0;
	/** probes per second in the last whole step */
	#measured = 0;

	/** Answers were dropped. */
	slowDown(nowMs: number): void {
		// One stall drops many: count it once.
		if (nowMs - this.#steppedAtMs < stepMs && this.#ratePerSecond !== Number.POSITIVE_INFINITY) return;
		const underWay = (1000 * this.#counted) / Math.max(1, nowMs - this.#countedSinceMs);
		const rate = Math.min(this.#ratePerSecond, Math.max(this.#measured, underWay));
		this.#ratePerSecond = Math.max(ratePerSecondMin, rate * backOff);
		this.#steppedAtMs = nowMs;
		this.#dueAtMs = nowMs;
	}

	/** @returns how many of `wanted` may leave now */
	take(wanted: number, nowMs: number): number {
		if (this.#ratePerSecond === Number.POSITIVE_INFINITY) return wanted;
		if (nowMs - this.#steppedAtMs >= stepMs) {
			this.#steppedAtMs = nowMs;
			this.#ratePerSecond *= growth;
			if (this.#ratePerSecond > ratePerSecondMax) this.#ratePerSecond = Number.POSITIVE_INFINITY;
		}
		const base = Math.max(this.#dueAtMs, nowMs);
		const room = Math.floor(((nowMs + burstMs - base) * this.#ratePerSecond) / 1000);
		return Math.max(0, Math.min(wanted, room));
	}

	/** So many have left: what the rate is measured by, and what `take` spaces. */
	sent(count: number, nowMs: number): void {
		const elapsedMs = nowMs - this.#countedSinceMs;
		if (elapsedMs >= stepMs) {
			// After a pause the last step says nothing about how fast the next echoes will leave.
			this.#measured = elapsedMs < 2 * stepMs ? (1000 * this.#counted) / elapsedMs : 0;
			this.#counted = 0;
			this.#countedSinceMs = nowMs;
		}
		this.#counted += count;
		if (this.#ratePerSecond !== Number.POSITIVE_INFINITY) {
			this.#dueAtMs = Math.max(this.#dueAtMs, nowMs) + (1000 * count) / this.#ratePerSecond;
		}
	}
}
