/**
 * Where each chunk stands in the time line: a lane per worker, and in it as many rows as chunks overlap in time.
 *
 * A chunk takes the first row that is free when it starts, and keeps it for as long as it is held: rows that were dealt
 * anew whenever the oldest chunk is forgotten would make the whole picture jump.
 */
import type { LiveChunk } from '../../../shared/dashboard-api.ts';
import type { TimeSpan } from './time-view.ts';

export interface Lane {
	/** LiveWorker.index */
	readonly worker: number;
	/** each in order of start; those in one row do not overlap */
	readonly rows: readonly (readonly LiveChunk[])[];
}

/** Rows of chunks that are forgotten are kept until they are so many times as many as those that are held. */
const keptRowsMax = 2;

export class LaneLayout {
	#rowById = new Map<number, number>();
	#lanes: readonly Lane[] = [];
	#extent: TimeSpan = { fromMs: 0, toMs: 0 };

	/** by LiveWorker.index */
	get lanes(): readonly Lane[] {
		return this.#lanes;
	}

	/** from the first start to the last end that is known; 0 to 0 without chunks */
	get extent(): TimeSpan {
		return this.#extent;
	}

	/**
	 * Takes over what is held now.
	 * @param chunks nearly in order of their ids, which is the order in which they were sent
	 * @param isShown chunks that do not pass take no place
	 */
	sync(chunks: Iterable<LiveChunk>, isShown: (chunk: LiveChunk) => boolean = () => true): void {
		const lanes: LaneRows[] = [];
		let fromMs = Number.POSITIVE_INFINITY;
		let toMs = 0;
		let count = 0;
		for (const chunk of inOrder(chunks)) {
			if (!isShown(chunk)) continue;
			lanes[chunk.worker] ??= new LaneRows();
			const lane = lanes[chunk.worker]!;
			const kept = this.#rowById.get(chunk.id);
			const row = lane.place(chunk, kept);
			if (kept === undefined) this.#rowById.set(chunk.id, row);
			fromMs = Math.min(fromMs, chunk.startMs);
			toMs = Math.max(toMs, chunk.endMs ?? chunk.startMs);
			count += 1;
		}
		this.#lanes = lanes.flatMap((lane, worker) => ({ worker, rows: lane.rows }));
		this.#extent = { fromMs: count === 0 ? 0 : fromMs, toMs };
		if (this.#rowById.size > count * keptRowsMax + 1_000) this.#forgetRows();
	}

	#forgetRows(): void {
		const held = new Map<number, number>();
		for (const lane of this.#lanes) {
			lane.rows.forEach((row, i) => {
				for (const { id } of row) held.set(id, i);
			});
		}
		this.#rowById = held;
	}
}

/** By id: a chunk that the page was first told of late may be out of order. */
function inOrder(chunks: Iterable<LiveChunk>): readonly LiveChunk[] {
	const list = [...chunks];
	for (let i = 1; i < list.length; i += 1) {
		if (list[i]!.id < list[i - 1]!.id) return list.sort((a, b) => a.id - b.id);
	}
	return list;
}

/** The rows of one worker while they are filled. */
class LaneRows {
	readonly rows: LiveChunk[][] = [];
	readonly #freeAtMs: number[] = [];

	place(chunk: LiveChunk, kept: number | undefined): number {
		const row = kept ?? this.#freeRow(chunk.startMs);
		for (let made = this.rows.length; made <= row; made += 1) {
			this.rows.push([]);
			this.#freeAtMs.push(0);
		}
		this.rows[row]!.push(chunk);
		this.#freeAtMs[row] = chunk.endMs ?? Number.POSITIVE_INFINITY;
		return row;
	}

	#freeRow(startMs: number): number {
		const row = this.#freeAtMs.findIndex((freeAtMs) => freeAtMs <= startMs);
		return row < 0 ? this.#freeAtMs.length : row;
	}
}
