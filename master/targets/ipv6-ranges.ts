/**
 * A set of IPv6 address ranges as intervals. A range has at most 2^24 addresses, so each is kept as one or two
 * intervals of 24-bit offsets, under the 104 bits that lead them.
 */

const prefixBytes = 13;
const perPrefix = 2 ** 24;

/** Disjoint intervals, sorted; ends are exclusive. */
interface Intervals {
	readonly starts: number[];
	readonly ends: number[];
}

export class Ipv6Ranges {
	readonly #byPrefix = new Map<string, Intervals>();

	has(address: Uint8Array): boolean {
		if (this.#byPrefix.size === 0) return false;
		const intervals = this.#byPrefix.get(prefixOf(address));
		if (intervals === undefined) return false;
		const offset = offsetOf(address);
		const place = firstEndingAfter(intervals, offset);
		return place < intervals.starts.length && intervals.starts[place]! <= offset;
	}

	/** How many of `count` addresses, which share their first 13 bytes with `first`, are in the set. */
	count(first: Uint8Array, count: number): number {
		const intervals = this.#byPrefix.get(prefixOf(first));
		if (intervals === undefined) return 0;
		const { starts, ends } = intervals;
		const from = offsetOf(first);
		const to = from + count;
		let found = 0;
		for (
			let next = firstEndingAfter(intervals, from);
			next < starts.length && starts[next]! < to;
			next += 1
		) {
			found += Math.min(ends[next]!, to) - Math.max(starts[next]!, from);
		}
		return found;
	}

	/**
	 * Adds `count` addresses that share their first 13 bytes with `first`, and tells in order which parts were
	 * not there before.
	 */
	add(first: Uint8Array, count: number, take: (isNew: boolean, count: number) => void): void {
		const prefix = prefixOf(first);
		let intervals = this.#byPrefix.get(prefix);
		if (intervals === undefined) {
			intervals = { starts: [], ends: [] };
			this.#byPrefix.set(prefix, intervals);
		}
		const { starts, ends } = intervals;
		const from = offsetOf(first);
		const to = from + count;
		const place = firstEndingAfter(intervals, from);
		let at = from;
		let next = place;
		for (; next < starts.length && starts[next]! < to; next += 1) {
			if (starts[next]! > at) take(true, starts[next]! - at);
			const known = Math.min(ends[next]!, to);
			take(false, known - Math.max(starts[next]!, at));
			at = known;
		}
		if (at < to) take(true, to - at);
		// All that were met become one.
		const start = next > place ? Math.min(from, starts[place]!) : from;
		const end = next > place ? Math.max(to, ends[next - 1]!) : to;
		starts.splice(place, next - place, start);
		ends.splice(place, next - place, end);
	}
}

/** Addresses from `first` on, up to `count`, that share its first 13 bytes. */
export function roomInPrefix(first: Uint8Array, count: number): number {
	return Math.min(count, perPrefix - offsetOf(first));
}

function firstEndingAfter({ ends }: Intervals, offset: number): number {
	let from = 0;
	let to = ends.length;
	while (from < to) {
		const middle = (from + to) >>> 1;
		if (ends[middle]! <= offset) from = middle + 1;
		else to = middle;
	}
	return from;
}

function prefixOf(address: Uint8Array): string {
	return String.fromCharCode(...address.subarray(0, prefixBytes));
}

function offsetOf(address: Uint8Array): number {
	return (address[13]! << 16) | (address[14]! << 8) | address[15]!;
}
