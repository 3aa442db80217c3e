import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { density, eachBar } from '../../dashboard/views/tasks/binning.ts';
import {
	chunkAt,
	chunkAtPoint,
	firstEndingFrom,
	placeLanes,
	TimeScale,
	visiblePlaces,
} from '../../dashboard/views/tasks/geometry.ts';
import { LaneLayout } from '../../dashboard/views/tasks/lanes.ts';
import type { LiveChunk } from '../../shared/dashboard-api.ts';
import { chunk } from './chunks.ts';

function idsOf(layout: LaneLayout): number[][][] {
	return layout.lanes.map((lane) => lane.rows.map((row) => row.map(({ id }) => id)));
}

/** Chunks in order of id and start; about one in ten is open. */
const anyChunks = fc
	.array(
		fc.record({
			gapMs: fc.integer({ min: 0, max: 50 }),
			lengthMs: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 400 }) }, fc.constant(null)),
			worker: fc.nat(3),
			end: fc.constantFrom('ok' as const, 'failed' as const, 'late' as const),
		}),
		{ maxLength: 200 },
	)
	.map((steps) => {
		let startMs = 0;
		return steps.map(({ gapMs, lengthMs, worker, end }, i): LiveChunk => {
			startMs += gapMs;
			const endMs = lengthMs === null ? null : startMs + lengthMs;
			return chunk({ id: i + 1, worker, startMs, endMs, end: endMs === null ? 'open' : end });
		});
	});

describe('lanes', () => {
	it('are one for each worker, and have a row more where chunks overlap', () => {
		const layout = new LaneLayout();
		layout.sync([
			chunk({ id: 1, worker: 1, startMs: 0, endMs: 100 }),
			chunk({ id: 2, worker: 0, startMs: 10, endMs: 50 }),
			chunk({ id: 3, worker: 1, startMs: 50, endMs: null, end: 'open' }),
			chunk({ id: 4, worker: 1, startMs: 100, endMs: 120 }),
			chunk({ id: 5, worker: 1, startMs: 110, endMs: 130 }),
		]);
		expect(layout.lanes.map(({ worker }) => worker)).toEqual([0, 1]);
		expect(idsOf(layout)).toEqual([[[2]], [[1, 4], [3], [5]]]);
		expect(layout.extent).toEqual({ fromMs: 0, toMs: 130 });
	});

	it('leave each chunk in its row when older ones are forgotten', () => {
		const chunks = [
			chunk({ id: 1, startMs: 0, endMs: 100 }),
			chunk({ id: 2, startMs: 50, endMs: 150 }),
			chunk({ id: 3, startMs: 120, endMs: 200 }),
		];
		const layout = new LaneLayout();
		layout.sync(chunks);
		expect(idsOf(layout)).toEqual([[[1, 3], [2]]]);
		layout.sync(chunks.slice(1));
		expect(idsOf(layout)).toEqual([[[3], [2]]]);
		layout.sync([...chunks.slice(2), chunk({ id: 4, startMs: 130, endMs: 180 })]);
		expect(idsOf(layout)).toEqual([[[3], [4]]]);
	});

	it('do not grow with what is forgotten', () => {
		const layout = new LaneLayout();
		for (let second = 0; second < 20; second += 1) {
			const first = second * 1_000;
			layout.sync(
				Array.from({ length: 1_000 }, (_, i) =>
					chunk({ id: first + i, startMs: first + i, endMs: first + i + 2 }),
				),
			);
		}
		expect(layout.lanes).toHaveLength(1);
		expect(layout.lanes[0]!.rows.map((row) => row.length)).toEqual([500, 500]);
	});

	it('take chunks that came out of order', () => {
		const layout = new LaneLayout();
		layout.sync([chunk({ id: 2, startMs: 50, endMs: 60 }), chunk({ id: 1, startMs: 0, endMs: 40 })]);
		expect(idsOf(layout)).toEqual([[[1, 2]]]);
	});

	it('hold only what passes the filter', () => {
		const layout = new LaneLayout();
		layout.sync(
			[chunk({ id: 1, worker: 0 }), chunk({ id: 2, worker: 1, end: 'failed' })],
			({ end }) => end === 'failed',
		);
		expect(idsOf(layout)).toEqual([[[2]]]);
	});

	it('never put two chunks over each other, however they come and go', () => {
		fc.assert(
			fc.property(anyChunks, fc.nat(50), (chunks, forgotten) => {
				const layout = new LaneLayout();
				const half = Math.floor(chunks.length / 2);
				// What is open in the first half ends before the second half comes.
				const begun = chunks.slice(0, half);
				layout.sync(begun);
				const borderMs = chunks[half]?.startMs ?? 0;
				const ended = begun.map((c) =>
					c.endMs === null ? { ...c, endMs: Math.max(borderMs, c.startMs) } : c,
				);
				const all = [...ended, ...chunks.slice(half)].slice(forgotten);
				layout.sync(all);
				expect(layout.lanes.flatMap((lane) => lane.rows.flat())).toHaveLength(all.length);
				for (const row of layout.lanes.flatMap((lane) => lane.rows)) {
					for (let i = 1; i < row.length; i += 1) {
						expect(row[i - 1]!.endMs).not.toBeNull();
						expect(row[i]!.startMs).toBeGreaterThanOrEqual(row[i - 1]!.endMs!);
					}
				}
			}),
		);
	});
});

