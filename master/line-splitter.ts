/** Cuts a stream of bytes into lines of UTF-8 text without holding more than one unfinished line. */
export class LineSplitter {
	readonly #lineCharsMax: number;
	readonly #decoder = new TextDecoder();
	#unfinished: string[] = [];
	#unfinishedChars = 0;
	#isBroken = false;

	/** @param lineCharsMax longest line, in UTF-16 code units */
	constructor(lineCharsMax: number) {
		this.#lineCharsMax = lineCharsMax;
	}

	/** Whether a line is too long, behind those that were given. Nothing more may be pushed then. */
	get isBroken(): boolean {
		return this.#isBroken;
	}

	/** @returns the lines that these bytes complete */
	push(bytes: Uint8Array): string[] {
		const lines = this.#decoder.decode(bytes, { stream: true }).split('\n');
		const rest = lines.pop()!;
		if (lines.length > 0) {
			lines[0] = this.#unfinished.join('') + lines[0]!;
			this.#unfinished = [];
			this.#unfinishedChars = 0;
		}
		this.#unfinished.push(rest);
		this.#unfinishedChars += rest.length;
		// A line that came whole is as long as one that came in pieces.
		const tooLong = lines.findIndex(({ length }) => length > this.#lineCharsMax);
		this.#isBroken = tooLong >= 0 || this.#unfinishedChars > this.#lineCharsMax;
		return tooLong < 0 ? lines : lines.slice(0, tooLong);
	}
}
