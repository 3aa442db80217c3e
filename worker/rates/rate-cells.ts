/**
 * Many rate ceilings at once: one 32-bit cell for each, on memory that threads may share, without locks.
 *
 * A generic cell rate algorithm for each, as in shared/pacer.ts: a cell holds the time at which the next probe is
 * due by even spacing, and probes may leave up to a burst ahead of it. Time is counted in 1/1024 of the spacing,
 * modulo 2^32, so a cell that nobody used for some millions of probes' time may look as if it were ahead. By more
 * than a burst it can not be, which is how most of them are known; the others (a burst in 2^32) let fewer leave at
 * once for a moment. More than the ceiling never leave: a cell is read before the clock, and written only if nobody
 * did meanwhile.
 */

/** Units of time from one probe to the next. */
const unitsPerProbe = 1_024;

/** The highest ceiling: a burst of one second must be told from a turn of the cells' clock. More than any worker can
 * send; beyond it there is no ceiling. */
export const ratePerSecondMax = 2 ** 20;

/** What threads pass to each other: the same ceilings, over the same cells. */
export interface RateCellsSetup {
	/** probes per second of each cell: above 0, up to `ratePerSecondMax` */
	readonly ratePerSecond: number;
	/** how far ahead of the even spacing probes may leave, in ms, up to 1,000; one probe always may */
	readonly burstMs: number;
	/** one per ceiling, zero at first; on a SharedArrayBuffer where threads share them */
	readonly cells: Int32Array;
}

export class RateCells {
	/** how far apart probes of one cell are, in ms */
	readonly stepMs: number;
	readonly #cells: Int32Array;
	readonly #nowUs: () => number;
	readonly #unitsPerUs: number;
	readonly #burst: number;

	/** @param nowUs one time base for all that share the cells, in microseconds */
	constructor({ ratePerSecond, burstMs, cells }: RateCellsSetup, nowUs: () => number) {
		this.stepMs = 1000 / ratePerSecond;
		this.#cells = cells;
		this.#nowUs = nowUs;
		this.#unitsPerUs = (unitsPerProbe * ratePerSecond) / 1e6;
		this.#burst = Math.max(unitsPerProbe, Math.floor((unitsPerProbe * ratePerSecond * burstMs) / 1000));
	}

	/** Takes leave for one probe. @returns whether it may leave now */
	take(cell: number): boolean {
		for (;;) {
			const due = Atomics.load(this.#cells, cell);
			const now = this.#now();
			const ahead = this.#ahead(due, now) + unitsPerProbe;
			if (ahead > this.#burst) return false;
			if (Atomics.compareExchange(this.#cells, cell, due, (now + ahead) | 0) === due) return true;
		}
	}

	/** Gives back leave that was taken a moment ago and not used. */
	giveBack(cell: number): void {
		Atomics.sub(this.#cells, cell, unitsPerProbe);
	}

	/** How long until one probe may leave, in ms; 0 when it may now. */
	delayMs(cell: number): number {
		const due = Atomics.load(this.#cells, cell);
		const units = this.#ahead(due, this.#now()) + unitsPerProbe - this.#burst;
		return Math.max(0, units / this.#unitsPerUs / 1000);
	}

	#now(): number {
		return Math.floor(this.#nowUs() * this.#unitsPerUs) | 0;
	}

	#ahead(due: number, now: number): number {
		const ahead = (due - now) | 0;
		return ahead > 0 && ahead <= this.#burst ? ahead : 0;
	}
}
