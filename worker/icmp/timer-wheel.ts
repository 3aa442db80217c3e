/**
 * A hashed timing wheel (Varghese and Lauck, 1987, scheme 6 with one turn): one bucket per millisecond, each a
 * doubly linked list of slot numbers in typed arrays. Setting, moving and clearing a timer are O(1) and
 * allocate nothing; every slot has at most one timer.
 *
 * The wheel is longer than the longest timer by so much that it may lag a minute behind and still hold each
 * timer at its one place.
 */
const bucketBits = 17;
const buckets = 1 << bucketBits;
const none = -1;

/** The longest timer. */
const timerMsMax = buckets >> 1;

export class TimerWheel {
	readonly #heads = new Int32Array(buckets).fill(none);
	readonly #next: Int32Array;
	readonly #previous: Int32Array;
	/** the bucket that a slot's timer is in, or none */
	readonly #bucket: Int32Array;
	/** every bucket up to this millisecond has fired */
	#tick = 0;
	#size = 0;

	constructor(slots: number) {
		this.#next = new Int32Array(slots);
		this.#previous = new Int32Array(slots);
		this.#bucket = new Int32Array(slots).fill(none);
	}

	/** timers that are set */
	get size(): number {
		return this.#size;
	}

	/** Jumps to `nowMs` while no timer is set, so that a quiet time needs no walk through its buckets. */
	restart(nowMs: number): void {
		if (this.#size === 0) this.#tick = Math.floor(nowMs);
	}

	/** Sets or moves the timer of a slot. It fires at the first millisecond that is not before `atMs`. */
	set(slot: number, atMs: number): void {
		this.clear(slot);
		const first = this.#tick + 1;
		const at = Math.min(Math.max(Math.ceil(atMs), first), first + timerMsMax);
		const bucket = at & (buckets - 1);
		const head = this.#heads[bucket]!;
		this.#bucket[slot] = bucket;
		this.#next[slot] = head;
		this.#previous[slot] = none;
		if (head !== none) this.#previous[head] = slot;
		this.#heads[bucket] = slot;
		this.#size += 1;
	}

	clear(slot: number): void {
		const bucket = this.#bucket[slot]!;
		if (bucket === none) return;
		const next = this.#next[slot]!;
		const previous = this.#previous[slot]!;
		if (next !== none) this.#previous[next] = previous;
		if (previous !== none) this.#next[previous] = next;
		else this.#heads[bucket] = next;
		this.#bucket[slot] = none;
		this.#size -= 1;
	}

	/** Whether a timer is due at `nowMs`. */
	isDue(nowMs: number): boolean {
		const last = Math.floor(nowMs);
		if (this.#size === 0) return false;
		for (let at = this.#tick + 1; at <= last; at += 1) {
			if (this.#heads[at & (buckets - 1)] !== none) return true;
			this.#tick = at;
		}
		return false;
	}

	/** Fires every timer that is due. `fire` may set and clear timers, that of its own slot included. */
	advance(nowMs: number, fire: (slot: number) => void): void {
		const last = Math.floor(nowMs);
		while (this.#tick < last) {
			const bucket = (this.#tick + 1) & (buckets - 1);
			// The tick moves first: a timer that is set while this bucket fires goes into a later one.
			this.#tick += 1;
			for (let slot = this.#heads[bucket]!; slot !== none; slot = this.#heads[bucket]!) {
				this.clear(slot);
				fire(slot);
			}
			if (this.#size === 0) this.#tick = last;
		}
	}

	/** How long from `nowMs` until the next timer is due, at most `msMax`. */
	delayMs(nowMs: number, msMax: number): number {
		if (this.#size === 0) return msMax;
		const last = Math.floor(nowMs + msMax);
		for (let at = this.#tick + 1; at <= last; at += 1) {
			if (this.#heads[at & (buckets - 1)] !== none) return Math.max(0, at - nowMs);
		}
		return msMax;
	}
}
