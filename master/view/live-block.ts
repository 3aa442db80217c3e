/**
 * Lines at the end of a terminal's output that change in place, and other texts that are printed above them.
 *
 * The cursor rests at the start of the last line: what a terminal echoes there (`^C`) is drawn over. To draw, it goes up
 * to the first line; each line then erases what is left of its row, and the last one what is left of the screen.
 * Everything goes out in one write, between the marks of a synchronized update (mode 2026), so nothing half is seen. The
 * cursor is never hidden, and wrapping is off only within a write: however this process ends, nothing is left to be
 * put right.
 *
 * When the terminal becomes narrower, most of them break what they show into more rows, so what has been drawn is
 * measured against the width of now. When it becomes lower as well, rows of ours may leave the screen at the top, and
 * come back when it grows: those are counted (`#gone`), for as long as nothing was printed behind them. If the screen
 * does not give them back, the lines drawn start in its first row, where going up ends. In which row the cursor is can
 * not be known without asking the terminal: tmux, which keeps empty rows below it when it breaks lines anew, may show
 * old lines above when it was made narrower in many small steps. In doubt, lines of ours are left, not others erased.
 */
import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from './display-width.ts';

/** The part of a tty.WriteStream that is used. */
export interface Screen {
	write(text: string): unknown;
	readonly columns?: number | undefined;
	readonly rows?: number | undefined;
}

interface Size {
	readonly columns: number;
	readonly rows: number;
}

const eraseRow = '\x1b[K';
const eraseBelow = '\x1b[J';
const start = '\x1b[?2026h\x1b[?7l';
const end = '\x1b[?7h\x1b[?2026l';

/** What a terminal has, also one that does not say it. */
export function sizeOf({ columns = 0, rows = 0 }: Screen): Size {
	return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

export class LiveBlock {
	readonly #screen: Screen;
	/** whether the terminal breaks lines anew when its width changes */
	readonly #reflows: boolean;
	#lines: readonly string[] = [];
	/** widths of lines of ours that left the screen at the top, and stand right above what is drawn */
	#gone: number[] = [];
	/** of the lines drawn, but the cursor's */
	#above: readonly number[] = [];
	/** of the cursor's line */
	#last = 0;
	#drawnAt: Size | undefined;

	constructor(screen: Screen, { reflows = true }: { readonly reflows?: boolean } = {}) {
		this.#screen = screen;
		this.#reflows = reflows;
	}

	/** Shows these lines in the place of those before. @param lines safe; at least one, fewer than the screen
	 * has rows, and each narrower than it */
	draw(lines: readonly string[]): void {
		const erasing = this.#goUp(this.#isResized());
		this.#screen.write(`${start}${erasing}${this.#drawing(lines)}${end}`);
	}

	/** Prints a text above them, which stays. @param text safe, with its line feed; may wrap */
	print(text: string): void {
		if (this.#drawnAt === undefined) {
			this.#screen.write(text);
			return;
		}
		const erasing = this.#goUp(true);
		this.#gone = [];
		this.#screen.write(`\x1b[?2026h${erasing}${text}\x1b[?7l${this.#drawing(this.#lines)}${end}`);
	}

	/** Takes them off the screen. */
	clear(): void {
		if (this.#drawnAt === undefined) return;
		this.#screen.write(this.#goUp(true));
		this.#lines = [];
		this.#gone = [];
		this.#drawnAt = undefined;
	}

	#isResized(): boolean {
		const { columns, rows } = sizeOf(this.#screen);
		return columns !== this.#drawnAt?.columns || rows !== this.#drawnAt.rows;
	}

	/**
	 * Empty rows below what was drawn in the first row of the screen. A terminal that becomes lower takes those first;
	 * but when lines are broken anew, some (tmux) keep them, and let go of rows at the top.
	 */
	#emptyBelow(rows: number): number {
		if (this.#drawnAt === undefined || this.#gone.length === 0) return 0;
		const before = Math.max(0, this.#drawnAt.rows - this.#lines.length);
		return before - Math.min(before, Math.max(0, this.#drawnAt.rows - rows));
	}

	/** Goes to where the first line was. @param erasing what is there and below; otherwise it is drawn over */
	#goUp(erasing: boolean): string {
		if (this.#drawnAt === undefined) return '\r';
		const { columns, rows } = sizeOf(this.#screen);
		const rowsOf = (width: number): number => (this.#reflows ? Math.max(1, Math.ceil(width / columns)) : 1);
		const isResized = this.#isResized();
		const widths = isResized ? [...this.#gone, ...this.#above] : this.#above;
		const heights = widths.map(rowsOf);
		const up = heights.reduce((sum, height) => sum + height, 0);
		if (isResized) {
			// What a terminal keeps of the cursor's own line, when that takes several rows, is for it to choose.
			let gone = up + rowsOf(this.#last) + this.#emptyBelow(rows) - rows;
			this.#gone = [];
			for (let i = 0; gone > 0 && i < widths.length; i += 1) {
				// Of a line that is partly on the screen, only the rest is left when that is erased.
				this.#gone.push(Math.min(widths[i]!, gone * columns));
				gone -= heights[i]!;
			}
		}
		const going = up > 0 ? `\r\x1b[${up}A` : '\r';
		if (!erasing) return going;
		// A terminal that is told to erase all of its screen may put it into its history first (tmux does): row by row.
		const isAlone = up + rowsOf(this.#last) === 1;
		return going + (isAlone ? eraseRow : `${eraseRow}\x1b[B${eraseBelow}\x1b[A`);
	}

	#drawing(lines: readonly string[]): string {
		const widths = lines.map((line) => displayWidth(stripVTControlCharacters(line)));
		this.#lines = lines;
		this.#last = widths.pop() ?? 0;
		this.#above = widths;
		this.#drawnAt = sizeOf(this.#screen);
		return `${lines.map((line) => line + eraseRow).join('\r\n')}${eraseBelow}\r`;
	}
}
