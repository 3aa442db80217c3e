import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../shared/random.ts';
import { TimerWheel } from '../../../worker/icmp/timer-wheel.ts';

describe('TimerWheel', () => {
	it('fires every timer once, in its millisecond, as a plain list of timers would', () => {
		const seed = 7_770_001;
		const random = createRandom(seed);
		const slots = 300;
		const wheel = new TimerWheel(slots);
		const due = new Map<number, number>();
		let nowMs = 123_456.7;
		wheel.restart(nowMs);
		for (let step = 0; step < 4_000; step += 1) {
			for (let change = random.below(6); change > 0; change -= 1) {
				const slot = random.below(slots);
				if (random.below(4) === 0) {
					wheel.clear(slot);
					due.delete(slot);
				} else {
					const atMs = nowMs + random.next() * (random.below(10) === 0 ? 60_000 : 50);
					wheel.set(slot, atMs);
					due.set(slot, atMs);
				}
			}
			expect(wheel.size, `seed ${seed}`).toBe(due.size);
			nowMs += random.below(50) === 0 ? 20_000 : random.next() * 5;
			const expected = [...due]
				.filter(([, atMs]) => Math.ceil(atMs) <= Math.floor(nowMs))
				.map(([slot]) => slot);
			expect(wheel.isDue(nowMs), `seed ${seed}`).toBe(expected.length > 0);
			const fired: number[] = [];
			wheel.advance(nowMs, (slot) => fired.push(slot));
			const byNumber = (one: number, other: number): number => one - other;
			expect(fired.sort(byNumber), `seed ${seed} step ${step}`).toEqual(expected.sort(byNumber));
			for (const slot of fired) due.delete(slot);
		}
	});

	it('takes a timer that is set while it fires', () => {
		const wheel = new TimerWheel(2);
		wheel.restart(0);
		wheel.set(0, 5);
		const fired: [number, number][] = [];
		const run = (nowMs: number): void =>
			wheel.advance(nowMs, (slot) => {
				fired.push([slot, nowMs]);
				if (fired.length < 3) wheel.set(slot, nowMs);
			});
		run(4.9);
		run(5);
		run(5.5);
		run(6);
		run(7);
		run(8);
		expect(fired).toEqual([
			[0, 5],
			[0, 6],
			[0, 7],
		]);
	});

	it('says how long it has nothing to do', () => {
		const wheel = new TimerWheel(2);
		wheel.restart(1_000);
		expect(wheel.delayMs(1_000, 500)).toBe(500);
		wheel.set(1, 1_020.5);
		expect(wheel.delayMs(1_000.5, 500)).toBe(20.5);
		expect(wheel.delayMs(1_000.5, 10)).toBe(10);
		expect(wheel.delayMs(1_050, 500)).toBe(0);
	});
});
