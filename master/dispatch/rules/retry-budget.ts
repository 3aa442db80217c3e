/**
 * How much may be asked a second time: a tenth of what is asked for the first time, so that a fleet in trouble is
 * not given more to do than one that is well (the retry budget of Finagle and Envoy).
 *
 * Counted in hosts, because requests differ by a factor of thousands. A bucket: every host that goes out for the
 * first time puts `share` of a token in, every host that goes out again takes one out. So that a small run can
 * lose a request, it starts full, and it fills by itself in `refillMs`. Retries go while there is anything left
 * in it, the last of them into debt: a chunk is never cut for it.
 */
const share = 0.1;
const refillMs = 10_000;

/** Chunks that a bucket holds: so many lost requests are asked again at once. */
const reserveChunks = 10;
/** Of small chunks it holds more: so many hosts are no load. */
const reserveHostsMin = 256;

export class RetryBudget {
	#tokens = 0;
	#capacity = 0;
	#atMs: number;

	constructor(nowMs: number) {
		this.#atMs = nowMs;
	}

	/** Hosts that can be asked again at once, in quiet times. */
	get capacity(): number {
		return this.#capacity;
	}

	/** The fleet's largest chunk has so many hosts; what the bucket gains by that is there at once. */
	resize(chunkHosts: number): void {
		const capacity = Math.max(this.#capacity, reserveChunks * chunkHosts, reserveHostsMin);
		this.#tokens += capacity - this.#capacity;
		this.#capacity = capacity;
	}

	/** So many hosts go out for the first time. */
	deposit(hosts: number): void {
		this.#tokens = Math.min(this.#capacity, this.#tokens + hosts * share);
	}

	/** When hosts may go out again, as a monotonic time; not later than `nowMs` when they may now. */
	freeAtMs(nowMs: number): number {
		this.#refill(nowMs);
		if (this.#tokens > 0) return nowMs;
		return nowMs + 1 + (-this.#tokens / this.#capacity) * refillMs;
	}

	/** So many hosts go out again. */
	withdraw(hosts: number, nowMs: number): void {
		this.#refill(nowMs);
		this.#tokens -= hosts;
	}

	#refill(nowMs: number): void {
		const gained = (this.#capacity * Math.max(0, nowMs - this.#atMs)) / refillMs;
		this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
		this.#atMs = nowMs;
	}
}
