import { describe, expect, it } from 'vitest';
import { pictureOfDetail, pictureOfLive } from '../../../dashboard/views/run/picture.ts';
import { rateColumns, rateExtremes } from '../../../dashboard/views/run/rate-data.ts';
import { nameSides, placeOf, rttBars, ticksBetween } from '../../../dashboard/views/run/rtt-data.ts';
import type { RunDetail, RunRow } from '../../../shared/dashboard-api.ts';
import { liveRun, point } from '../live-fixture.ts';

const noSeries = { sliceMs: 1_000, points: [] };
const noHistogram = { edgesMs: [], counts: [] };

const row: RunRow = {
	id: 3,
	state: 'running',
	startedAtMs: 1_000_000,
	finishedAtMs: null,
	total: 1_000,
	byStatus: null,
	fingerprint: 'f',
	options: { probe: 'icmp', timeoutMs: 1_500, port: null, refusedIsUp: true, novel: 'x' },
};
const detail = (run: Partial<RunRow>, said: Partial<RunDetail> = {}): RunDetail => ({
	run: { ...row, ...run },
	done: 200,
	byStatus: { up: 150, down: 50, unresolved: 0, denied: 0, error: 0 },
	byReason: { timeout: 50 },
	byWorker: [],
	rtt: null,
	rttHistogram: noHistogram,
	series: noSeries,
	...said,
});

describe('a run from the live stream', () => {
	it('has the rate of now while it goes on, and that of all of it afterwards', () => {
		const going = pictureOfLive(liveRun({ ratePerSecond: 40, etaMs: 9 }), noSeries, noHistogram);
		expect([going.ratePerSecond, going.etaMs]).toEqual([40, 9]);
		const ended = pictureOfLive(
			liveRun({ state: 'finished', done: 600, doneBefore: 100, elapsedMs: 10_000, ratePerSecond: 0 }),
			noSeries,
			noHistogram,
		);
		expect([ended.ratePerSecond, ended.etaMs]).toEqual([50, null]);
	});
});

describe('a run from the database', () => {
	it('has the rate of its last seconds while it goes on, and what is left at that rate', () => {
		const points = [point(0, 90), ...Array.from({ length: 10 }, (_, i) => point(10_000 + i * 1_000, 10))];
		const picture = pictureOfDetail(detail({}, { series: { sliceMs: 1_000, points } }), 1_020_000);
		expect(picture.elapsedMs).toBe(20_000);
		expect(picture.ratePerSecond).toBe(10);
		expect(picture.etaMs).toBe(80_000);
		expect(picture.traffic).toBeNull();
	});

	it('has no rate before a slice of time has passed', () => {
		const picture = pictureOfDetail(detail({}), 1_000_400);
		expect([picture.ratePerSecond, picture.etaMs]).toEqual([null, null]);
	});

	it('has the mean of all of it when it has ended', () => {
		const picture = pictureOfDetail(detail({ state: 'finished', finishedAtMs: 1_004_000 }), 9_999_999);
		expect([picture.elapsedMs, picture.ratePerSecond, picture.etaMs]).toEqual([4_000, 50, null]);
	});

	it('has a length of nothing when nobody knows when it ended', () => {
		const picture = pictureOfDetail(detail({ state: 'interrupted' }), 9_999_999);
		expect([picture.elapsedMs, picture.ratePerSecond]).toEqual([0, null]);
	});

	it('names its settings, those that it does not know as they are, and leaves out what was not set', () => {
		expect(pictureOfDetail(detail({}), 0).settings).toEqual([
			['Probe', 'icmp'],
			['Timeout', '1,500 ms'],
			['Refused counts as up', 'yes'],
			['novel', 'x'],
		]);
	});
});

