/**
 * A queue that serves its owners in turn.
 *
 * Items of one owner (a request, known by its signal) leave in the order they came; between owners, whoever
 * waited longest since its last turn is next. So a request with ten thousand slow hosts can not keep a request
 * with one host waiting. Every operation takes constant time: a Map keeps its keys in order of insertion, and
 * an owner that was served moves to the end.
 */
export class FairQueue<Item> {
	readonly #owners = new Map<object, { items: Item[]; head: number }>();

	push(owner: object, item: Item): void {
		const line = this.#owners.get(owner);
		if (line === undefined) this.#owners.set(owner, { items: [item], head: 0 });
		else line.items.push(item);
	}

	/** Puts an item that was taken before back, ahead of its owner's others. */
	pushFirst(owner: object, item: Item): void {
		const line = this.#owners.get(owner);
		if (line === undefined) this.#owners.set(owner, { items: [item], head: 0 });
		else if (line.head === 0) line.items.unshift(item);
		else {
			line.head -= 1;
			line.items[line.head] = item;
		}
	}

	/** Takes the next item; `undefined` when there is none. */
	shift(): Item | undefined {
		for (const [owner, line] of this.#owners) {
			const item = line.items[line.head]!;
			line.head += 1;
			this.#owners.delete(owner);
			if (line.head < line.items.length) {
				// Frees what was served, a long line's first half at a time.
				if (line.head > 1_024 && line.head * 2 > line.items.length) {
					line.items.splice(0, line.head);
					line.head = 0;
				}
				this.#owners.set(owner, line);
			}
			return item;
		}
		return undefined;
	}
}