describe('places of lanes', () => {
	const lanesOf = (rows: number, count: number) =>
		Array.from({ length: count }, (_, worker) => ({
			worker,
			rows: Array.from({ length: rows }, () => [chunk({ id: worker + 1, worker })]),
		}));

	it('grow with the room, up to a height', () => {
		expect(placeLanes(lanesOf(2, 2), 1_000).places.map(({ rowPx }) => rowPx)).toEqual([18, 18]);
		expect(placeLanes(lanesOf(10, 2), 210).places.map(({ rowPx }) => rowPx)).toEqual([10, 10]);
	});

	it('of a hundred workers do not overlap, and those in view are found', () => {
		const { places, heightPx } = placeLanes(lanesOf(1, 100), 300);
		for (let i = 1; i < places.length; i += 1) {
			expect(places[i]!.topPx).toBeGreaterThanOrEqual(places[i - 1]!.topPx + places[i - 1]!.heightPx);
		}
		expect(heightPx).toBeGreaterThan(300);
		const seen = visiblePlaces(places, 210, 250).map(({ lane }) => lane.worker);
		expect(seen).toEqual([10, 11]);
	});

	it('say which chunk is at a point', () => {
		const layout = new LaneLayout();
		layout.sync([
			chunk({ id: 1, worker: 3, startMs: 0, endMs: 500 }),
			chunk({ id: 2, worker: 3, startMs: 100, endMs: 900 }),
			chunk({ id: 3, worker: 7, startMs: 600, endMs: null, end: 'open' }),
		]);
		const { places } = placeLanes(layout.lanes, 1_000);
		const scale = new TimeScale({ fromMs: 0, toMs: 1_000 }, 500);
		const at = (xPx: number, yPx: number) => chunkAtPoint(places, xPx, yPx, scale, 1_000)?.id;
		expect(at(100, 5)).toBe(1);
		expect(at(100, 20)).toBe(2);
		expect(at(252, 5)).toBe(1);
		expect(at(260, 5)).toBeUndefined();
		expect(at(499, places[1]!.topPx + 1)).toBe(3);
		expect(at(100, places[1]!.topPx - 1)).toBeUndefined();
	});

	it('find the nearest chunk of a row within reach', () => {
		const row = [
			chunk({ id: 1, startMs: 0, endMs: 100 }),
			chunk({ id: 2, startMs: 110, endMs: 200 }),
			chunk({ id: 3, startMs: 300, endMs: null, end: 'open' }),
		];
		expect(firstEndingFrom(row, 150)).toBe(1);
		expect(firstEndingFrom(row, 1_000)).toBe(2);
		expect(chunkAt(row, 107, 400, 10)?.id).toBe(2);
		expect(chunkAt(row, 103, 400, 10)?.id).toBe(1);
		expect(chunkAt(row, 250, 400, 10)).toBeUndefined();
		expect(chunkAt(row, 405, 400, 10)?.id).toBe(3);
	});
});

