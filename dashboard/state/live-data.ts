/**
 * What is known of a live run, and how messages change it. No part of a browser is used here.
 *
 * A `hello` replaces everything. An `update` brings the run and the workers whole, and of all else what is new. Chunks
 * come again with the same id whenever they have changed; of a bounded number of them the oldest are forgotten first.
 */
import type {
	LiveChunk,
	LiveEvent,
	LiveHello,
	LiveRun,
	LiveUpdate,
	LiveWorker,
	RttHistogram,
	Series,
} from '../../shared/dashboard-api.ts';
import { chunksHeldMax, eventsHeldMax } from '../../shared/limits.ts';

/** Chunks by id, in the order in which they were first heard of. The map is one and the same from update to update. */
export interface HeldChunks {
	readonly byId: ReadonlyMap<number, LiveChunk>;
	/** changes whenever the map does */
	readonly version: number;
	/** chunks that the page was not told of */
	readonly skipped: number;
}

export interface LiveData {
	readonly run: LiveRun;
	readonly workers: readonly LiveWorker[];
	readonly series: Series;
	readonly rttHistogram: RttHistogram;
	readonly chunks: HeldChunks;
	/** the oldest first */
	readonly events: readonly LiveEvent[];
}

export function fromHello(hello: LiveHello): LiveData {
	const byId = new Map<number, LiveChunk>();
	hold(byId, hello.chunks);
	return {
		run: hello.run,
		workers: hello.workers,
		series: hello.series,
		rttHistogram: hello.rttHistogram,
		chunks: { byId, version: 0, skipped: 0 },
		events: hello.events.slice(-eventsHeldMax),
	};
}

/** @returns new data; the map of chunks, which may be large, is changed in place and goes on in it */
export function withUpdate(data: LiveData, update: LiveUpdate): LiveData {
	const { chunks } = data;
	const byId = chunks.byId as Map<number, LiveChunk>;
	const isChunksChanged = update.chunks.length > 0 || update.chunksSkipped > 0;
	hold(byId, update.chunks);
	return {
		run: update.run,
		workers: update.workers,
		series: update.series === undefined ? data.series : joinSeries(data.series, update.series),
		rttHistogram: update.rttHistogram ?? data.rttHistogram,
		chunks: isChunksChanged
			? { byId, version: chunks.version + 1, skipped: chunks.skipped + update.chunksSkipped }
			: chunks,
		events: joinEvents(data.events, update.events),
	};
}

function hold(byId: Map<number, LiveChunk>, chunks: readonly LiveChunk[]): void {
	for (const chunk of chunks) byId.set(chunk.id, chunk);
	for (const id of byId.keys()) {
		if (byId.size <= chunksHeldMax) break;
		byId.delete(id);
	}
}

/** Points are told apart by their time, not by their place: one that was lost on the way shifts no other. */
function joinSeries(held: Series, news: Series & { readonly from: number }): Series {
	const { sliceMs, points } = news;
	if (news.from === 0 || sliceMs !== held.sliceMs) return { sliceMs, points };
	const first = points[0];
	if (first === undefined) return held;
	let end = held.points.length;
	while (end > 0 && held.points[end - 1]!.atMs >= first.atMs) end -= 1;
	return { sliceMs, points: [...held.points.slice(0, end), ...points] };
}

function joinEvents(held: readonly LiveEvent[], news: readonly LiveEvent[]): readonly LiveEvent[] {
	const last = held.at(-1)?.id ?? 0;
	const fresh = news.filter((event) => event.id > last);
	return fresh.length === 0 ? held : [...held, ...fresh].slice(-eventsHeldMax);
}
