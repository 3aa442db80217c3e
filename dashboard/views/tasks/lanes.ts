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

export class LaneLayout {
	#rowById = new Map<number, number>();
	#lanes: readonly Lane[] = [];
	#firstMs = 0;
	#lastMs = 0;
	#shown = 0;

	/** by LiveWorker.index */
	get lanes(): readonly Lane[] {
		return this.#lanes;
	}

	/** chunks in the lanes */
	get size(): number {
		return this.#shown;
	}

	/** from the first start to the last end that is known; 0 to 0 without chunks */
	get extent(): TimeSpan {
		return { fromMs: this.#firstMs, toMs: this.#lastMs };
	}

	/**
	 * Takes over what is held now.
	 * @param chunks nearly in order of their ids, which is the order in which they were sent
	 * @param isShown chunks that do not pass take no place
	 */
	sync(chunks: Iterable<LiveChunk>, isShown: (chunk: LiveChunk) => boolean = () => true): void {
		const before = this.#rowById;
		const rowById = new Map<number, number>();
		const lanes = new Map<number, LaneRows>();
		let firstMs = Number.POSITIVE_INFINITY;
		let lastMs = 0;
		for (const chunk of inOrder(chunks)) {
			if (!isShown(chunk)) continue;
			let lane = lanes.get(chunk.worker);
			if (lane === undefined) {
				lane = new LaneRows();
				lanes.set(chunk.worker, lane);
			}
			rowById.set(chunk.id, lane.place(chunk, before.get(chunk.id)));
			firstMs = Math.min(firstMs, chunk.startMs);
			lastMs = Math.max(lastMs, chunk.endMs ?? chunk.startMs);
		}
		this.#rowById = rowById;
		this.#shown = rowById.size;
		this.#firstMs = rowById.size === 0 ? 0 : firstMs;
		this.#lastMs = lastMs;
		this.#lanes = [...lanes.entries()]
			.sort(([a], [b]) => a - b)
			.map(([worker, lane]) => ({ worker, rows: lane.rows }));
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
