/**
 * Which targets of a run have an answer: one bit per position, in pages that are made when first needed. A page
 * that is full gives its memory back, so that a run in list order keeps a few open pages, whatever its length.
 */

/** Positions of one page. */
export const pagePositions = 65_536;

/** Pages of a ledger as plain data, as a store tells them of a run that is to be continued. */
export interface LedgerPages {
	/** numbers of the pages of which every position has an answer */
	readonly full: readonly number[];
	/** pages of which some have: bit `position % 8` of byte `position / 8`, `pagePositions / 8` bytes */
	readonly partial: readonly { readonly page: number; readonly bits: Uint8Array }[];
}

interface Page {
	readonly bits: Uint8Array;
	/** positions that have no answer yet */
	open: number;
}

export class Ledger {
	/** positions of the run */
	readonly total: number;
	#count = 0;
	/** a page that was never needed is missing, a full one is null */
	readonly #pages = new Map<number, Page | null>();

	/**
	 * @param total positions of the run; all are below
	 * @param done pages that have answers already
	 */
	constructor(total: number, done: LedgerPages = { full: [], partial: [] }) {
		this.total = total;
		for (const page of done.full) {
			this.#pages.set(page, null);
			this.#count += this.#sizeOf(page);
		}
		for (const { page, bits } of done.partial) {
			const open = this.#sizeOf(page) - bitsIn(bits);
			this.#count += this.#sizeOf(page) - open;
			this.#pages.set(page, open === 0 ? null : { bits: bits.slice(), open });
		}
	}

	/** Positions that have an answer. */
	get count(): number {
		return this.#count;
	}

	/** Whether every position has one. */
	get complete(): boolean {
		return this.#count === this.total;
	}

	has(position: number): boolean {
		const page = this.#pages.get(Math.floor(position / pagePositions));
		if (page === undefined) return false;
		const at = position % pagePositions;
		return page === null || (page.bits[at >> 3]! & (1 << (at & 7))) !== 0;
	}

	/** Whether every position of a page has an answer. */
	hasPage(page: number): boolean {
		return this.#pages.get(page) === null;
	}

	/** Takes down that a position has an answer. @returns whether it had none: only then the answer counts */
	add(position: number): boolean {
		const number = Math.floor(position / pagePositions);
		let page = this.#pages.get(number);
		if (page === null) return false;
		if (page === undefined) {
			page = { bits: new Uint8Array(pagePositions / 8), open: this.#sizeOf(number) };
			this.#pages.set(number, page);
		}
		const at = position % pagePositions;
		const mask = 1 << (at & 7);
		if ((page.bits[at >> 3]! & mask) !== 0) return false;
		page.bits[at >> 3]! |= mask;
		page.open -= 1;
		this.#count += 1;
		if (page.open === 0) this.#pages.set(number, null);
		return true;
	}

	#sizeOf(page: number): number {
		return Math.min(pagePositions, this.total - page * pagePositions);
	}
}

function bitsIn(bits: Uint8Array): number {
	let count = 0;
	for (let byte of bits) for (; byte !== 0; byte &= byte - 1) count += 1;
	return count;
}
