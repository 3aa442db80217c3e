/**
 * Rows of one run between two commits, in columns. They come in the order in which workers answer; they leave
 * in the order of their positions, because appending to a tree is several times faster than filling it at
 * random (measured with targets shuffled over 16,384: 0.9 against 0.38 million rows/s).
 */

/** Rows of one transaction: twice what the dispatcher shuffles together, so that most rows are appended. More would
 * sort better still, but wait longer to be committed and hold more when a process dies. */
const rowsPerCommit = 32_768;

/** Round-trip statistics of one row, in µs; NaN for none. */
export interface RowStats {
	readonly minUs: number;
	readonly maxUs: number;
	readonly jitterUs: number;
}

export class RowBuffer {
	length = 0;
	readonly host = new Array<string>(rowsPerCommit).fill('');
	readonly position = new Float64Array(rowsPerCommit);
	readonly outcome = new Float64Array(rowsPerCommit);
	readonly checkedAtMs = new Float64Array(rowsPerCommit);
	/** NaN for none */
	readonly rttUs = new Float64Array(rowsPerCommit);
	/** sparse: most addresses are the host itself */
	readonly address = new Map<number, string>();
	/** sparse: only runs with count above 1 have them */
	readonly stats = new Map<number, RowStats>();
	readonly #order = new Float64Array(rowsPerCommit);

	get full(): boolean {
		return this.length === rowsPerCommit;
	}

	/** Places in the columns by position; of equal positions, the first that came is first. */
	sorted(): Float64Array {
		// Position and place in one number (32 + 15 bits), which a typed array sorts natively.
		for (let row = 0; row < this.length; row += 1)
			this.#order[row] = this.position[row]! * rowsPerCommit + row;
		const order = this.#order.subarray(0, this.length).sort();
		for (let row = 0; row < this.length; row += 1) order[row] = order[row]! % rowsPerCommit;
		return order;
	}

	clear(): void {
		// Texts are let go now, not when their place is next used.
		this.host.fill('', 0, this.length);
		this.address.clear();
		this.stats.clear();
		this.length = 0;
	}
}
