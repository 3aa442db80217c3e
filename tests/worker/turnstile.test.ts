import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { onAbort } from '../../shared/abort.ts';
import type { Clock } from '../../shared/clock.ts';
import { parseIp } from '../../shared/ip.ts';
import { Pacer } from '../../shared/pacer.ts';
import { ProbeRates } from '../../worker/rates/probe-rates.ts';
import { Turnstile } from '../../worker/turnstile.ts';

const settle = () => new Promise(setImmediate);

/** A clock that stands still until it is moved; sleeps end when it passes them. */
function handClock(): Clock & { move(ms: number): Promise<void>; sleepers: () => number } {
	let nowMs = 1_000;
	const sleepers = new Set<{ untilMs: number; wake: () => void }>();
	return {
		wallMs: () => nowMs,
		monotonicMs: () => nowMs,
		sleepers: () => sleepers.size,
		sleep: (ms, signal) =>
			new Promise((resolve, reject) => {
				const sleeper = {
					untilMs: nowMs + ms,
					wake: () => {
						sleepers.delete(sleeper);
						forget?.();
						resolve();
					},
				};
				sleepers.add(sleeper);
				const forget =
					signal &&
					onAbort(signal, () => {
						sleepers.delete(sleeper);
						reject(signal.reason);
					});
			}),
		async move(ms) {
			nowMs += ms;
			for (const sleeper of [...sleepers]) if (sleeper.untilMs <= nowMs) sleeper.wake();
			await settle();
		},
	};
}

/** Enters as many times as asked; says who got in. */
function crowd(turnstile: Turnstile, name: string, size: number, entered: string[]): AbortController {
	const owner = new AbortController();
	for (let i = 0; i < size; i += 1) {
		turnstile.enter(owner.signal).then(
			() => entered.push(name),
			() => undefined,
		);
	}
	return owner;
}

describe('places', () => {
	test('no more inside than there are places', async () => {
		const turnstile = new Turnstile({ placesMax: 3 });
		const entered: string[] = [];
		crowd(turnstile, 'a', 10, entered);
		await settle();
		expect(entered).toHaveLength(3);
		turnstile.leave();
		await settle();
		expect(entered).toHaveLength(4);
	});

	test('owners take turns, whatever each brings', async () => {
		const turnstile = new Turnstile({ placesMax: 1 });
		const entered: string[] = [];
		crowd(turnstile, 'a', 5_000, entered);
		crowd(turnstile, 'b', 2, entered);
		crowd(turnstile, 'c', 1, entered);
		for (let i = 0; i < 7; i += 1) {
			await settle();
			turnstile.leave();
		}
		await settle();
		expect(entered.join('')).toBe('aabcabaa');
	});

	test('who goes away while waiting costs nobody a turn, and leaves no listener', async () => {
		const turnstile = new Turnstile({ placesMax: 1 });
		const entered: string[] = [];
		await turnstile.enter(new AbortController().signal);
		const gone = crowd(turnstile, 'gone', 5_000, entered);
		const stays = crowd(turnstile, 'stays', 1, entered);
		gone.abort(new Error('gone'));
		turnstile.leave();
		await settle();
		expect(entered).toEqual(['stays']);
		expect(getEventListeners(gone.signal, 'abort')).toEqual([]);
		expect(getEventListeners(stays.signal, 'abort')).toEqual([]);
		await expect(turnstile.enter(gone.signal)).rejects.toThrow('gone');
	});

	test('a shortage lowers the ceiling below what was inside, and order raises it again', async () => {
		const turnstile = new Turnstile({ placesMax: 100 });
		const entered: string[] = [];
		crowd(turnstile, 'a', 100, entered);
		await settle();
		// Sixty of a hundred found no descriptor; 7/8 of the forty that did may stay.
		for (let i = 0; i < 60; i += 1) turnstile.leaveNarrowed();
		crowd(turnstile, 'b', 10_000, entered);
		await settle();
		expect(entered).toHaveLength(100);
		for (let i = 0; i < 6; i += 1) turnstile.leave();
		await settle();
		expect(entered.length).toBeLessThanOrEqual(101);
		for (let i = 0; i < 9_000; i += 1) turnstile.leave();
		await settle();
		expect(entered.length - 60 - 9_006).toBe(100);
	});
});

