import { describe, expect, it } from 'vitest';
import type { LaneOptions } from '../../../master/dispatch/lane.ts';
import { Lane } from '../../../master/dispatch/lane.ts';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { connectionsMax, connectionsPerWorkerMax } from '../../../shared/limits.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import { createRandom } from '../../../shared/random.ts';
import { capabilities, FakeLink } from './fake-link.ts';

function laneOf(said: Partial<Capabilities> = {}, options: Partial<LaneOptions> = {}): Lane {
	return new Lane({
		link: new FakeLink({ name: 'w' }),
		capabilities: capabilities(said),
		weight: 1,
		chunkHosts: undefined,
		concurrency: undefined,
		probesPerHost: 2,
		...options,
	});
}

/** A lane whose worker has sent on some chunks, each at this rate. */
function seasoned(lane: Lane, hostsPerSecond: number, chunks = 5): Lane {
	for (let i = 0; i < chunks; i += 1) {
		const hosts = lane.chunkSize(1e9, 1);
		lane.opened(hosts);
		lane.passed(hosts, lane.window.unsent, (lane.window.unsent / hostsPerSecond) * 1000);
		lane.closed(hosts);
	}
	return lane;
}

const random = createRandom(1);
const broken = new WorkerFailure('broken', 'broke');

describe('the size of chunks', () => {
	it.each<[string, number, Partial<Capabilities>, Partial<LaneOptions>]>([
		['a tenth of a second of a rated worker', 1_000, { ratePerSecondMax: 10_000 }, {}],
		['some hundred without a rate, at first', 512, {}, {}],
		['less for less weight', 410, {}, { weight: 0.1 }],
		['what the user says', 7, {}, { chunkHosts: 7 }],
		['what the worker takes', 50, { hostsPerRequestMax: 50 }, { chunkHosts: 100 }],
		['what the worker holds', 30, { hostsInFlightMax: 30 }, { chunkHosts: 100 }],
		['what its probes allow', 24, { probesPerRequestMax: 48 }, {}],
		['one at least', 1, { probesPerRequestMax: 1 }, {}],
	])('is %s', (_, hosts, said, options) => {
		expect(laneOf(said, options).chunkSize(1e9, 1)).toBe(hosts);
	});

	it.each<[string, number, number, number]>([
		['a few thousand when the worker shows that it is fast', 1e6, 1, 4_096],
		['more for more weight', 1e6, 2, 8_192],
		['a fortieth of a second of a slower one', 20_000, 1, 500],
		['small for a slow one, so that nobody waits for it', 1_000, 1, 64],
	])('becomes %s', (_, hostsPerSecond, weight, hosts) => {
		const lane = seasoned(laneOf({}, { weight }), hostsPerSecond);
		expect(lane.chunkSize(1e9, 1)).toBe(hosts);
		expect(lane.window.limit).toBeGreaterThanOrEqual(2 * hosts);
	});

	it('is what was given, however fast the worker is', () => {
		expect(seasoned(laneOf({}, { chunkHosts: 7 }), 1e6).chunkSize(1e9, 1)).toBe(7);
		expect(seasoned(laneOf({ ratePerSecondMax: 10_000 }), 1e6).chunkSize(1e9, 1)).toBe(1_000);
	});

	it('is learnt anew when the worker was away', () => {
		const lane = seasoned(laneOf(), 1e6);
		lane.failed(broken, 0, random);
		lane.isBack(capabilities());
		expect(lane.chunkSize(1e9, 1)).toBe(512);
	});

	it('is learnt from the time that requests take, where a worker says nothing of waits', () => {
		const far = laneOf();
		// 200 ms away and fast: that all requests take as long is no wait.
		for (let i = 0; i < 5; i += 1) far.passed(far.chunkSize(1e9, 1), 1_000, far.waitMsOf(200));
		expect(far.chunkSize(1e9, 1)).toBe(4_096);
		const slow = laneOf();
		for (let i = 0; i < 6; i += 1) {
			const hosts = slow.chunkSize(1e9, 1);
			slow.passed(hosts, hosts, slow.waitMsOf(hosts));
		}
		expect(slow.chunkSize(1e9, 1)).toBe(64);
	});

	it('falls towards the end of a list that workers share', () => {
		const lane = seasoned(laneOf(), 1e6);
		expect(lane.chunkSize(1_000_000, 3)).toBe(4_096);
		expect(lane.chunkSize(6_000, 3)).toBe(1_000);
		expect(lane.chunkSize(10, 3)).toBe(64);
		expect(lane.chunkSize(10, 1)).toBe(4_096);
	});
});

