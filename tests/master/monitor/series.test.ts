import { describe, expect, it } from 'vitest';
import { SliceSeries } from '../../../master/monitor/series.ts';

const counts = (up: number, down = 0, other = 0, inFlight = 0) => ({ up, down, other, inFlight });

describe('a series', () => {
	it('has what came in each slice', () => {
		const series = new SliceSeries();
		series.advance(249, counts(5), 1);
		expect(series.all()).toEqual({ sliceMs: 250, points: [] });
		series.advance(250, counts(10, 2, 1, 64), 2);
		series.advance(510, counts(15, 2, 4, 32), 3);
		expect(series.all().points).toEqual([
			{ atMs: 0, up: 10, down: 2, other: 1, inFlight: 64 },
			{ atMs: 250, up: 5, down: 0, other: 3, inFlight: 32 },
		]);
	});

	it('has slices in which nothing came, too', () => {
		const series = new SliceSeries();
		series.advance(1_100, counts(8, 0, 0, 3), 1);
		expect(series.all().points.map(({ atMs, up, inFlight }) => [atMs, up, inFlight])).toEqual([
			[0, 8, 3],
			[250, 0, 3],
			[500, 0, 3],
			[750, 0, 3],
		]);
	});

	it('never has more than 600 slices, and loses no count when they get longer', () => {
		const series = new SliceSeries();
		let up = 0;
		for (let atMs = 250; atMs <= 2_000_000; atMs += 250) {
			up += 7;
			series.advance(atMs, counts(up, 0, up), atMs);
			expect(series.all().points.length).toBeLessThan(600);
		}
		const { sliceMs, points } = series.all();
		expect(sliceMs).toBe(4_000);
		expect(points.map(({ atMs }) => atMs)).toEqual(points.map((_, i) => i * sliceMs));
		expect(new Set(points.map((point) => point.up))).toEqual(new Set([16 * 7]));
		expect(points.reduce((sum, { other }) => sum + other, 0)).toBe(up);
	});

	it('takes a pause of days in a moment', () => {
		const series = new SliceSeries();
		series.advance(30 * 86_400_000, counts(3), 1);
		const { sliceMs, points } = series.all();
		expect(points.length).toBe(Math.floor((30 * 86_400_000) / sliceMs));
		expect(points.reduce((sum, { up }) => sum + up, 0)).toBe(3);
	});

	it('ends with the slice that was open, if it had begun', () => {
		const series = new SliceSeries();
		series.end(300, counts(4), 1);
		expect(series.all().points.map(({ up }) => up)).toEqual([4, 0]);
		const whole = new SliceSeries();
		whole.end(500, counts(4), 1);
		expect(whole.all().points).toHaveLength(2);
	});

	it('tells a reader what it has not seen, and all of it when slices got longer', () => {
		const series = new SliceSeries();
		series.advance(250, counts(1), 1);
		expect(series.since(1)).toBeUndefined();
		series.advance(750, counts(3), 2);
		expect(series.since(1)).toMatchObject({ from: 1, sliceMs: 250, points: [{ atMs: 250 }, { atMs: 500 }] });
		expect(series.since(2)).toBeUndefined();
		series.advance(600 * 250, counts(9), 3);
		expect(series.since(2)).toMatchObject({ from: 0, sliceMs: 500, points: { length: 300 } });
		expect(series.since(3)).toBeUndefined();
	});
});
