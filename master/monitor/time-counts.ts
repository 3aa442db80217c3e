/** Rows by the time at which they were answered: in slices of one length, which doubles whenever there would be too many
 * of them, so that a run of days takes no more room than one of seconds. */
import type { Series } from '../../shared/dashboard-api.ts';
import { seriesSliceMsFirst, seriesSlicesMax } from '../../shared/limits.ts';

/** Kinds that are told apart: up, down, other. */
const kinds = 3;

export class TimeCounts {
	#sliceMs = seriesSliceMsFirst;
	#slices = 0;
	readonly #counts = new Uint32Array(seriesSlicesMax * kinds);

	/**
	 * @param atMs from the start of the run
	 * @param status 0 up, 1 down (shared/outcome.ts); all others are one
	 */
	add(atMs: number, status: number): void {
		// A clock that was set meanwhile may say that it was before the start.
		let slice = atMs > 0 ? Math.floor(atMs / this.#sliceMs) : 0;
		while (slice >= seriesSlicesMax) {
			this.#lengthen();
			slice = Math.floor(atMs / this.#sliceMs);
		}
		if (slice >= this.#slices) this.#slices = slice + 1;
		this.#counts[slice * kinds + Math.min(status, 2)]! += 1;
	}

	series(): Series {
		const points = Array.from({ length: this.#slices }, (_, slice) => {
			const at = slice * kinds;
			const [up, down, other] = [this.#counts[at]!, this.#counts[at + 1]!, this.#counts[at + 2]!];
			return { atMs: slice * this.#sliceMs, up, down, other, inFlight: 0 };
		});
		return { sliceMs: this.#sliceMs, points };
	}

	/** All of it, as plain data. */
	kept(): KeptTimes {
		return { sliceMs: this.#sliceMs, counts: Array.from(this.#counts.subarray(0, this.#slices * kinds)) };
	}

	/** What `kept` has made. @returns `undefined` for what it can not have made */
	static from(kept: unknown): TimeCounts | undefined {
		const { sliceMs, counts } = (kept ?? {}) as Partial<KeptTimes>;
		if (!Array.isArray(counts) || counts.length % kinds !== 0) return undefined;
		if (counts.length > seriesSlicesMax * kinds) return undefined;
		if (!counts.every((count) => Number.isInteger(count) && count >= 0 && count < 2 ** 32)) return undefined;
		const doublings = Math.log2(Number(sliceMs) / seriesSliceMsFirst);
		if (!Number.isInteger(doublings) || doublings < 0) return undefined;
		const found = new TimeCounts();
		found.#sliceMs = Number(sliceMs);
		found.#slices = counts.length / kinds;
		found.#counts.set(counts);
		return found;
	}

	#lengthen(): void {
		const counts = this.#counts;
		for (let slice = 0; slice < seriesSlicesMax / 2; slice += 1) {
			for (let kind = 0; kind < kinds; kind += 1) {
				const first = 2 * slice * kinds + kind;
				counts[slice * kinds + kind] = counts[first]! + counts[first + kinds]!;
			}
		}
		counts.fill(0, (seriesSlicesMax / 2) * kinds);
		this.#slices = Math.ceil(this.#slices / 2);
		this.#sliceMs *= 2;
	}
}

interface KeptTimes {
	readonly sliceMs: number;
	/** by slice and kind */
	readonly counts: readonly number[];
}
