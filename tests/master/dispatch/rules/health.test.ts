import { describe, expect, it } from 'vitest';
import { Health } from '../../../../master/dispatch/rules/health.ts';
import type { WorkerFailureKind } from '../../../../master/dispatch/worker-link.ts';
import { WorkerFailure } from '../../../../master/dispatch/worker-link.ts';
import { createRandom } from '../../../../shared/random.ts';

const random = createRandom(1);
const broken = new WorkerFailure('broken', 'broke');

function failure(kind: WorkerFailureKind, retryAfterMs?: number): WorkerFailure {
	return new WorkerFailure(kind, `is ${kind}`, { retryAfterMs });
}

/** Rests, and passes its check. @returns the time then */
function comeBack(health: Health): number {
	const nowMs = health.restUntilMs;
	health.checking = true;
	health.checked();
	return nowMs;
}

describe('a worker', () => {
	it('is ready when it has been met, and has to be checked when not', () => {
		expect(new Health(true, 5)).toMatchObject({ state: 'ready', usable: true, unwellSinceMs: undefined });
		expect(new Health(false, 5)).toMatchObject({
			state: 'resting',
			usable: false,
			needsCheck: true,
			restUntilMs: 5,
			unwellSinceMs: 5,
		});
	});

	it('that is met for the first time is ready at once: it has done nothing wrong', () => {
		const health = new Health(false, 0);
		health.checking = true;
		expect(health.checked()).toBe(true);
		expect(health).toMatchObject({ state: 'ready', needsCheck: false, checking: false });
	});

	it('that fails rests, is checked, has a trial, and is ready when that went well', () => {
		const health = new Health(true, 0);
		const restMs = health.failed(broken, 1_000, random)!;
		expect(restMs).toBeGreaterThanOrEqual(100);
		expect(restMs).toBeLessThanOrEqual(200);
		expect(health).toMatchObject({
			state: 'resting',
			usable: false,
			needsCheck: true,
			restUntilMs: 1_000 + restMs,
			lastFailure: broken,
			unwellSinceMs: 1_000,
			strikes: 1,
		});
		comeBack(health);
		expect(health).toMatchObject({ state: 'trial', usable: true, needsCheck: false });
		health.worked();
		expect(health.unwellSinceMs).toBeUndefined();
		health.succeeded(2_000);
		expect(health).toMatchObject({ state: 'ready', strikes: 1 });
	});

	it('that fails on trial rests again, for longer', () => {
		const health = new Health(true, 0);
		health.failed(broken, 0, random);
		const nowMs = comeBack(health);
		health.failed(broken, nowMs, random);
		expect(health).toMatchObject({ state: 'resting', strikes: 2, unwellSinceMs: 0 });
	});

	it('that fails at its check rests again, for longer', () => {
		const health = new Health(true, 0);
		health.failed(broken, 0, random);
		const nowMs = health.restUntilMs;
		health.checking = true;
		const restMs = health.checkFailed(failure('silent'), nowMs, random)!;
		expect(restMs).toBeGreaterThanOrEqual(200);
		expect(health).toMatchObject({ state: 'resting', strikes: 1, checking: false, needsCheck: true });
	});

	it('that was away for long is on trial when it is back, and rests no longer for it the next time', () => {
		const health = new Health(true, 0);
		health.failed(broken, 0, random);
		for (let checks = 0; checks < 10; checks += 1) {
			health.checking = true;
			health.checkFailed(failure('unreachable'), health.restUntilMs, random);
		}
		const nowMs = comeBack(health);
		expect(health.state).toBe('trial');
		health.passed();
		expect(health).toMatchObject({ state: 'ready', strikes: 1 });
		// The second strike: 400 ms, less a jitter of up to a half.
		expect(health.failed(broken, nowMs, random)).toBeLessThanOrEqual(400);
	});

	it('that passes a check while it works is neither back nor on trial', () => {
		const health = new Health(true, 0);
		health.checking = true;
		expect(health.checked()).toBe(false);
		expect(health).toMatchObject({ state: 'ready', checking: false });
	});

	it.each(['refused', 'invalid'] as const)('that is %s is out for good', (kind) => {
		const health = new Health(true, 0);
		expect(health.failed(failure(kind), 0, random)).toBeUndefined();
		// Whatever becomes of its other requests.
		expect(health.failed(broken, 0, random)).toBeUndefined();
		expect(health.failed(failure('busy', 10), 0, random)).toBeUndefined();
		health.succeeded(10);
		expect(health).toMatchObject({ state: 'out', usable: false });
	});

	it('that turns out to be no use at a check is out for good', () => {
		const health = new Health(false, 0);
		health.checking = true;
		expect(health.checkFailed(failure('refused'), 0, random)).toBeUndefined();
		expect(health).toMatchObject({ state: 'out', checking: false });
	});
});

