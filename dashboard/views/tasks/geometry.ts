/** Heights and places of lanes, and what stands where: all in CSS pixels. */
import type { LiveChunk } from '../../../shared/dashboard-api.ts';
import type { Lane } from './lanes.ts';
import type { TimeSpan } from './time-view.ts';

/** A row is this high where there is room, and never lower than that. */
const rowPxMax = 18;
const rowPxMin = 3;
/** So that the worker's name fits. */
const lanePxMin = 16;
const laneGapPx = 5;

export interface LanePlace {
	readonly lane: Lane;
	readonly topPx: number;
	readonly heightPx: number;
	/** of every row of it */
	readonly rowPx: number;
}

export interface LanePlaces {
	readonly places: readonly LanePlace[];
	readonly heightPx: number;
}

/** Lanes below each other, as high as the room allows; those that do not fit are scrolled to. */
export function placeLanes(lanes: readonly Lane[], roomPx: number): LanePlaces {
	const rowsAll = lanes.reduce((sum, lane) => sum + lane.rows.length, 0);
	const roomForRowsPx = roomPx - lanes.length * laneGapPx;
	const rowPx = Math.max(
		rowPxMin,
		Math.min(rowPxMax, Math.floor(rowsAll === 0 ? rowPxMax : roomForRowsPx / rowsAll)),
	);
	const places: LanePlace[] = [];
	let topPx = 0;
	for (const lane of lanes) {
		const heightPx = Math.max(lanePxMin, lane.rows.length * rowPx);
		// A lane of few rows uses the height that its name needs.
		const ownRowPx = Math.min(
			rowPxMax,
			Math.max(rowPx, Math.floor(heightPx / Math.max(1, lane.rows.length))),
		);
		places.push({ lane, topPx, heightPx, rowPx: ownRowPx });
		topPx += heightPx + laneGapPx;
	}
	return { places, heightPx: topPx };
}

/** Those of which something is between two heights. */
export function visiblePlaces(places: readonly LanePlace[], fromPx: number, toPx: number): LanePlace[] {
	return places.filter((place) => place.topPx + place.heightPx >= fromPx && place.topPx <= toPx);
}

/** Times to places across, and back. */
export class TimeScale {
	readonly #fromMs: number;
	readonly #pxPerMs: number;

	constructor(shown: TimeSpan, widthPx: number) {
		this.#fromMs = shown.fromMs;
		this.#pxPerMs = widthPx / (shown.toMs - shown.fromMs);
	}

	pxOf(atMs: number): number {
		return (atMs - this.#fromMs) * this.#pxPerMs;
	}

	msOf(px: number): number {
		return this.#fromMs + px / this.#pxPerMs;
	}
}

/**
 * The first chunk of a row that ends at a time or later: before it, there is nothing to draw from there on.
 * @param row in order of start, without overlaps
 */
export function firstEndingFrom(row: readonly LiveChunk[], atMs: number): number {
	let low = 0;
	let high = row.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((row[middle]!.endMs ?? Number.POSITIVE_INFINITY) < atMs) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** The chunk of a row at a time, or the nearest one within a distance. Open ones reach to `nowMs`. */
export function chunkAt(
	row: readonly LiveChunk[],
	atMs: number,
	nowMs: number,
	reachMs: number,
): LiveChunk | undefined {
	let best: LiveChunk | undefined;
	let bestMs = reachMs;
	for (let i = firstEndingFrom(row, atMs - reachMs); i < row.length; i += 1) {
		const chunk = row[i]!;
		if (chunk.startMs - atMs > bestMs) break;
		const distanceMs = Math.max(0, chunk.startMs - atMs, atMs - (chunk.endMs ?? nowMs));
		if (distanceMs <= bestMs && (best === undefined || distanceMs < bestMs)) {
			best = chunk;
			bestMs = distanceMs;
		}
	}
	return best;
}

/** What is drawn at a point, counted from the top of the first lane. */
export function chunkAtPoint(
	places: readonly LanePlace[],
	xPx: number,
	yPx: number,
	scale: TimeScale,
	nowMs: number,
): LiveChunk | undefined {
	const place = places.find(({ topPx, heightPx }) => yPx >= topPx && yPx < topPx + heightPx);
	if (place === undefined) return undefined;
	const row = place.lane.rows[Math.floor((yPx - place.topPx) / place.rowPx)];
	if (row === undefined) return undefined;
	const reachMs = scale.msOf(3) - scale.msOf(0);
	return chunkAt(row, scale.msOf(xPx), nowMs, reachMs);
}