describe('pace', () => {
	test('entries keep the rate, one timer serves all, and none is left', async () => {
		const clock = handClock();
		const pacer = new Pacer({ ratePerSecond: 100, nowUs: () => clock.monotonicMs() * 1_000 });
		const turnstile = new Turnstile({ placesMax: 1_000, pace: { pacer, clock } });
		const entered: string[] = [];
		const owner = crowd(turnstile, 'a', 500, entered);
		await settle();
		const first = entered.length;
		expect(first).toBeLessThanOrEqual(2);
		expect(clock.sleepers()).toBe(1);
		for (let i = 0; i < 100; i += 1) await clock.move(10);
		expect(entered.length - first).toBeGreaterThanOrEqual(98);
		expect(entered.length - first).toBeLessThanOrEqual(101);
		owner.abort(new Error('gone'));
		await settle();
		expect(clock.sleepers()).toBe(0);
	});
});

describe('ceilings of prefixes and callers', () => {
	function ceilinged(placesMax: number, { prefixRate = 10, callerRate = 0 } = {}) {
		const clock = handClock();
		const nowUs = (): number => clock.monotonicMs() * 1_000;
		const rates = new ProbeRates({
			prefixRatePerSecond: prefixRate,
			prefixRateFor: 'public',
			callerRatePerSecond: callerRate,
			key: [3, 4],
			nowUs,
		});
		const pace = { pacer: new Pacer({ ratePerSecond: 0, nowUs }), clock, rates };
		const turnstile = new Turnstile({ placesMax, pace });
		const entered: string[] = [];
		const held: string[] = [];
		/** Enters for these addresses, one after the other. */
		const enter = (owner: AbortController, addresses: readonly string[], caller?: number): void => {
			for (const text of addresses) {
				const leaving = { address: parseIp(text)!, caller, held: () => held.push(text) };
				turnstile.enter(owner.signal, owner, leaving).then(
					() => entered.push(text),
					() => undefined,
				);
			}
		};
		return { clock, rates, turnstile, entered, held, enter };
	}
	const prefix = (name: string, count: number): string[] =>
		Array.from({ length: count }, (_, i) => `${name}.${i}`);

	test('who is held takes no place and holds up nobody; all enter in turn, as fast as the ceiling allows', async () => {
		const { clock, rates, turnstile, entered, held, enter } = ceilinged(1_000);
		const owner = new AbortController();
		enter(owner, prefix('8.8.8', 40));
		enter(owner, [...prefix('9.9.9', 5), ...prefix('10.0.0', 50)]);
		await settle();
		expect(entered).toEqual([...prefix('8.8.8', 10), ...prefix('9.9.9', 5), ...prefix('10.0.0', 50)]);
		expect(held).toEqual(prefix('8.8.8', 40).slice(10));
		expect(rates.gate.isHolding).toBe(true);
		entered.length = 0;
		for (let i = 0; i < 15; i += 1) await clock.move(100);
		expect(entered.length).toBeGreaterThanOrEqual(14);
		expect(entered.length).toBeLessThanOrEqual(15);
		for (let i = 0; i < 40; i += 1) await clock.move(100);
		expect(entered).toEqual(prefix('8.8.8', 40).slice(10));
		expect([rates.gate.isHolding, clock.sleepers()]).toEqual([false, 0]);
		// Every place that was taken can be given back: none was lost to those who waited.
		for (let i = 0; i < 95; i += 1) turnstile.leave();
	});

	test('a full turnstile does not let a prefix save up what it could not use', async () => {
		const { clock, turnstile, entered, enter } = ceilinged(1);
		const owner = new AbortController();
		enter(owner, prefix('8.8.8', 60));
		await settle();
		await clock.move(10_000);
		expect(entered).toHaveLength(1);
		for (let i = 0; i < 60; i += 1) {
			turnstile.leave();
			await settle();
		}
		expect(entered).toHaveLength(1 + 10);
	});

	test('who goes away while held leaves no timer, no listener and no place in the line', async () => {
		const { clock, rates, entered, enter } = ceilinged(1_000, { callerRate: 10 });
		const gone = new AbortController();
		const stays = new AbortController();
		enter(gone, prefix('8.8.8', 250));
		enter(gone, prefix('10.0.0', 200), 7);
		enter(stays, ['9.9.9.9'], 7);
		await settle();
		expect(entered).toHaveLength(10 + 1);
		gone.abort(new Error('gone'));
		await settle();
		expect(rates.gate.isHolding).toBe(false);
		expect(clock.sleepers()).toBe(1);
		expect(getEventListeners(gone.signal, 'abort')).toEqual([]);
		for (let i = 0; i < 220; i += 1) await clock.move(100);
		expect(entered.at(-1)).toBe('9.9.9.9');
		expect(clock.sleepers()).toBe(0);
		enter(stays, prefix('8.8.8', 10));
		await settle();
		expect(entered).toHaveLength(10 + 1 + 1 + 10);
	});
});
