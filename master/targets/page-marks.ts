/**
 * Where the pages of a list start (a page is `pagePositions` targets), as the first walk notes them, so that a
 * later walk can begin at any of them without reading what comes before.
 */

/** A place between two targets. */
export interface PageMark {
	/** offset of the line in the list, in bytes */
	readonly byte: number;
	/** lines before it */
	readonly lines: number;
	/** addresses of the line, which is a range then, that come before; 0 at the start of a line */
	readonly rangeOffset: number;
	/** offset in the record of skips, where a run of targets starts (skip-runs.ts) */
	readonly skipByte: number;
}

const fields = 4;

/** Holds them as numbers, 32 bytes a page. */
export class PageMarks {
	#numbers = new Float64Array(64 * fields);
	/** the first page starts where the list does */
	#pages = 1;

	/** Notes where the next page starts. */
	add({ byte, lines, rangeOffset, skipByte }: PageMark): void {
		const at = this.#pages * fields;
		if (at === this.#numbers.length) {
			const grown = new Float64Array(2 * at);
			grown.set(this.#numbers);
			this.#numbers = grown;
		}
		this.#numbers.set([byte, lines, rangeOffset, skipByte], at);
		this.#pages += 1;
	}

	at(page: number): PageMark {
		const [byte, lines, rangeOffset, skipByte] = this.#numbers.subarray(page * fields, (page + 1) * fields);
		return { byte: byte!, lines: lines!, rangeOffset: rangeOffset!, skipByte: skipByte! };
	}
}
