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
export function worseEnd(a: ChunkEnd, b: ChunkEnd): ChunkEnd {
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

/** How many chunks were under way at each of so many moments of a span, and the worst end among those that ended. */
export interface Density {
	readonly counts: Float64Array;
	readonly ends: readonly (ChunkEnd | undefined)[];
}

/** The time line in small: for each of `bins` slices, the mean number of chunks under way. */
export function density(
	rows: Iterable<readonly LiveChunk[]>,
	held: TimeSpan,
	bins: number,
	nowMs: number,
): Density {
	const counts = new Float64Array(bins);
	const ends: (ChunkEnd | undefined)[] = new Array(bins).fill(undefined);
	const perMs = bins / Math.max(1, held.toMs - held.fromMs);
	for (const row of rows) {
		for (const chunk of row) {
			const from = (chunk.startMs - held.fromMs) * perMs;
			const to = Math.min(bins, ((chunk.endMs ?? nowMs) - held.fromMs) * perMs);
			const first = Math.max(0, Math.floor(from));
			for (let bin = first; bin < to; bin += 1) {
				counts[bin]! += Math.min(bin + 1, to) - Math.max(bin, from);
			}
			const last = Math.min(bins - 1, Math.max(first, Math.ceil(to) - 1));
			const known = ends[last];
			ends[last] = known === undefined ? chunk.end : worseEnd(known, chunk.end);
		}
	}
	return { counts, ends };
}