describe('rests', () => {
	it('double with every failure, jittered, up to half a minute; those of one time count once', () => {
		const health = new Health(true, 0);
		const rests: number[] = [];
		let nowMs = 0;
		for (let i = 0; i < 12; i += 1) {
			rests.push(health.failed(broken, nowMs, random)!);
			health.failed(broken, nowMs, random);
			expect(health.strikes).toBe(i + 1);
			nowMs = comeBack(health);
			health.succeeded(nowMs);
		}
		const shares = rests.map((ms, i) => ms / Math.min(30_000, 200 * 2 ** i));
		expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.5);
		expect(Math.max(...shares)).toBeLessThanOrEqual(1);
		expect(new Set(shares.map((share) => share.toFixed(3))).size).toBeGreaterThan(8);
	});

	it('of one that is not there are short: it may be started any time', () => {
		const health = new Health(true, 0);
		let nowMs = 0;
		for (let i = 0; i < 20; i += 1) {
			const restMs = health.failed(failure('unreachable'), nowMs, random)!;
			expect(restMs).toBeLessThanOrEqual(5_000);
			nowMs = comeBack(health);
		}
		expect(health.strikes).toBe(20);
	});

	it('do not end sooner because of another failure', () => {
		const health = new Health(true, 0);
		health.failed(failure('busy', 20_000), 0, random);
		health.failed(broken, 10, random);
		expect(health.restUntilMs).toBe(20_000);
	});

	it('can be cut short', () => {
		const health = new Health(true, 0);
		health.failed(failure('busy', 20_000), 0, random);
		health.restAtMost(700);
		expect(health.restUntilMs).toBe(700);
		health.restAtMost(900);
		expect(health.restUntilMs).toBe(700);
	});
});

describe('strikes', () => {
	/** One with so many of them, at work since then. */
	function struck(times: number): { health: Health; sinceMs: number } {
		const health = new Health(true, 0);
		let nowMs = 0;
		let sinceMs = 0;
		for (let i = 0; i < times; i += 1) {
			sinceMs = nowMs;
			health.failed(broken, nowMs, random);
			nowMs = comeBack(health);
		}
		return { health, sinceMs };
	}

	it('are forgiven one by one, for half a minute of good work each', () => {
		const { health, sinceMs } = struck(3);
		health.succeeded(sinceMs + 29_999);
		expect(health.strikes).toBe(3);
		health.succeeded(sinceMs + 30_000);
		health.succeeded(sinceMs + 59_999);
		expect(health.strikes).toBe(2);
		health.succeeded(sinceMs + 60_000);
		health.succeeded(sinceMs + 90_000);
		health.succeeded(sinceMs + 120_000);
		expect(health.strikes).toBe(0);
	});

	it('are not forgiven to one that flaps, whatever it answers in between', () => {
		const { health } = struck(2);
		let nowMs = 100_000;
		for (let i = 0; i < 5; i += 1) {
			health.succeeded(nowMs);
			health.failed(broken, nowMs + 10_000, random);
			nowMs = comeBack(health) + 10_000;
		}
		expect(health.strikes).toBeGreaterThanOrEqual(6);
	});
});

describe('a worker that asks for time', () => {
	it('gets it, without a check or a strike', () => {
		const health = new Health(true, 0);
		expect(health.failed(failure('busy', 3_000), 100, random)).toBe(3_000);
		expect(health).toMatchObject({
			state: 'resting',
			needsCheck: false,
			restUntilMs: 3_100,
			strikes: 0,
			unwellSinceMs: undefined,
			isBusy: true,
			busyInARow: 1,
		});
		health.rested();
		expect(health).toMatchObject({ state: 'ready', isBusy: false });
	});

	it('says it once with all its requests, and rests longer each time', () => {
		const health = new Health(true, 0);
		const rests: number[] = [];
		for (let i = 0; i < 4; i += 1) {
			rests.push(health.failed(failure('busy'), 0, random)!);
			health.failed(failure('busy'), 0, random);
			expect(health.busyInARow).toBe(i + 1);
			health.rested();
		}
		for (const [i, ms] of rests.entries()) expect(ms).toBeGreaterThanOrEqual(100 * 2 ** i);
		health.succeeded(0);
		expect(health.busyInARow).toBe(0);
	});

	it('ten times in a row is not well any more', () => {
		const health = new Health(true, 0);
		for (let i = 0; i < 9; i += 1) {
			health.failed(failure('busy'), 0, random);
			expect(health.isBusy).toBe(true);
			health.rested();
		}
		health.failed(failure('busy'), 0, random);
		expect(health.isBusy).toBe(false);
	});

	it('on trial is on trial behind it', () => {
		const health = new Health(true, 0);
		health.failed(broken, 0, random);
		const nowMs = comeBack(health);
		health.failed(failure('busy'), nowMs, random);
		health.rested();
		expect(health.state).toBe('trial');
	});

	it('and breaks off other requests has to be checked', () => {
		const health = new Health(true, 0);
		health.failed(failure('busy', 3_000), 100, random);
		health.failed(broken, 100, random);
		expect(health).toMatchObject({ state: 'resting', needsCheck: true, restUntilMs: 3_100, isBusy: false });
	});
});

it('what this machine could not do is no strike, and needs no check', () => {
	const health = new Health(true, 0);
	expect(health.failed(failure('local'), 0, random)).toBeLessThanOrEqual(200);
	expect(health).toMatchObject({ state: 'resting', needsCheck: false, strikes: 0, unwellSinceMs: undefined });
	health.rested();
	expect(health.state).toBe('ready');
});