it('requests at a time are as many as the worker holds, or as the user says', () => {
	expect(seasoned(laneOf({ hostsInFlightMax: 40_960 }), 1e6).queue.concurrency).toBe(10);
	expect(laneOf({ hostsInFlightMax: 10, hostsPerRequestMax: 10 }).queue.concurrency).toBe(2);
	expect(laneOf({}, { chunkHosts: 1 }).queue.concurrency).toBe(connectionsPerWorkerMax);
	expect(laneOf({}, { concurrency: 3 }).queue.concurrency).toBe(3);
});

it('has room for whole chunks only, or for one when it is idle', () => {
	const lane = laneOf({ hostsInFlightMax: 250 }, { chunkHosts: 100 });
	expect(lane.hasRoom()).toBe(true);
	lane.opened(100);
	lane.window.passed(100, 0);
	lane.opened(100);
	lane.window.passed(100, 0);
	expect(lane.hasRoom()).toBe(false);
	lane.closed(100);
	expect(lane.hasRoom()).toBe(true);
});

it('waits long enough for a worker with a rate to come to all that it holds', () => {
	const lane = laneOf({ ratePerSecondMax: 100 });
	const idleMs = lane.silenceMsMax('icmp', 1_000, 1_000, 5_000);
	lane.opened(1_000);
	expect(lane.silenceMsMax('icmp', 1_000, 1_000, 5_000) - idleMs).toBe((1_000 * 2 * 1_000) / 100);
});

it('waits long enough for a worker that connects to some of its hosts at a time', () => {
	// Regression: the first of 16,384 dead hosts was reported when a worker had long been taken for hung.
	const lane = laneOf({ ratePerSecondMax: 0 });
	lane.opened(16 * connectionsMax);
	expect(lane.silenceMsMax('tcp', 4_096, 12_000, 0)).toBeGreaterThan(16 * 12_000);
	expect(lane.silenceMsMax('icmp', 4_096, 12_000, 0)).toBe(12_000 + 10_000);
});

describe('a lane that failed', () => {
	it('rests longer with every failure, and those of one time count once', () => {
		const lane = laneOf();
		const rests: number[] = [];
		let nowMs = 0;
		for (let i = 0; i < 12; i += 1) {
			rests.push(lane.failed(broken, nowMs, random)!);
			lane.failed(broken, nowMs, random);
			expect(lane.failuresInARow).toBe(i + 1);
			nowMs = lane.restUntilMs;
			lane.isBack(capabilities());
		}
		for (const [i, ms] of rests.entries()) {
			const ceilingMs = Math.min(10_000, 200 * 2 ** i);
			expect(ms).toBeGreaterThanOrEqual(ceilingMs / 2);
			expect(ms).toBeLessThanOrEqual(ceilingMs);
		}
		lane.succeeded();
		expect(lane.failed(broken, nowMs, random)).toBeLessThanOrEqual(200);
		expect(lane.tally).toMatchObject({ failures: 25, lastFailure: 'broke' });
	});

	it('needs a check, unless it was busy', () => {
		const lane = laneOf();
		lane.failed(new WorkerFailure('busy', 'is busy', { retryAfterMs: 3_000 }), 100, random);
		expect(lane).toMatchObject({ state: 'resting', needsCheck: false, restUntilMs: 3_100 });
		lane.failed(broken, 100, random);
		expect(lane).toMatchObject({ state: 'resting', needsCheck: true, restUntilMs: 3_100 });
		lane.isBack(capabilities());
		expect(lane).toMatchObject({ state: 'ready', needsCheck: false });
	});

	it.each(['refused', 'invalid'] as const)('is out for good when it was %s', (kind) => {
		const lane = laneOf();
		expect(lane.failed(new WorkerFailure(kind, 'x'), 0, random)).toBeUndefined();
		expect(lane.failed(broken, 0, random)).toBeUndefined();
		expect(lane.state).toBe('out');
	});

	it('is what the worker says when it comes back', () => {
		const lane = laneOf();
		lane.failed(broken, 0, random);
		lane.isBack(
			capabilities({ probes: ['tcp'], hostsPerRequestMax: 10, hostsInFlightMax: 20, bodyBytesMax: 9_000 }),
		);
		expect([...lane.probes]).toEqual(['tcp']);
		expect(lane.chunkSize(1e9, 1)).toBe(10);
		expect(lane.queue.concurrency).toBe(2);
		expect(lane.window.limit).toBe(20);
		expect(lane.hostBytesMax).toBeLessThan(9_000);
	});
});
