import { describe, expect, it } from 'vitest';
import { WakeUp } from '../../../master/dispatch/wake-up.ts';
import { systemClock } from '../../../shared/clock.ts';

describe('a wait', () => {
	it('ends for all that wait when something changes', async () => {
		const wakeUp = new WakeUp(systemClock);
		const waits = Promise.all([wakeUp.wait(), wakeUp.wait(3_600_000)]);
		wakeUp.all();
		await waits;
	});

	it('ends after its time when nothing changes', async () => {
		const started = performance.now();
		await new WakeUp(systemClock).wait(20);
		expect(performance.now() - started).toBeGreaterThanOrEqual(18);
	});

	it('does not sleep through a change that came after the look', async () => {
		const wakeUp = new WakeUp(systemClock);
		const seen = wakeUp.changes;
		wakeUp.all();
		await wakeUp.wait(undefined, seen);
		let woken = false;
		const later = wakeUp.wait(undefined, wakeUp.changes).then(() => {
			woken = true;
		});
		await systemClock.sleep(2);
		expect(woken).toBe(false);
		wakeUp.all();
		await later;
	});

	it('leaves no sleep behind', async () => {
		let sleeping = 0;
		const wakeUp = new WakeUp({
			...systemClock,
			sleep: async (ms, signal) => {
				sleeping += 1;
				await systemClock.sleep(ms, signal).finally(() => {
					sleeping -= 1;
				});
			},
		});
		const wait = wakeUp.wait(3_600_000);
		expect(sleeping).toBe(1);
		wakeUp.all();
		await wait;
		await systemClock.sleep(0);
		expect(sleeping).toBe(0);
	});
});
