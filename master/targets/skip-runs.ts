/**
 * Which candidates of a list are targets and which are left out (duplicates, excluded ones), as the lengths of
 * runs, alternately taken and left out: what the first walk decides, so that later walks need no sets. A list
 * without duplicates is one number; the worst, in which every second candidate is left out, is a byte each.
 */

const pieceBytes = 64 * 1024;

export class SkipRuns {
	readonly #pieces: Uint8Array[] = [];
	#used = pieceBytes;
	#taking = true;
	#run = 0;

	/** Tells of the next `count` candidates. */
	add(taken: boolean, count: number): void {
		if (taken !== this.#taking) {
			this.#write(this.#run);
			this.#taking = taken;
			this.#run = 0;
		}
		this.#run += count;
	}

	/**
	 * Lets a reader begin behind the candidates so far, of which the last is taken.
	 *
	 * @returns where: the runs from there on start with one of taken candidates again
	 */
	mark(): number {
		this.#write(this.#run);
		this.#write(0);
		this.#run = 0;
		return this.#bytes;
	}

	/** Call once, after the last candidate. */
	end(): void {
		this.#write(this.#run);
		this.#run = 0;
	}

	/** Lengths of the runs from a mark on, the first of them taken, in order. */
	*lengths(mark: number): Generator<number, void, undefined> {
		let value = 0;
		let unit = 1;
		let from = mark % pieceBytes;
		for (let i = Math.floor(mark / pieceBytes); i < this.#pieces.length; i += 1) {
			const piece = this.#pieces[i]!;
			const end = i === this.#pieces.length - 1 ? this.#used : piece.length;
			for (let at = from; at < end; at += 1) {
				const byte = piece[at]!;
				value += (byte & 127) * unit;
				unit *= 128;
				if (byte < 128) {
					yield value;
					value = 0;
					unit = 1;
				}
			}
			from = 0;
		}
	}

	/** written so far */
	get #bytes(): number {
		return (this.#pieces.length - 1) * pieceBytes + this.#used;
	}

	/** LEB128: seven bits a byte, the lowest first, the eighth says that more follow. */
	#write(value: number): void {
		let rest = value;
		for (; rest > 127; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128);
		this.#byte(rest);
	}

	#byte(byte: number): void {
		if (this.#used === pieceBytes) {
			this.#pieces.push(new Uint8Array(pieceBytes));
			this.#used = 0;
		}
		this.#pieces.at(-1)![this.#used] = byte;
		this.#used += 1;
	}
}

/** Walks along the runs. */
export class SkipReader {
	readonly #lengths: Generator<number, void, undefined>;
	#taking = false;
	#left = 0;

	/** @param mark where to begin. Default: at the first candidate */
	constructor(runs: SkipRuns, mark = 0) {
		this.#lengths = runs.lengths(mark);
	}

	/** Whether the next candidates are targets; false behind the end. */
	get taking(): boolean {
		this.#advance();
		return this.#taking;
	}

	/** Goes over up to `count` candidates that are decided alike. @returns how many; 0 behind the end */
	take(count: number): number {
		this.#advance();
		const taken = Math.min(count, this.#left);
		this.#left -= taken;
		return taken;
	}

	#advance(): void {
		while (this.#left === 0) {
			const { value, done } = this.#lengths.next();
			if (done || value === undefined) {
				this.#taking = false;
				return;
			}
			this.#taking = !this.#taking;
			this.#left = value;
		}
	}
}
