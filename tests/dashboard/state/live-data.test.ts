import { describe, expect, it } from 'vitest';
import { fromHello, withUpdate } from '../../../dashboard/state/live-data.ts';
import { chunksHeldMax, eventsHeldMax } from '../../../shared/limits.ts';
import { hello, liveChunk, liveEvent, liveRun, liveWorker, point, update } from '../live-fixture.ts';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('a live run', () => {
	it('takes the run and the workers whole, and keeps what an update leaves out', () => {
		const rttHistogram = { edgesMs: [1, 2], counts: [3, 4] };
		const before = fromHello(hello({ series: { sliceMs: 250, points: [point(0)] }, rttHistogram }));
		const after = withUpdate(before, update({ run: liveRun({ done: 5 }), workers: [liveWorker(1)] }));
		expect(after.run.done).toBe(5);
		expect(after.workers.map(({ index }) => index)).toEqual([1]);
		expect(after.series).toBe(before.series);
		expect(after.rttHistogram).toBe(rttHistogram);
		expect(after.chunks).toBe(before.chunks);
		expect(after.events).toBe(before.events);
	});

	it('forgets everything with a new hello', () => {
		const before = fromHello(hello({ chunks: [liveChunk(1)], events: [liveEvent(1)] }));
		withUpdate(before, update({ chunksSkipped: 3 }));
		const after = fromHello(hello({ chunks: [liveChunk(9)] }));
		expect([...after.chunks.byId.keys()]).toEqual([9]);
		expect(after.chunks.skipped).toBe(0);
		expect(after.events).toEqual([]);
	});
});

describe('chunks', () => {
	it('are replaced by id, in their place, and the change is seen', () => {
		const before = fromHello(hello({ chunks: [liveChunk(1), liveChunk(2)] }));
		const after = withUpdate(before, update({ chunks: [liveChunk(1, { end: 'ok' }), liveChunk(3)] }));
		expect([...after.chunks.byId.values()].map(({ id, end }) => [id, end])).toEqual([
			[1, 'ok'],
			[2, 'open'],
			[3, 'open'],
		]);
		expect(after.chunks).not.toBe(before.chunks);
		expect(after.chunks.version).not.toBe(before.chunks.version);
	});

	it('are bounded: the oldest are forgotten first', () => {
		let data = fromHello(hello({ chunks: range(1, chunksHeldMax).map((id) => liveChunk(id)) }));
		data = withUpdate(
			data,
			update({ chunks: range(chunksHeldMax, chunksHeldMax + 10).map((id) => liveChunk(id)) }),
		);
		const ids = [...data.chunks.byId.keys()];
		expect(ids).toHaveLength(chunksHeldMax);
		expect([ids[0], ids.at(-1)]).toEqual([10, chunksHeldMax + 9]);
		const many = fromHello(hello({ chunks: range(0, chunksHeldMax + 5).map((id) => liveChunk(id)) }));
		expect(many.chunks.byId.size).toBe(chunksHeldMax);
	});

	it('that were not told of are counted', () => {
		let data = fromHello(hello());
		data = withUpdate(data, update({ chunksSkipped: 3 }));
		data = withUpdate(data, update({ chunksSkipped: 4 }));
		expect(data.chunks.skipped).toBe(7);
	});
});

describe('the series', () => {
	const held = hello({ series: { sliceMs: 250, points: [point(0), point(250), point(500)] } });
	const timesAfter = (from: number, sliceMs: number, times: number[]) => {
		const series = { sliceMs, points: times.map((atMs) => point(atMs, 2)), from };
		return withUpdate(fromHello(held), update({ series })).series.points.map(({ atMs, up }) => [atMs, up]);
	};

	it('grows at its end', () => {
		expect(timesAfter(3, 250, [750])).toEqual([
			[0, 1],
			[250, 1],
			[500, 1],
			[750, 2],
		]);
	});

	it('takes points anew that it has', () => {
		expect(timesAfter(2, 250, [500, 750])).toEqual([
			[0, 1],
			[250, 1],
			[500, 2],
			[750, 2],
		]);
	});

	it('goes on behind points that were lost on the way', () => {
		expect(timesAfter(9, 250, [2_250]).map(([atMs]) => atMs)).toEqual([0, 250, 500, 2_250]);
	});

	it('is replaced when all of it is sent, or its slices have another length', () => {
		expect(timesAfter(0, 250, [0])).toEqual([[0, 2]]);
		expect(timesAfter(0, 500, [0, 500])).toEqual([
			[0, 2],
			[500, 2],
		]);
		expect(timesAfter(1, 500, [500])).toEqual([[500, 2]]);
	});

	it('stays as it is without points', () => {
		const before = fromHello(held);
		const after = withUpdate(before, update({ series: { sliceMs: 250, points: [], from: 3 } }));
		expect(after.series).toBe(before.series);
	});
});

describe('events', () => {
	it('are added behind those that are known, each once', () => {
		const before = fromHello(hello({ events: [liveEvent(1), liveEvent(2)] }));
		const after = withUpdate(before, update({ events: [liveEvent(2), liveEvent(3)] }));
		expect(after.events.map(({ id }) => id)).toEqual([1, 2, 3]);
	});

	it('are bounded: the oldest are forgotten', () => {
		const before = fromHello(hello({ events: range(1, eventsHeldMax + 3).map((id) => liveEvent(id)) }));
		expect(before.events).toHaveLength(eventsHeldMax);
		const after = withUpdate(before, update({ events: [liveEvent(eventsHeldMax + 3)] }));
		expect(after.events).toHaveLength(eventsHeldMax);
		expect([after.events[0]!.id, after.events.at(-1)!.id]).toEqual([4, eventsHeldMax + 3]);
	});
});
