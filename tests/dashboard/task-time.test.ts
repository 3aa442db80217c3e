import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeLabel, timeTicks } from '../../dashboard/views/tasks/time-ticks.ts';
import {
	pannedView,
	pausedView,
	revealed,
	shownOf,
	spanMsMin,
	type TimeView,
	viewOf,
	wholeView,
	zoomedView,
} from '../../dashboard/views/tasks/time-view.ts';

const held = { fromMs: 10_000, toMs: 70_000 };
const later = { fromMs: 10_000, toMs: 80_000 };

describe('a view of the time', () => {
	it('shows everything that is held, and goes on to do so', () => {
		expect(shownOf(wholeView, held)).toEqual(held);
		expect(shownOf(wholeView, later)).toEqual(later);
	});

	it('follows the run with its right edge', () => {
		const view: TimeView = { spanMs: 5_000, toMs: null };
		expect(shownOf(view, held)).toEqual({ fromMs: 65_000, toMs: 70_000 });
		expect(shownOf(view, later)).toEqual({ fromMs: 75_000, toMs: 80_000 });
	});

	it('stays where it is when paused', () => {
		const view = pausedView({ spanMs: 5_000, toMs: null }, held);
		expect(shownOf(view, later)).toEqual({ fromMs: 65_000, toMs: 70_000 });
	});

	it('zooms about its anchor', () => {
		const view = zoomedView(viewOf(20_000, 40_000, held), held, 0.5, 0.25);
		// A quarter from the left stands 25,000, before and after.
		expect(shownOf(view, held)).toEqual({ fromMs: 22_500, toMs: 32_500 });
	});

	it('goes on to follow when it is zoomed, wherever the anchor is', () => {
		const near = zoomedView(wholeView, held, 0.5, 0.1);
		expect(near).toEqual({ spanMs: 30_000, toMs: null });
		expect(zoomedView(near, held, 4, 0.1)).toEqual(wholeView);
	});

	it('stops at what is held when it is panned', () => {
		const view = viewOf(20_000, 40_000, held);
		expect(shownOf(pannedView(view, held, -50_000), held)).toEqual({ fromMs: 10_000, toMs: 30_000 });
		expect(shownOf(pannedView(view, held, 50_000), held)).toEqual({ fromMs: 50_000, toMs: 70_000 });
		expect(pannedView({ spanMs: 5_000, toMs: null }, held, -1_000)).toEqual({ spanMs: 5_000, toMs: 69_000 });
	});

	it('takes a brushed span in either direction', () => {
		expect(viewOf(40_000, 20_000, held)).toEqual(viewOf(20_000, 40_000, held));
	});

	it('moves only as far as it must to show a chunk', () => {
		const view = viewOf(20_000, 40_000, held);
		expect(revealed(view, held, { fromMs: 25_000, toMs: 26_000 })).toBe(view);
		expect(shownOf(revealed(view, held, { fromMs: 41_000, toMs: 42_000 }), held)).toEqual({
			fromMs: 23_000,
			toMs: 43_000,
		});
		expect(shownOf(revealed(view, held, { fromMs: 15_000, toMs: 16_000 }), held).fromMs).toBe(14_000);
	});

	it('is never empty, and never beyond what is held, whatever is done to it', () => {
		const action = fc.oneof(
			fc.record({ do: fc.constant('zoom' as const), by: fc.double({ min: 0.01, max: 100, noNaN: true }) }),
			fc.record({ do: fc.constant('pan' as const), by: fc.integer({ min: -200_000, max: 200_000 }) }),
			fc.record({ do: fc.constant('grow' as const), by: fc.integer({ min: 0, max: 10_000 }) }),
			fc.record({ do: fc.constant('forget' as const), by: fc.double({ min: 0, max: 0.5, noNaN: true }) }),
		);
		fc.assert(
			fc.property(
				fc.array(action, { maxLength: 30 }),
				fc.double({ min: 0, max: 1, noNaN: true }),
				(actions, anchor) => {
					let view = wholeView;
					let now = { fromMs: 0, toMs: 1_000 };
					for (const step of actions) {
						if (step.do === 'zoom') view = zoomedView(view, now, step.by, anchor);
						if (step.do === 'pan') view = pannedView(view, now, step.by);
						if (step.do === 'grow') now = { ...now, toMs: now.toMs + step.by };
						if (step.do === 'forget')
							now = { ...now, fromMs: now.fromMs + (now.toMs - now.fromMs) * step.by };
						const shown = shownOf(view, now);
						expect(shown.toMs - shown.fromMs).toBeGreaterThanOrEqual(spanMsMin - 1e-6);
						expect(shown.fromMs).toBeGreaterThanOrEqual(now.fromMs - 1e-6);
						expect(shown.toMs).toBeLessThanOrEqual(Math.max(now.toMs, now.fromMs + spanMsMin) + 1e-6);
					}
				},
			),
		);
	});
});

describe('marks of the time axis', () => {
	it('stand at round times', () => {
		expect(timeTicks({ fromMs: 900, toMs: 3_100 }, 5).map(({ atMs }) => atMs)).toEqual([
			1_000, 1_500, 2_000, 2_500, 3_000,
		]);
	});

	it.each([
		[250, 10, '0.25 s'],
		[1_234, 1, '1.234 s'],
		[12_000, 1_000, '12 s'],
		[59_999.9, 1_000, '1:00'],
		[125_000, 5_000, '2:05'],
		[125_500, 500, '2:05.5'],
		[3_600_000, 60_000, '1:00:00'],
		[0, 100, '0.0 s'],
	])('%d ms in steps of %d ms is %s', (atMs, stepMs, label) => {
		expect(timeLabel(atMs, stepMs)).toBe(label);
	});

	it('are never more than there is room for, and no two read alike', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 0, max: 10_000_000 }),
				fc.integer({ min: 10, max: 1_000_000_000 }),
				fc.integer({ min: 1, max: 20 }),
				(fromMs, spanMs, ticksMax) => {
					const ticks = timeTicks({ fromMs, toMs: fromMs + spanMs }, ticksMax);
					expect(ticks.length).toBeLessThanOrEqual(ticksMax + 1);
					expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
				},
			),
		);
	});
});
