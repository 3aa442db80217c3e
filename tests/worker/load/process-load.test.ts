/** What a process measures of itself, against work that a test makes it do. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { workerLoadSchema } from '../../../shared/worker-load.ts';
import { createProcessLoad } from '../../../worker/load/process-load.node.ts';

function holdUp(ms: number): void {
	const untilMs = performance.now() + ms;
	while (performance.now() < untilMs);
}

function used(): { atMs: number; cpuMs: number } {
	const { user, system } = process.cpuUsage();
	return { atMs: performance.now(), cpuMs: (user + system) / 1_000 };
}

describe('the load of this process', () => {
	it('is processor time since the last report, memory, and what the engine has counted', () => {
		const counters = { sent: 9, received: 8, dropped: 7, forged: 6 };
		const others = { late: 0, duplicate: 0, corrupted: 0, truncated: 0, sendBlocked: 0 };
		const meter = createProcessLoad({ clock: systemClock, counters: () => ({ ...counters, ...others }) });
		// It looks at its clocks between two looks of ours, at the start as at the end, whatever comes in between.
		const outerStart = used();
		meter.measure();
		const innerStart = used();
		holdUp(100);
		const innerEnd = used();
		const load = workerLoadSchema.parse(meter.measure());
		const outerEnd = used();
		expect(load).toMatchObject(counters);
		const least = (innerEnd.cpuMs - innerStart.cpuMs) / (outerEnd.atMs - outerStart.atMs);
		const most = (outerEnd.cpuMs - outerStart.cpuMs) / (innerEnd.atMs - innerStart.atMs);
		expect(load.cpu).toBeGreaterThanOrEqual(least - 0.01);
		expect(load.cpu).toBeLessThanOrEqual(most + 0.01);
		expect(load.memoryBytes).toBeGreaterThan(10e6);
	});

	it('says how late the event loop was, while it is watched, once', async () => {
		const meter = createProcessLoad({ clock: systemClock, counters: undefined });
		expect(meter.measure()).toMatchObject({ eventLoopDelayMs: 0, sent: 0, forged: 0 });
		meter.begin();
		await systemClock.sleep(60);
		holdUp(200);
		await systemClock.sleep(60);
		// What was seen before it was no longer watched is said as well.
		meter.end();
		const late = meter.measure().eventLoopDelayMs;
		expect(late).toBeGreaterThan(150);
		expect(meter.measure().eventLoopDelayMs).toBe(0);
	});

	it('does not take the time between two requests for a late event loop', async () => {
		const meter = createProcessLoad({ clock: systemClock, counters: undefined });
		meter.begin();
		// As a request ends: its last frame has the load in it.
		meter.measure();
		await systemClock.sleep(60);
		meter.end();
		await systemClock.sleep(600);
		// How late it really was, which on a busy machine may be more than nothing: looked at from before to behind.
		let lookedMs = performance.now();
		let lateMs = 0;
		const look = (): void => {
			lateMs = Math.max(lateMs, performance.now() - lookedMs);
			lookedMs = performance.now();
		};
		meter.begin();
		for (let looks = 0; looks < 8; looks += 1) {
			look();
			await systemClock.sleep(10);
		}
		meter.end();
		look();
		expect(meter.measure().eventLoopDelayMs).toBeLessThan(2 * lateMs + 300);
	});
});
