/**
 * Invariant 9, for the fleet's rate: probes go out no faster than it says. A bucket that holds what may leave at
 * once and fills at the rate; a chunk may leave while there is a probe in it, and takes all of its own out.
 */
import { mustHold } from './violation.ts';

const burstMs = 20;
/** Due times are rounded to microseconds. */
const epsilon = 0.05;

export class RateMeter {
	readonly #perMs: number;
	readonly #capacity: number;
	#tokens: number;
	#atMs: number;

	/** @param ratePerSecond 0 for any */
	constructor(ratePerSecond: number, nowMs: number) {
		this.#perMs = ratePerSecond / 1_000;
		this.#capacity = Math.max(1, this.#perMs * burstMs);
		this.#tokens = this.#capacity;
		this.#atMs = nowMs;
	}

	/** A chunk leaves. */
	asked(probes: number, nowMs: number): void {
		if (this.#perMs === 0) return;
		this.#refill(nowMs);
		mustHold(this.#tokens >= 1 - epsilon, 9, () => `${probes} probes leave faster than the fleet's rate`);
		this.#tokens -= probes;
	}

	/** Workers say that they sent more than was asked for at first. */
	sentMore(probes: number, nowMs: number): void {
		if (this.#perMs === 0) return;
		this.#refill(nowMs);
		this.#tokens -= probes;
	}

	#refill(nowMs: number): void {
		this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
		this.#atMs = nowMs;
	}
}
