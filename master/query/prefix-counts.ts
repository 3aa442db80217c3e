/** Rows of IPv4 hosts by prefix: of a whole run by its first 16 bits, of which there are 65,536 at most, or by the eight
 * bits behind a prefix. */
import type { MapSquare } from '../../shared/dashboard-api.ts';

/** Of one prefix. */
interface Columns {
	readonly hosts: Uint32Array;
	readonly up: Uint32Array;
	readonly down: Uint32Array;
	/** of those that are up and have one, µs */
	readonly rttUsSum: Float64Array;
	readonly rtts: Uint32Array;
}

const growth = 256;

export class PrefixCounts {
	/** the place of a prefix in the columns, plus one; 0 for none */
	readonly #places: Uint32Array;
	readonly #prefixes: number[] = [];
	#columns = newColumns(0);

	/** @param prefixes how many there may be */
	constructor(prefixes: number) {
		this.#places = new Uint32Array(prefixes);
	}

	/** @param rttUs -1 for none */
	add(prefix: number, status: number, rttUs: number): void {
		const place = (this.#places[prefix] || this.#placeFor(prefix)) - 1;
		const columns = this.#columns;
		columns.hosts[place]! += 1;
		if (status === 1) columns.down[place]! += 1;
		if (status !== 0) return;
		columns.up[place]! += 1;
		if (rttUs < 0) return;
		columns.rttUsSum[place]! += rttUs;
		columns.rtts[place]! += 1;
	}

	/** Squares of the prefixes that pass and have hosts, by index. */
	squares(indexOf: (prefix: number) => number | undefined): MapSquare[] {
		const squares = new PrefixSums();
		for (const [place, prefix] of this.#prefixes.entries()) {
			const index = indexOf(prefix);
			if (index !== undefined) squares.add(index, this.#columns, place);
		}
		return squares.all();
	}

	#placeFor(prefix: number): number {
		const place = this.#prefixes.push(prefix);
		if (place > this.#columns.hosts.length) this.#columns = grown(this.#columns);
		this.#places[prefix] = place;
		return place;
	}
}

/** Adds up prefixes that are in one square. */
class PrefixSums {
	readonly #sums = new Map<number, { hosts: number; up: number; down: number; us: number; rtts: number }>();

	add(index: number, { hosts, up, down, rttUsSum, rtts }: Columns, place: number): void {
		let sum = this.#sums.get(index);
		if (sum === undefined) {
			sum = { hosts: 0, up: 0, down: 0, us: 0, rtts: 0 };
			this.#sums.set(index, sum);
		}
		sum.hosts += hosts[place]!;
		sum.up += up[place]!;
		sum.down += down[place]!;
		sum.us += rttUsSum[place]!;
		sum.rtts += rtts[place]!;
	}

	all(): MapSquare[] {
		const squares = [...this.#sums].map(([index, { hosts, up, down, us, rtts }]) => ({
			index,
			hosts,
			up,
			down,
			other: hosts - up - down,
			rttMs: rtts === 0 ? null : Math.round(us / rtts) / 1_000,
		}));
		return squares.sort((a, b) => a.index - b.index);
	}
}

function newColumns(length: number): Columns {
	return {
		hosts: new Uint32Array(length),
		up: new Uint32Array(length),
		down: new Uint32Array(length),
		rttUsSum: new Float64Array(length),
		rtts: new Uint32Array(length),
	};
}

function grown(old: Columns): Columns {
	const columns = newColumns(2 * old.hosts.length + growth);
	columns.hosts.set(old.hosts);
	columns.up.set(old.up);
	columns.down.set(old.down);
	columns.rttUsSum.set(old.rttUsSum);
	columns.rtts.set(old.rtts);
	return columns;
}
