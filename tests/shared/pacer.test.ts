import { describe, expect, it } from 'vitest';
import type { Clock } from '../../shared/clock.ts';
import { Pacer } from '../../shared/pacer.ts';
import { createRandom } from '../../shared/random.ts';

/** How far ahead of the even spacing probes may leave. */
const burstMs = 20;

/** A clock that moves when somebody sleeps, and never by itself. */
function fakeClock() {
	let nowMs = 1_000;
	const clock: Clock = {
		wallMs: () => nowMs,
		monotonicMs: () => nowMs,
		async sleep(ms, signal) {
			signal?.throwIfAborted();
			nowMs += ms;
		},
	};
	return {
		clock,
		nowUs: () => nowMs * 1_000,
		advance: (ms: number) => {
			nowMs += ms;
		},
	};
}

describe('a pacer', () => {
	it('never lets more leave in any time than the rate and one burst', () => {
		for (let seed = 1; seed <= 30; seed += 1) {
			const random = createRandom(seed);
			const ratePerSecond = [3, 100, 999, 10_000, 150_000][random.below(5)]!;
			const { nowUs, advance } = fakeClock();
			const pacer = new Pacer({ ratePerSecond, nowUs });
			const left: { atMs: number; total: number }[] = [];
			let total = 0;
			for (let step = 0; step < 400; step += 1) {
				advance(random.next() < 0.05 ? random.below(2_000) : random.next() * 3);
				total += pacer.take(1 + random.below(500));
				left.push({ atMs: nowUs() / 1_000, total });
			}
			const burst = Math.max(1, (ratePerSecond * burstMs) / 1_000) + 1;
			for (let from = 0; from < left.length; from += 7) {
				for (let to = from; to < left.length; to += 11) {
					const before = from === 0 ? 0 : left[from - 1]!.total;
					const seconds = (left[to]!.atMs - left[from]!.atMs) / 1_000;
					expect(left[to]!.total - before, `seed ${seed}`).toBeLessThanOrEqual(
						seconds * ratePerSecond + burst,
					);
				}
			}
		}
	});

	it('reaches its rate when asked every millisecond', () => {
		for (const ratePerSecond of [7, 1_000, 10_000, 123_456]) {
			const { nowUs, advance } = fakeClock();
			const pacer = new Pacer({ ratePerSecond, nowUs });
			let total = 0;
			for (let ms = 0; ms < 10_000; ms += 1) {
				total += pacer.take(1_000_000);
				advance(1);
			}
			expect(total / 10).toBeGreaterThan(ratePerSecond * 0.97);
			expect(total / 10).toBeLessThan(ratePerSecond * 1.02 + 1);
		}
	});

	it('lets one probe leave at any rate, and says how long the next must wait', () => {
		const { nowUs, advance } = fakeClock();
		const pacer = new Pacer({ ratePerSecond: 0.5, nowUs });
		expect(pacer.take(5)).toBe(1);
		expect(pacer.take(5)).toBe(0);
		expect(pacer.delayMs()).toBeCloseTo(2_000, 0);
		advance(1_999);
		expect(pacer.take(1)).toBe(0);
		advance(2);
		expect(pacer.delayMs()).toBe(0);
		expect(pacer.take(5)).toBe(1);
	});

	it('makes later probes wait for those that were charged', () => {
		const { nowUs, advance } = fakeClock();
		const pacer = new Pacer({ ratePerSecond: 1_000, nowUs });
		pacer.charge(1_000);
		expect(pacer.take(1)).toBe(0);
		expect(pacer.delayMs()).toBeCloseTo(1_001 - burstMs, 0);
		advance(1_002 - burstMs);
		expect(pacer.take(1)).toBe(1);
	});

	it('shares one rate with all that have its cell', () => {
		const { nowUs, advance } = fakeClock();
		const cell = new BigInt64Array(new SharedArrayBuffer(8));
		const pacers = [1, 2, 3].map(() => new Pacer({ ratePerSecond: 1_000, cell, nowUs }));
		let total = 0;
		for (let ms = 0; ms < 1_000; ms += 1) {
			for (const pacer of pacers) total += pacer.take(10);
			advance(1);
		}
		expect(total).toBeGreaterThan(970);
		expect(total).toBeLessThanOrEqual(1_000 + burstMs);
	});

	it('has no ceiling at 0, and gives nothing to who wants nothing', () => {
		const free = new Pacer({ ratePerSecond: 0 });
		expect(free.take(1e9)).toBe(1e9);
		expect(free.delayMs()).toBe(0);
		expect(free.take(-1)).toBe(0);
		expect(new Pacer({ ratePerSecond: 10 }).take(0)).toBe(0);
	});

	it('acquires in turn, and ends with its signal', async () => {
		const { clock, nowUs } = fakeClock();
		const pacer = new Pacer({ ratePerSecond: 100, nowUs });
		const { signal } = new AbortController();
		const started = nowUs();
		for (let i = 0; i < 11; i += 1) await pacer.acquire(clock, signal);
		// Every 10 ms one, of which the first two may leave at once.
		expect((nowUs() - started) / 1_000).toBeCloseTo(90, 0);
		const stopped = AbortSignal.abort(new Error('stopped'));
		await expect(pacer.acquire(clock, stopped)).rejects.toThrow('stopped');
	});
});