describe('the rate over time', () => {
	it('is stacked, per second, in the middle of each slice', () => {
		const points = [{ atMs: 500, up: 10, down: 4, other: 1, inFlight: 7 }];
		expect(rateColumns({ sliceMs: 500, points })).toEqual({
			seconds: [0.75],
			up: [20],
			upDown: [28],
			all: [30],
			inFlight: [7],
		});
	});

	it('is that of whole seconds when the run lasts, however short its slices are', () => {
		const points = Array.from({ length: 42 }, (_, i) => point(i * 250, i % 4 === 0 ? 100 : 0));
		const { seconds, up } = rateColumns({ sliceMs: 250, points });
		expect(seconds.slice(0, 2)).toEqual([0.5, 1.5]);
		expect(up.slice(0, 10)).toEqual(Array(10).fill(100));
		// Of the last second there is a half.
		expect([seconds.at(-1), up.at(-1), up.length]).toEqual([10.25, 200, 11]);
	});

	it('is that of its slices when the run is short, or they are long', () => {
		const short = Array.from({ length: 8 }, (_, i) => point(i * 250));
		expect(rateColumns({ sliceMs: 250, points: short }).seconds).toHaveLength(8);
		const long = Array.from({ length: 8 }, (_, i) => point(i * 4_000));
		expect(rateColumns({ sliceMs: 4_000, points: long }).seconds).toHaveLength(8);
	});

	it('has a mean and a highest', () => {
		const columns = rateColumns({ sliceMs: 1_000, points: [point(0, 10), point(1_000, 20)] });
		expect(rateExtremes(columns)).toEqual({ max: 20, mean: 15 });
		expect(rateExtremes(rateColumns(noSeries))).toEqual({ max: 0, mean: 0 });
	});
});

describe('round-trip times', () => {
	const edgesMs = Array.from({ length: 61 }, (_, i) => Number((0.01 * 10 ** (i / 20)).toPrecision(4)));

	it('are drawn from the first to the last that there is, with room beside them', () => {
		const counts = edgesMs.map((_, i) => (i === 20 ? 5 : i === 22 ? 1 : 0));
		expect(rttBars({ edgesMs, counts })).toEqual({
			places: [19.5, 20.5, 21.5, 22.5, 23.5],
			counts: [0, 5, 0, 1, 0],
		});
	});

	it('are drawn at both ends of the scale', () => {
		const counts = edgesMs.map((_, i) => (i === 0 || i === 60 ? 1 : 0));
		const { places } = rttBars({ edgesMs, counts });
		expect([places[0], places.at(-1), places.length]).toEqual([0.5, 60.5, 61]);
	});

	it('are not drawn when there is none', () => {
		expect(rttBars({ edgesMs, counts: edgesMs.map(() => 0) })).toEqual({ places: [], counts: [] });
	});

	it('stand on the axis where their bucket does', () => {
		for (const [i, edge] of edgesMs.entries()) expect(placeOf(edgesMs, edge)).toBeCloseTo(i, 1);
		expect(placeOf(edgesMs, 0.001)).toBe(0);
	});

	it.each([
		{ near: 'none', lines: [100, 200, 300], sides: ['right', 'right', 'right'] },
		{ near: 'the last two', lines: [100, 200, 210], sides: ['right', 'left', 'right'] },
		{ near: 'all', lines: [100, 105, 110], sides: ['left', undefined, 'right'] },
		{ near: 'the last and the end', lines: [100, 200, 390], sides: ['right', 'right', 'left'] },
		{ near: 'the first and the start', lines: [5, 20, 300], sides: [undefined, 'right', 'right'] },
		{ near: 'two on each other', lines: [100, 200, 200], sides: ['right', 'left', 'right'] },
	])('have names beside their lines, where no other goes through them: near is $near', ({ lines, sides }) => {
		const named = lines.map((x) => ({ x, width: 30 }));
		expect(nameSides(named, 0, 400)).toEqual(sides);
	});

	it('have a mark at each decade, and between them where there are few', () => {
		expect(ticksBetween(edgesMs, 0, 60)).toEqual([0.01, 0.1, 1, 10]);
		expect(ticksBetween(edgesMs, 15, 45)).toEqual([0.1, 0.2, 0.5, 1]);
	});
});
