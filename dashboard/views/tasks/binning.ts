/**
 * What is drawn of a row. A bar that is wider than a pixel is drawn as it is. Those that are narrower are gathered by
 * the pixel that they start in, and stand there as one: as the worst of them, so that a failure among thousands is
 * seen. A row therefore never needs more bars than it has pixels.
 */
import type { ChunkEnd, ChunkKind, LiveChunk } from '../../../shared/dashboard-api.ts';
import { firstEndingFrom, type TimeScale } from './geometry.ts';
import type { TimeSpan } from './time-view.ts';

export interface Bar {
	readonly leftPx: number;
	readonly widthPx: number;
	readonly end: ChunkEnd;
	readonly kind: ChunkKind;
	/** `undefined` where it stands for several */
	readonly chunk: LiveChunk | undefined;
}

const badness: Readonly<Record<ChunkEnd, number>> = { ok: 0, open: 1, cancelled: 2, late: 3, failed: 4 };

/** @returns the worse of two ends */
function worseEnd(a: ChunkEnd, b: ChunkEnd): ChunkEnd {
	return badness[b] > badness[a] ? b : a;
}

/**
 * Tells of the bars of a row from left to right.
 * @param nowMs where those end that are open
 */
export function eachBar(
	row: readonly LiveChunk[],
	shown: TimeSpan,
	scale: TimeScale,
	nowMs: number,
	tell: (bar: Bar) => void,
): void {
	let pending: { px: number; end: ChunkEnd; kind: ChunkKind; chunk: LiveChunk | undefined } | undefined;
	const flush = () => {
		if (pending === undefined) return;
		tell({ leftPx: pending.px, widthPx: 1, end: pending.end, kind: pending.kind, chunk: pending.chunk });
		pending = undefined;
	};
	for (let i = firstEndingFrom(row, shown.fromMs); i < row.length; i += 1) {
		const chunk = row[i]!;
		if (chunk.startMs > shown.toMs) break;
		const leftPx = scale.pxOf(chunk.startMs);
		const widthPx = scale.pxOf(chunk.endMs ?? Math.max(nowMs, chunk.startMs)) - leftPx;
		if (widthPx >= 1) {
			flush();
			tell({ leftPx, widthPx, end: chunk.end, kind: chunk.kind, chunk });
			continue;
		}
		const px = Math.floor(leftPx);
		if (pending !== undefined && pending.px === px) {
			pending.end = worseEnd(pending.end, chunk.end);
			if (pending.kind === 'first') pending.kind = chunk.kind;
			pending.chunk = undefined;
		} else {
			flush();
			pending = { px, end: chunk.end, kind: chunk.kind, chunk };
		}
	}
	flush();
}

/** How many chunks were under way in each of so many slices of a span, and the worst end among those that ended in it. */
export interface Density {
	readonly counts: Float64Array;
	readonly ends: readonly (ChunkEnd | undefined)[];
}

/**
 * The time line in small: for each of `bins` slices, the mean number of chunks under way. A chunk touches its first and
 * its last slice alone; those between are summed up in the end, so that its length costs nothing.
 */
export function density(
	rows: Iterable<readonly LiveChunk[]>,
	held: TimeSpan,
	bins: number,
	nowMs: number,
): Density {
	const counts = new Float64Array(bins + 1);
	/** what changes at the start of a slice, for all that follow */
	const changes = new Float64Array(bins + 1);
	const ends: (ChunkEnd | undefined)[] = new Array(bins).fill(undefined);
	const perMs = bins / Math.max(1, held.toMs - held.fromMs);
	for (const row of rows) {
		for (const chunk of row) {
			const from = Math.max(0, Math.min(bins, (chunk.startMs - held.fromMs) * perMs));
			const to = Math.max(from, Math.min(bins, ((chunk.endMs ?? nowMs) - held.fromMs) * perMs));
			const first = Math.floor(from);
			const last = Math.floor(to);
			if (first === last) counts[first]! += to - from;
			else {
				counts[first]! += first + 1 - from;
				changes[first + 1]! += 1;
				changes[last]! -= 1;
				counts[last]! += to - last;
			}
			const bin = Math.max(0, Math.min(bins - 1, Math.ceil(to) - 1));
			const known = ends[bin];
			ends[bin] = known === undefined ? chunk.end : worseEnd(known, chunk.end);
		}
	}
	let whole = 0;
	for (let bin = 0; bin < bins; bin += 1) {
		whole += changes[bin]!;
		counts[bin]! += whole;
	}
	return { counts: counts.subarray(0, bins), ends };
}
