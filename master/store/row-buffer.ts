/**
 * Rows of one run between two commits, in columns. They come in the order in which workers answer; they leave
 * in the order of their positions, because appending to a tree is several times faster than filling it at
 * random (measured with targets shuffled over 16,384: 0.9 against 0.38 million rows/s).
 */

/** Rows of one transaction: twice what the dispatcher shuffles together, so that most rows are appended. More would
 * sort better still, but wait longer to be committed and hold more when a process dies. */
const rowsPerCommit = 32_768;

/** Rows whose positions are within this span are laid out instead of compared: ten times faster. */
const spanMax = 8 * rowsPerCommit;

/** Round-trip statistics of one row, in µs; NaN for none. */
export interface RowStats {
	readonly minUs: number;
	readonly maxUs: number;
	readonly jitterUs: number;
}

export class RowBuffer {
	length = 0;
	/** a bare IPv4 host, unless there is a text */
	readonly ipv4 = new Uint32Array(rowsPerCommit);
	readonly text = new Array<string | undefined>(rowsPerCommit).fill(undefined);
	readonly position = new Uint32Array(rowsPerCommit);
	readonly outcome = new Float64Array(rowsPerCommit);
	readonly checkedAtMs = new Float64Array(rowsPerCommit);
	/** NaN for none */
	readonly rttUs = new Float64Array(rowsPerCommit);
	/** sparse: most addresses are the host itself */
	readonly address = new Map<number, string>();
	/** sparse: only runs with count above 1 have them */
	readonly stats = new Map<number, RowStats>();
	readonly #byPosition = new Uint16Array(spanMax);

	get full(): boolean {
		return this.length === rowsPerCommit;
	}

	/** Places in the columns by position; of equal positions, the first that came is first. */
	sorted(): ArrayLike<number> {
		return this.#laidOut() ?? this.#compared();
	}

	/** Lays every row out at its position: what a few windows of a list brought lies close together. `undefined`
	 * when it does not, or when a position came twice. */
	#laidOut(): Uint16Array | undefined {
		const { length, position } = this;
		let first = position[0]!;
		let last = first;
		for (let row = 1; row < length; row += 1) {
			const at = position[row]!;
			if (at < first) first = at;
			else if (at > last) last = at;
		}
		const span = last - first + 1;
		if (span > spanMax) return undefined;
		const byPosition = this.#byPosition;
		byPosition.fill(0, 0, span);
		for (let row = 0; row < length; row += 1) {
			const at = position[row]! - first;
			if (byPosition[at] !== 0) return undefined;
			byPosition[at] = row + 1;
		}
		const places = new Uint16Array(length);
		let next = 0;
		for (let at = 0; next < length; at += 1) {
			const place = byPosition[at]!;
			if (place === 0) continue;
			places[next] = place - 1;
			next += 1;
		}
		return places;
	}

	#compared(): Float64Array {
		// Position and place in one number (32 + 15 bits), which a typed array sorts natively.
		const order = Float64Array.from(
			this.position.subarray(0, this.length),
			(position, row) => position * rowsPerCommit + row,
		).sort();
		for (let row = 0; row < order.length; row += 1) order[row] = order[row]! % rowsPerCommit;
		return order;
	}

	clear(): void {
		// Texts are let go now, not when their place is next used.
		this.text.fill(undefined, 0, this.length);
		this.address.clear();
		this.stats.clear();
		this.length = 0;
	}
}
