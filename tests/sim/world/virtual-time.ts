/** Time that passes as fast as there is something to do: events in a heap, by their time and then their order. */

interface Event {
	readonly atMs: number;
	readonly order: number;
	readonly run: () => void;
}

export class VirtualTime {
	/** monotonic, in ms; not 0 at first, as no machine's is */
	nowMs = 1_000;
	readonly #heap: Event[] = [];
	#order = 0;

	/** Events that are still to come. */
	get size(): number {
		return this.#heap.length;
	}

	/** Has something done at a time, or now if that has passed. */
	at(atMs: number, run: () => void): void {
		const heap = this.#heap;
		const event = { atMs: Math.max(atMs, this.nowMs), order: this.#order, run };
		this.#order += 1;
		let at = heap.length;
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (!isBefore(event, heap[parent]!)) break;
			heap[at] = heap[parent]!;
			at = parent;
		}
		heap[at] = event;
	}

	after(ms: number, run: () => void): void {
		this.at(this.nowMs + ms, run);
	}

	/** Goes on to the next event. @returns whether there was one */
	step(): boolean {
		const heap = this.#heap;
		const first = heap[0];
		if (first === undefined) return false;
		const last = heap.pop()!;
		if (heap.length > 0) this.#sink(last);
		this.nowMs = first.atMs;
		first.run();
		return true;
	}

	#sink(event: Event): void {
		const heap = this.#heap;
		let at = 0;
		for (;;) {
			let child = 2 * at + 1;
			if (child >= heap.length) break;
			if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
			if (!isBefore(heap[child]!, event)) break;
			heap[at] = heap[child]!;
			at = child;
		}
		heap[at] = event;
	}
}

function isBefore(one: Event, other: Event): boolean {
	return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
