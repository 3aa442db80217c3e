/**
 * Invariant 8, its second half: over any window of time, no more hosts are asked again than a tenth of those that
 * are asked for the first time in it, and what is allowed beside that: a reserve of ten of the largest chunks
 * (or 256 hosts), another reserve every ten seconds, and the one chunk that the last of it goes to.
 *
 * To look at all windows, a bucket will do: it holds the reserve, fills by that much, and whoever asks again takes
 * out of it. If it is never empty when somebody does, no window has more (the leaky bucket as a meter).
 */
import { mustHold } from './violation.ts';

const share = 0.1;
const reserveChunks = 10;
const reserveHostsMin = 256;
const refillMs = 10_000;
/** Sums in another order differ in their last digits. */
const epsilon = 1e-6;

/** Hosts of a chunk. */
interface Asked {
	readonly fresh: number;
	/** those that were in a request before */
	readonly repeated: number;
	/** those of them that were in one that reached a worker, as far as is known */
	readonly again: number;
}

export class RetryMeter {
	#capacity = 0;
	#tokens = 0;
	/** what would be left if everything that went out before had arrived */
	#leastTokens = 0;
	#atMs: number;

	constructor(nowMs: number) {
		this.#atMs = nowMs;
	}

	/** Whether the rules must know that there is room, whatever they took for a request that may have arrived. */
	hasRoom(nowMs: number): boolean {
		this.#refill(nowMs);
		return this.#leastTokens > epsilon;
	}

	/** A chunk leaves. @param chunkHosts hosts of a whole chunk of its worker */
	asked(chunkHosts: number, { fresh, repeated, again }: Asked, nowMs: number): void {
		const capacity = Math.max(this.#capacity, reserveChunks * chunkHosts, reserveHostsMin);
		this.#tokens += capacity - this.#capacity;
		this.#leastTokens += capacity - this.#capacity;
		this.#capacity = capacity;
		this.#refill(nowMs);
		if (again > 0) {
			mustHold(this.#tokens > -epsilon, 8, () => `${again} hosts are asked again beyond the budget`);
		}
		this.#tokens = Math.min(capacity, this.#tokens + share * fresh) - again;
		this.#leastTokens = Math.min(capacity, this.#leastTokens + share * fresh) - repeated;
	}

	#refill(nowMs: number): void {
		const gained = (this.#capacity * (nowMs - this.#atMs)) / refillMs;
		this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
		this.#leastTokens = Math.min(this.#capacity, this.#leastTokens + gained);
		this.#atMs = nowMs;
	}
}