describe('bars of a row', () => {
	const shown = { fromMs: 0, toMs: 1_000 };
	const barsOf = (row: readonly LiveChunk[], widthPx: number) => {
		const bars: Parameters<Parameters<typeof eachBar>[4]>[0][] = [];
		eachBar(row, shown, new TimeScale(shown, widthPx), 1_000, (bar) => bars.push(bar));
		return bars;
	};

	it('stand as they are where they are wide enough', () => {
		const bars = barsOf([chunk({ id: 1, startMs: 100, endMs: 300, kind: 'hedge', end: 'late' })], 100);
		expect(bars).toMatchObject([{ leftPx: 10, widthPx: 20, kind: 'hedge', end: 'late', chunk: { id: 1 } }]);
	});

	it('that are narrower than a pixel are one, as bad as the worst of them', () => {
		const row = Array.from({ length: 100 }, (_, i) =>
			chunk({ id: i + 1, startMs: i * 10, endMs: i * 10 + 9, end: i === 33 ? 'failed' : 'ok' }),
		);
		const bars = barsOf(row, 10);
		expect(bars).toHaveLength(10);
		expect(bars.map(({ end }) => end)).toEqual([
			'ok',
			'ok',
			'ok',
			'failed',
			...new Array<string>(6).fill('ok'),
		]);
		expect(bars.every(({ chunk: one }) => one === undefined)).toBe(true);
	});

	it('are no more than the row has pixels, cover what is in view, and hide no failure', () => {
		fc.assert(
			fc.property(anyChunks, fc.integer({ min: 5, max: 60 }), (chunks, widthPx) => {
				const layout = new LaneLayout();
				layout.sync(chunks);
				for (const row of layout.lanes.flatMap((lane) => lane.rows)) {
					const bars = barsOf(row, widthPx);
					// A wide bar and one that was gathered may meet in a pixel.
					expect(bars.length).toBeLessThanOrEqual(2 * widthPx + 2);
					const inView = row.filter((c) => c.startMs <= shown.toMs && (c.endMs ?? 1_000) >= shown.fromMs);
					expect(bars.length > 0).toBe(inView.length > 0);
					for (const failed of inView.filter((c) => c.end === 'failed')) {
						const px = failed.startMs * (widthPx / 1_000);
						const isSeen = bars.some(
							(bar) => bar.end === 'failed' && bar.leftPx <= px && bar.leftPx + bar.widthPx >= px,
						);
						expect(isSeen).toBe(true);
					}
				}
			}),
		);
	});

	it('are counted in the overview as they are one by one', () => {
		fc.assert(
			fc.property(anyChunks, fc.integer({ min: 1, max: 40 }), (chunks, bins) => {
				const { counts, ends } = density([chunks], shown, bins, 1_000);
				const sliceMs = 1_000 / bins;
				const expected = Array.from({ length: bins }, (_, bin) =>
					chunks.reduce((sum, { startMs, endMs }) => {
						const from = Math.max(startMs, bin * sliceMs);
						const to = Math.min(Math.max(endMs ?? 1_000, startMs), (bin + 1) * sliceMs);
						return sum + Math.max(0, to - from) / sliceMs;
					}, 0),
				);
				counts.forEach((count, bin) => {
					expect(count).toBeCloseTo(expected[bin]!, 6);
				});
				expect(ends.includes('failed')).toBe(chunks.some(({ end }) => end === 'failed'));
			}),
		);
	});

	it('are many under way at a time, in the overview', () => {
		const rows = [
			[chunk({ id: 1, startMs: 0, endMs: 1_000 })],
			[chunk({ id: 2, startMs: 500, endMs: 750, end: 'failed' })],
			[chunk({ id: 3, startMs: 750, endMs: null, end: 'open' })],
		];
		const { counts, ends } = density(rows, shown, 4, 1_000);
		expect([...counts]).toEqual([1, 1, 2, 2]);
		expect(ends).toEqual([undefined, undefined, 'failed', 'open']);
	});
});
