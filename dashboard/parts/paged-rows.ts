/**
 * Rows that come in pages, each with the cursor of the next one, of which only those near what is looked at are held.
 *
 * Pages are learnt of one after the other, and a page's cursor is kept for good, so that one that was let go can be
 * asked for again. So the memory of a page of the dashboard does not grow with how far someone scrolls, but for a
 * cursor for each page.
 */

export interface RowsPage<Row> {
	readonly rows: readonly Row[];
	/** `null` at the end */
	readonly next: string | null;
	/** all there are, where it is known */
	readonly matching: number | null;
}

interface HeldPage<Row> {
	readonly first: number;
	readonly size: number;
	readonly after: string | null;
	/** `undefined` when it was let go */
	rows: readonly Row[] | undefined;
}

export interface PagedRowsOptions<Row> {
	/** asks for a page; `after` is `null` for the first one */
	readonly load: (after: string | null, signal: AbortSignal) => Promise<RowsPage<Row>>;
	/** something has changed that is shown */
	readonly onChange: () => void;
	/** pages that are held, and as many more as are looked at. Default: 12 */
	readonly heldMax?: number;
}

export class PagedRows<Row> {
	readonly #options: PagedRowsOptions<Row>;
	readonly #abort = new AbortController();
	readonly #pages: HeldPage<Row>[] = [];
	#next: string | null = null;
	#isEnd = false;
	#matching: number | null = null;
	#error: unknown;
	#loading = false;
	#wanted = { first: 0, last: 0 };

	constructor(options: PagedRowsOptions<Row>) {
		this.#options = options;
	}

	/** rows up to the end of the last page that was ever loaded */
	get known(): number {
		const last = this.#pages.at(-1);
		return last === undefined ? 0 : last.first + last.size;
	}

	/** whether there is no row behind those that are known */
	get isEnd(): boolean {
		return this.#isEnd;
	}

	get matching(): number | null {
		return this.#isEnd ? this.known : this.#matching;
	}

	/** why the last question failed; `undefined` when it did not */
	get error(): unknown {
		return this.#error;
	}

	get isLoading(): boolean {
		return this.#loading;
	}

	/** `undefined` when it is not there, or not there at the moment */
	row(index: number): Row | undefined {
		const page = this.#pageOf(index);
		return page?.rows?.[index - page.first];
	}

	/** Says which rows are looked at; what is missing of them is asked for, one page after the other. */
	want(first: number, last: number): void {
		this.#wanted = { first, last };
		this.#loadMissing();
	}

	/** Asks again for what failed. */
	retry(): void {
		this.#error = undefined;
		this.#loadMissing();
	}

	/** Ends what is under way; nothing changes any more. */
	close(): void {
		this.#abort.abort();
	}

	#pageOf(index: number): HeldPage<Row> | undefined {
		let low = 0;
		let high = this.#pages.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			const page = this.#pages[middle]!;
			if (page.first + page.size <= index) low = middle + 1;
			else high = middle;
		}
		const page = this.#pages[low];
		return page !== undefined && index >= page.first ? page : undefined;
	}

	#loadMissing(): void {
		if (this.#loading || this.#error !== undefined || this.#abort.signal.aborted) return;
		const { first, last } = this.#wanted;
		const lost = this.#pages.find(
			(page) => page.rows === undefined && page.first <= last && page.first + page.size > first,
		);
		if (lost !== undefined) void this.#load(lost.after, lost);
		else if (!this.#isEnd && last >= this.known) void this.#load(this.#next, undefined);
	}

	async #load(after: string | null, again: HeldPage<Row> | undefined): Promise<void> {
		const { signal } = this.#abort;
		this.#loading = true;
		this.#options.onChange();
		try {
			const page = await this.#options.load(after, signal);
			if (signal.aborted) return;
			// Of a run that goes on a page may have grown; its first rows are those that it had.
			if (again !== undefined) again.rows = page.rows.slice(0, again.size);
			else this.#take(after, page);
			this.#letGo();
		} catch (cause) {
			if (signal.aborted) return;
			this.#error = cause;
		}
		this.#loading = false;
		this.#options.onChange();
		this.#loadMissing();
	}

	#take(after: string | null, page: RowsPage<Row>): void {
		if (page.rows.length > 0) {
			this.#pages.push({ first: this.known, size: page.rows.length, after, rows: page.rows });
		}
		this.#next = page.next;
		// A page without rows that promises more would be asked for for ever.
		this.#isEnd = page.next === null || page.rows.length === 0;
		this.#matching = page.matching ?? this.#matching;
	}

	#letGo(): void {
		const { first, last } = this.#wanted;
		const middle = (first + last) / 2;
		const held = this.#pages.filter((page) => page.rows !== undefined);
		const surplus = held.length - (this.#options.heldMax ?? 12);
		if (surplus <= 0) return;
		const distance = (page: HeldPage<Row>) => Math.abs(page.first + page.size / 2 - middle);
		held.sort((a, b) => distance(b) - distance(a));
		for (const page of held.slice(0, surplus)) {
			// What is looked at stays, or it would be asked for again at once.
			if (page.first > last || page.first + page.size <= first) page.rows = undefined;
		}
	}
}
