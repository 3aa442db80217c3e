/**
 * A terminal for tests: applies what is written to it and shows what a person would see. It knows the few sequences
 * that are ours and throws at any other one. When its width changes, it breaks lines anew, as tmux, VTE, kitty and
 * others do, or cuts them, as xterm does; when it grows, it takes rows back that had left it at the top, or does not.
 */

export interface TerminalOptions {
	readonly columns: number;
	readonly rows: number;
	/** Default: true */
	readonly reflows?: boolean;
	/** Default: true */
	readonly takesBack?: boolean;
	/** keeps empty rows below the cursor when it breaks lines anew, as tmux does. Default: false */
	readonly keepsEmptyRows?: boolean;
	/** whether wrapping can be switched off. Default: true */
	readonly knowsAutowrap?: boolean;
}

interface Row {
	cells: string[];
	/** goes on in the next row */
	wrapped: boolean;
}

/** Columns of the characters that tests use, said on its own: not by what is tested. */
function columnsOf(character: string): number {
	if (/[\u0300-\u036f]/.test(character)) return 0;
	return /[\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60]|[\u{1f300}-\u{1f6ff}]/u.test(character)
		? 2
		: 1;
}

const sequence = /\x1b\[(\?)?([0-9;]*)([A-Za-z])/y;

export class TerminalEmulator {
	columns: number;
	rows: number;
	/** how often a text has reached the right edge and gone on below */
	wraps = 0;
	readonly #options: TerminalOptions;
	/** all rows, those included that have left the screen */
	#rows: Row[] = [{ cells: [], wrapped: false }];
	/** of them, the first on the screen */
	#top = 0;
	#x = 0;
	#y = 0;
	#pendingWrap = false;
	#autowrap = true;
	#listeners = new Set<() => void>();

	constructor(options: TerminalOptions) {
		this.#options = options;
		this.columns = options.columns;
		this.rows = options.rows;
	}

	on(_: 'resize', listener: () => void): void {
		this.#listeners.add(listener);
	}

	off(_: 'resize', listener: () => void): void {
		this.#listeners.delete(listener);
	}

	get listeners(): number {
		return this.#listeners.size;
	}

	/** What is on the screen, without what is empty at its end. */
	screen(): string[] {
		return trimmed(this.#rows.slice(this.#top).map(textOf));
	}

	/** The same, with what has left it at the top. */
	everything(): string[] {
		return trimmed(this.#rows.map(textOf));
	}

	/** Where the cursor is on the screen. */
	cursor(): { x: number; y: number } {
		return { x: this.#x, y: this.#y - this.#top };
	}

	get isAsBefore(): boolean {
		return this.#autowrap;
	}

	write(text: string): boolean {
		for (let i = 0; i < text.length; ) {
			if (text[i] === '\x1b') {
				sequence.lastIndex = i;
				const found = sequence.exec(text);
				if (found === null) throw new Error(`an unknown sequence: ${JSON.stringify(text.slice(i, i + 10))}`);
				this.#control(found[1] === '?', found[2]!, found[3]!);
				i = sequence.lastIndex;
				continue;
			}
			const character = String.fromCodePoint(text.codePointAt(i)!);
			this.#put(character);
			i += character.length;
		}
		return true;
	}

	resize(columns: number, rows: number): void {
		if (this.#options.keepsEmptyRows) this.#resizeKeepingEmptyRows(columns, rows);
		else this.#resizeToContent(columns, rows);
		for (const listener of this.#listeners) listener();
	}

	/** The height first: empty rows go, or rows come back; then the width. */
	#resizeKeepingEmptyRows(columns: number, rows: number): void {
		const fill = (): void => {
			while (this.#rows.length < this.#top + this.rows) this.#rows.push({ cells: [], wrapped: false });
		};
		fill();
		const less = this.rows - rows;
		if (less > 0) this.#rows.length -= Math.min(less, this.#rows.length - 1 - this.#y);
		this.rows = rows;
		if (less < 0) this.#top -= Math.min(this.#top, -less);
		else this.#top = Math.max(0, this.#rows.length - rows);
		fill();
		this.#reflow(columns);
		this.columns = columns;
		this.#top = Math.max(0, this.#rows.length - rows);
		fill();
		if (this.#y < this.#top) {
			this.#y = this.#top;
			this.#x = 0;
		}
		this.#pendingWrap = false;
	}

	#resizeToContent(columns: number, rows: number): void {
		const topBefore = this.#rows[this.#top]!;
		if (this.#options.reflows !== false) this.#reflow(columns);
		else if (columns < this.columns)
			for (const row of this.#rows) row.cells.length = Math.min(row.cells.length, columns);
		this.columns = columns;
		this.rows = rows;
		this.#x = Math.min(this.#x, columns - 1);
		this.#pendingWrap = false;
		while (this.#rows.length - 1 > this.#y && this.#rows.at(-1)!.cells.length === 0) this.#rows.pop();
		const lowest = this.#options.takesBack === false ? Math.max(0, this.#rows.indexOf(topBefore)) : 0;
		this.#top = Math.min(this.#y, Math.max(lowest, this.#rows.length - rows));
	}

	#reflow(columns: number): void {
		const rows: Row[] = [];
		let y = 0;
		let x = 0;
		for (let i = 0; i < this.#rows.length; ) {
			const first = this.#rows[i]!;
			const cells: string[] = [];
			let cursorAt: number | undefined;
			for (;;) {
				const row = this.#rows[i]!;
				if (i === this.#y) cursorAt = cells.length + this.#x;
				cells.push(...row.cells);
				i += 1;
				if (!row.wrapped || i >= this.#rows.length) break;
			}
			const start = rows.length;
			// The first row stays the same object, so that what was at the top is found again.
			let rest = cells;
			let row = first;
			do {
				let cut = columns;
				if (rest.length > columns && rest[columns] === '') cut -= 1;
				row.cells = rest.slice(0, cut);
				rest = rest.slice(cut);
				row.wrapped = rest.length > 0;
				rows.push(row);
				row = { cells: [], wrapped: false };
			} while (rest.length > 0);
			if (cursorAt !== undefined) {
				y = Math.min(start + Math.floor(cursorAt / columns), rows.length - 1);
				x = cursorAt % columns;
			}
		}
		this.#rows = rows;
		this.#y = y;
		this.#x = x;
	}

	#put(character: string): void {
		if (character === '\r') {
			this.#x = 0;
			this.#pendingWrap = false;
			return;
		}
		if (character === '\n') {
			// As a terminal's driver writes it: to the start of the next line.
			this.#x = 0;
			this.#rows[this.#y]!.wrapped = false;
			this.#down();
			return;
		}
		const width = columnsOf(character);
		if (width === 0) {
			const row = this.#rows[this.#y]!.cells;
			const at = this.#pendingWrap ? this.#x : this.#x - 1;
			row[at] = (row[at] ?? ' ') + character;
			return;
		}
		if (this.#pendingWrap || this.#x + width > this.columns) {
			const wraps = this.#autowrap || this.#options.knowsAutowrap === false;
			if (wraps) {
				this.wraps += 1;
				this.#rows[this.#y]!.wrapped = true;
				this.#x = 0;
				this.#down();
			} else this.#x = this.columns - width;
		}
		this.#pendingWrap = false;
		const { cells } = this.#rows[this.#y]!;
		while (cells.length < this.#x) cells.push(' ');
		cells[this.#x] = character;
		if (width === 2) cells[this.#x + 1] = '';
		this.#x += width;
		if (this.#x >= this.columns) {
			this.#x = this.columns - 1;
			this.#pendingWrap = true;
		}
	}

	#down(): void {
		this.#pendingWrap = false;
		this.#y += 1;
		if (this.#y >= this.#rows.length) this.#rows.push({ cells: [], wrapped: false });
		if (this.#y - this.#top >= this.rows) this.#top += 1;
	}

	#control(isPrivate: boolean, parameters: string, final: string): void {
		if (isPrivate && final === 'h') {
			if (parameters === '7') this.#autowrap = true;
			else if (parameters !== '2026') throw new Error(`mode ${parameters}`);
		} else if (isPrivate && final === 'l') {
			if (parameters === '7') this.#autowrap = false;
			else if (parameters !== '2026') throw new Error(`mode ${parameters}`);
		} else if (final === 'A' && /^([1-9][0-9]*)?$/.test(parameters)) {
			this.#y = Math.max(this.#top, this.#y - Number(parameters || 1));
			this.#pendingWrap = false;
		} else if (final === 'B' && parameters === '') {
			this.#y = Math.min(this.#top + this.rows - 1, this.#y + 1);
			while (this.#rows.length <= this.#y) this.#rows.push({ cells: [], wrapped: false });
		} else if (final === 'K' && parameters === '') this.#eraseRow();
		else if (final === 'J' && parameters === '') {
			this.#eraseBelow();
		} else if (final !== 'm') throw new Error(`an unknown sequence: ${parameters}${final}`);
	}

	#eraseBelow(): void {
		const isAll = this.#x === 0 && this.#y === this.#top;
		if (isAll && this.#rows.slice(this.#top).some(({ cells }) => cells.length > 0)) {
			// What was on the screen goes into the history, as in tmux.
			this.#rows.push({ cells: [], wrapped: false });
			this.#top = this.#rows.length - 1;
			this.#y = this.#top;
			return;
		}
		this.#eraseRow();
		this.#rows.length = this.#y + 1;
	}

	#eraseRow(): void {
		const row = this.#rows[this.#y]!;
		row.cells.length = Math.min(row.cells.length, this.#x);
		row.wrapped = false;
	}
}

function textOf({ cells, wrapped }: Row): string {
	return wrapped ? cells.join('') : cells.join('').trimEnd();
}

function trimmed(lines: string[]): string[] {
	while (lines.length > 0 && lines.at(-1) === '') lines.pop();
	return lines;
}
