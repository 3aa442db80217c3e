/** A bounded queue of slot numbers that can also take back what came out of it. */
export class SlotQueue {
	readonly #items: Int32Array;
	readonly #mask: number;
	#first = 0;
	#length = 0;

	/** @param capacity a power of two, no less than the slots there are */
	constructor(capacity: number) {
		this.#items = new Int32Array(capacity);
		this.#mask = capacity - 1;
	}

	get length(): number {
		return this.#length;
	}

	push(slot: number): void {
		this.#items[(this.#first + this.#length) & this.#mask] = slot;
		this.#length += 1;
	}

	/** Puts a slot before all others. */
	unshift(slot: number): void {
		this.#first = (this.#first - 1) & this.#mask;
		this.#items[this.#first] = slot;
		this.#length += 1;
	}

	/** The first slot; there must be one. */
	shift(): number {
		const slot = this.#items[this.#first]!;
		this.#first = (this.#first + 1) & this.#mask;
		this.#length -= 1;
		return slot;
	}
}
