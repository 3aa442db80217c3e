/** From chunk to chunk by keys: along a worker's lane in order of time, and from lane to lane at the same time. */
import type { LiveChunk } from '../../../shared/dashboard-api.ts';
import type { Lane } from './lanes.ts';

/** @returns the newest chunk of all; `undefined` when there is none */
export function newestChunk(lanes: readonly Lane[]): LiveChunk | undefined {
	let newest: LiveChunk | undefined;
	for (const lane of lanes) {
		for (const row of lane.rows) {
			const last = row.at(-1);
			if (last !== undefined && (newest === undefined || last.id > newest.id)) newest = last;
		}
	}
	return newest;
}

/**
 * The chunk beside another one.
 * @param from may be forgotten meanwhile: then its place in time counts
 * @returns `undefined` where there is none in that direction
 */
export function stepFrom(
	lanes: readonly Lane[],
	from: LiveChunk,
	direction: 'left' | 'right' | 'up' | 'down',
): LiveChunk | undefined {
	if (direction === 'left' || direction === 'right') {
		const lane = lanes.find(({ worker }) => worker === from.worker);
		return lane && besideInLane(lane, from, direction === 'left');
	}
	const ordered = direction === 'down' ? lanes : [...lanes].reverse();
	const lane = ordered.find(({ worker }) =>
		direction === 'down' ? worker > from.worker : worker < from.worker,
	);
	return lane && nearestInLane(lane, from.startMs);
}

/** Chunks of a lane in order of start; ids part those that started together. */
function isBefore(a: LiveChunk, b: LiveChunk): boolean {
	return a.startMs === b.startMs ? a.id < b.id : a.startMs < b.startMs;
}

function besideInLane(lane: Lane, from: LiveChunk, isLeft: boolean): LiveChunk | undefined {
	let best: LiveChunk | undefined;
	for (const row of lane.rows) {
		for (const chunk of row) {
			if (isLeft ? !isBefore(chunk, from) : !isBefore(from, chunk)) continue;
			if (best === undefined || (isLeft ? isBefore(best, chunk) : isBefore(chunk, best))) best = chunk;
		}
	}
	return best;
}

function nearestInLane(lane: Lane, atMs: number): LiveChunk | undefined {
	let best: LiveChunk | undefined;
	for (const row of lane.rows) {
		for (const chunk of row) {
			if (best === undefined || Math.abs(chunk.startMs - atMs) < Math.abs(best.startMs - atMs)) best = chunk;
		}
	}
	return best;
}
