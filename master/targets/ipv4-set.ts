/**
 * An exact set of IPv4 addresses that is small for a whole /8 and for ten million random ones alike (the idea
 * of Roaring bitmaps, Lemire et al.): each /16 has its own container, which is nothing, a sorted array of up to
 * 1,024 low halves (2 bytes an address), a bitmap of 8 KiB, or the word `full`.
 */

const arrayMax = 1_024;
const bitmapWords = 2_048;
const all = 65_536;

type Container = Uint16Array | Uint32Array | 'full';

/** Takes consecutive addresses that were all new, or all known. */
export type TakeRun = (isNew: boolean, count: number) => void;

export class Ipv4Set {
	readonly #containers = new Array<Container | undefined>(all).fill(undefined);
	readonly #counts = new Uint32Array(all);

	/** @returns whether it is new */
	add(value: number): boolean {
		const high = value >>> 16;
		const low = value & 0xffff;
		const container = this.#containers[high];
		if (container === 'full') return false;
		if (container instanceof Uint32Array) {
			const word = low >>> 5;
			const bit = 1 << (low & 31);
			if ((container[word]! & bit) !== 0) return false;
			container[word]! |= bit;
			this.#counts[high]! += 1;
			if (this.#counts[high] === all) this.#containers[high] = 'full';
			return true;
		}
		const count = this.#counts[high]!;
		const values = container ?? new Uint16Array(4);
		const place = lowerBound(values, count, low);
		if (place < count && values[place] === low) return false;
		this.#containers[high] = count === arrayMax ? withBit(values, low) : inserted(values, count, place, low);
		this.#counts[high] = count + 1;
		return true;
	}

	has(value: number): boolean {
		const container = this.#containers[value >>> 16];
		if (container === undefined) return false;
		if (container === 'full') return true;
		const low = value & 0xffff;
		if (container instanceof Uint32Array) return (container[low >>> 5]! & (1 << (low & 31))) !== 0;
		const count = this.#counts[value >>> 16]!;
		const place = lowerBound(container, count, low);
		return place < count && container[place] === low;
	}

	/** Adds `count` addresses from `first` on, and tells in order which of them were new. */
	addRange(first: number, count: number, take: TakeRun): void {
		const end = first + count;
		for (let at = first; at < end; ) {
			const high = Math.floor(at / all);
			const next = Math.min(end, (high + 1) * all);
			const container = this.#containers[high];
			if (container === 'full') take(false, next - at);
			else if (container === undefined && next - at === all) {
				this.#containers[high] = 'full';
				this.#counts[high] = all;
				take(true, all);
			} else for (let value = at; value < next; value += 1) take(this.add(value), 1);
			at = next;
		}
	}

	/** How many of `count` addresses from `first` on are in the set. */
	countRange(first: number, count: number): number {
		const end = first + count;
		let found = 0;
		for (let at = first; at < end; ) {
			const high = Math.floor(at / all);
			const next = Math.min(end, (high + 1) * all);
			if (this.#containers[high] === 'full') found += next - at;
			else if (next - at === all) found += this.#counts[high]!;
			else if (this.#counts[high]! > 0) {
				for (let value = at; value < next; value += 1) if (this.has(value)) found += 1;
			}
			at = next;
		}
		return found;
	}
}

function lowerBound(values: Uint16Array, count: number, low: number): number {
	// Lists are mostly sorted: the end is looked at first.
	if (count === 0 || values[count - 1]! < low) return count;
	let from = 0;
	let to = count;
	while (from < to) {
		const middle = (from + to) >>> 1;
		if (values[middle]! < low) from = middle + 1;
		else to = middle;
	}
	return from;
}

function inserted(values: Uint16Array, count: number, place: number, low: number): Uint16Array {
	let room = values;
	if (count === values.length) {
		room = new Uint16Array(Math.min(arrayMax, Math.ceil(count * 1.5)));
		room.set(values);
	}
	room.copyWithin(place + 1, place, count);
	room[place] = low;
	return room;
}

function withBit(values: Uint16Array, low: number): Uint32Array {
	const bitmap = new Uint32Array(bitmapWords);
	for (const value of values) bitmap[value >>> 5]! |= 1 << (value & 31);
	bitmap[low >>> 5]! |= 1 << (low & 31);
	return bitmap;
}
