/**
 * What happened over the time of a run, in slices of one length, from the start of the process on. A long run has no
 * more of them than a short one: when there are too many, pairs are made one, and slices are twice as long from then
 * on. The end of a slice is noticed with the next thing that happens, or when somebody looks; counts that grew until
 * then are those of the slice that was open, so whoever counts tells of the time first.
 */
import type { Series, SeriesPoint } from '../../shared/dashboard-api.ts';
import { seriesSliceMsFirst, seriesSlicesMax } from '../../shared/limits.ts';

/** Rows so far, and hosts in requests now. */
export interface SeriesCounts {
	readonly up: number;
	readonly down: number;
	readonly other: number;
	readonly inFlight: number;
}

export class SliceSeries {
	#sliceMs = seriesSliceMsFirst;
	#points: SeriesPoint[] = [];
	/** of what was told, at which change of the run each point came (run-monitor.ts) */
	#versions: number[] = [];
	#before = { up: 0, down: 0, other: 0 };

	/** When the slice ends that is open, in ms from the start. */
	get openUntilMs(): number {
		return this.#sliceMs * (this.#points.length + 1);
	}

	/**
	 * Closes all slices that have ended.
	 *
	 * @param atMs from the start
	 * @param version what to call the change
	 */
	advance(atMs: number, counts: SeriesCounts, version: number): void {
		while (atMs >= this.openUntilMs) this.#close(counts, version);
	}

	/** Closes the slice that is open as well, if anything happened in it. */
	end(atMs: number, counts: SeriesCounts, version: number): void {
		this.advance(atMs, counts, version);
		if (atMs > this.openUntilMs - this.#sliceMs) this.#close(counts, version);
	}

	all(): Series {
		return { sliceMs: this.#sliceMs, points: [...this.#points] };
	}

	/** What is new behind a version; `undefined` when nothing is. */
	since(version: number): (Series & { readonly from: number }) | undefined {
		const { length } = this.#points;
		let from = length;
		while (from > 0 && this.#versions[from - 1]! > version) from -= 1;
		return from === length ? undefined : { sliceMs: this.#sliceMs, points: this.#points.slice(from), from };
	}

	#close({ up, down, other, inFlight }: SeriesCounts, version: number): void {
		const before = this.#before;
		this.#points.push({
			atMs: this.#sliceMs * this.#points.length,
			up: up - before.up,
			down: down - before.down,
			other: other - before.other,
			inFlight,
		});
		this.#versions.push(version);
		this.#before = { up, down, other };
		if (this.#points.length >= seriesSlicesMax) this.#lengthen(version);
	}

	#lengthen(version: number): void {
		const points: SeriesPoint[] = [];
		for (let first = 0; first < this.#points.length; first += 2) {
			const [a, b] = [this.#points[first]!, this.#points[first + 1]!];
			points.push({
				atMs: a.atMs,
				up: a.up + b.up,
				down: a.down + b.down,
				other: a.other + b.other,
				inFlight: b.inFlight,
			});
		}
		this.#points = points;
		// All of them are new to everybody.
		this.#versions = points.map(() => version);
		this.#sliceMs *= 2;
	}
}
