import { expect, it } from 'vitest';
import { IdleShare } from '../../../master/dashboard/idle-share.ts';

it('is of the time since it was asked for last', () => {
	let now = { totalMs: 1_000, idleMs: 900 };
	const share = new IdleShare(() => now);
	now = { totalMs: 2_000, idleMs: 1_150 };
	expect(share.sinceLast()).toBe(0.25);
	now = { totalMs: 3_000, idleMs: 1_150 };
	expect(share.sinceLast()).toBe(0);
	// No tick of the system's clock since.
	expect(share.sinceLast()).toBe(1);
	// A processor was taken away.
	now = { totalMs: 2_500, idleMs: 600 };
	expect(share.sinceLast()).toBe(1);
});

it('is a share, of this machine', () => {
	const share = new IdleShare();
	const endMs = performance.now() + 30;
	while (performance.now() < endMs);
	const idle = share.sinceLast();
	expect(idle).toBeGreaterThanOrEqual(0);
	expect(idle).toBeLessThanOrEqual(1);
});
