import { describe, expect, it } from 'vitest';
import type { LaneOptions } from '../../../../master/dispatch/rules/lane.ts';
import { Lane } from '../../../../master/dispatch/rules/lane.ts';
import { WorkerFailure } from '../../../../master/dispatch/worker-link.ts';
import { connectionsMax, connectionsPerWorkerMax, dnsLookupsMax } from '../../../../shared/limits.ts';
import type { Capabilities } from '../../../../shared/protocol.ts';
import { createRandom } from '../../../../shared/random.ts';
import { capabilities } from '../fake-link.ts';
import { chunkOf, chunkOfSize, laneOf } from './chunk-fixture.ts';

/** A lane whose worker has sent on some chunks, each at this rate. */
function seasoned(lane: Lane, hostsPerSecond: number, chunks = 5): Lane {
	for (let i = 0; i < chunks; i += 1) {
		const chunk = chunkOfSize(lane.nextChunkHosts(1e9, 1));
		lane.opened(chunk);
		lane.passed(chunk.hosts.length, lane.window.unsent, (lane.window.unsent / hostsPerSecond) * 1000);
		lane.closed(chunk);
	}
	return lane;
}

/** How many chunks of this size go out before there is no room, when all of them are sent on at once. */
function requestsMax(lane: Lane, hosts = lane.chunkHosts): number {
	for (let requests = 0; requests < 1_000; requests += 1) {
		if (!lane.hasRoom()) return requests;
		lane.opened(chunkOfSize(hosts));
		lane.window.passed(hosts, 0);
	}
	return Number.POSITIVE_INFINITY;
}

describe('the size of chunks', () => {
	it.each<[string, number, Partial<Capabilities>, Partial<LaneOptions>]>([
		['a tenth of a second of a rated worker', 1_000, { ratePerSecondMax: 10_000 }, {}],
		['more of it for more weight', 2_000, { ratePerSecondMax: 10_000 }, { weight: 2 }],
		['some hundred without a rate, at first', 512, {}, {}],
		['less for less weight', 410, {}, { weight: 0.1 }],
		['what the user says', 7, {}, { chunkHosts: 7 }],
		['what the worker takes', 50, { hostsPerRequestMax: 50 }, { chunkHosts: 100 }],
		['what the worker holds', 30, { hostsInFlightMax: 30 }, { chunkHosts: 100 }],
		['what its probes allow', 24, { probesPerRequestMax: 48 }, {}],
		['one at least', 1, { probesPerRequestMax: 1 }, {}],
	])('is %s', (_, hosts, said, options) => {
		expect(laneOf(said, options).nextChunkHosts(1e9, 1)).toBe(hosts);
	});

	it.each<[string, number, number, number]>([
		['a few thousand when the worker shows that it is fast', 1e6, 1, 4_096],
		['more for more weight', 1e6, 2, 8_192],
		['a fortieth of a second of a slower one', 20_000, 1, 500],
		['small for a slow one, so that nobody waits for it', 1_000, 1, 64],
	])('becomes %s', (_, hostsPerSecond, weight, hosts) => {
		const lane = seasoned(laneOf({}, { weight }), hostsPerSecond);
		expect(lane.nextChunkHosts(1e9, 1)).toBe(hosts);
		expect(lane.window.limit).toBeGreaterThanOrEqual(2 * hosts);
	});

	it('is what was given, however fast the worker is', () => {
		expect(seasoned(laneOf({}, { chunkHosts: 7 }), 1e6).nextChunkHosts(1e9, 1)).toBe(7);
		expect(seasoned(laneOf({ ratePerSecondMax: 10_000 }), 1e6).nextChunkHosts(1e9, 1)).toBe(1_000);
	});

	it('says nothing of a worker when a request failed', () => {
		const lane = laneOf();
		lane.opened(chunkOfSize(512));
		lane.passed(512, 512, undefined);
		expect([lane.chunkHosts, lane.window.unsent]).toEqual([512, 0]);
	});

	it('is learnt from the time that requests take, where a worker says nothing of waits', () => {
		const far = laneOf();
		// 200 ms away and fast: that all requests take as long is no wait.
		for (let i = 0; i < 5; i += 1) far.passed(far.chunkHosts, 1_000, far.waitMsOf(200));
		expect(far.chunkHosts).toBe(4_096);
		const slow = laneOf();
		for (let i = 0; i < 6; i += 1) {
			const hosts = slow.chunkHosts;
			slow.passed(hosts, hosts, slow.waitMsOf(hosts));
		}
		expect(slow.chunkHosts).toBe(64);
	});

	it('falls towards the end of a list that workers share', () => {
		const lane = seasoned(laneOf(), 1e6);
		expect(lane.nextChunkHosts(1_000_000, 3)).toBe(4_096);
		expect(lane.nextChunkHosts(6_000, 3)).toBe(1_000);
		expect(lane.nextChunkHosts(10, 3)).toBe(64);
		expect(lane.nextChunkHosts(10, 1)).toBe(4_096);
	});

	it('is small on trial', () => {
		const lane = laneOf();
		lane.health.failed(new WorkerFailure('broken', 'broke'), 0, createRandom(1));
		lane.health.checked();
		expect(lane.health.state).toBe('trial');
		expect(lane.nextChunkHosts(1e9, 1)).toBe(64);
		lane.health.succeeded(1_000);
		expect(lane.nextChunkHosts(1e9, 1)).toBe(512);
	});

	it('is half of what a worker found too large, until it is met again', () => {
		const lane = laneOf({ ratePerSecondMax: 10_000 });
		lane.foundTooLarge(1_000);
		expect(lane.chunkHosts).toBe(500);
		lane.foundTooLarge(3);
		lane.foundTooLarge(1);
		expect(lane.chunkHosts).toBe(1);
		lane.met(capabilities({ ratePerSecondMax: 10_000 }));
		expect(lane.chunkHosts).toBe(1_000);
	});
});

describe('room', () => {
	it('is for as many requests as the worker holds, or as the user says', () => {
		expect(requestsMax(seasoned(laneOf({ hostsInFlightMax: 40_960 }), 1e6))).toBe(10);
		expect(requestsMax(laneOf({ hostsInFlightMax: 10 }, { chunkHosts: 5 }))).toBe(2);
		expect(requestsMax(laneOf({}, { chunkHosts: 1 }))).toBe(connectionsPerWorkerMax);
		expect(requestsMax(laneOf({}, { concurrency: 3 }))).toBe(3);
	});

	it('is for whole chunks only, or for one when it is idle', () => {
		const lane = laneOf({ hostsInFlightMax: 250 }, { chunkHosts: 100 });
		expect(requestsMax(lane)).toBe(2);
		lane.closed(chunkOfSize(100));
		expect(lane.hasRoom()).toBe(true);
		expect(requestsMax(laneOf({ hostsInFlightMax: 30 }, { chunkHosts: 100 }), 30)).toBe(1);
	});

	it('is not beyond what the worker has not sent on', () => {
		const lane = laneOf({}, { chunkHosts: 100 });
		lane.opened(chunkOfSize(100));
		expect(lane.hasRoom()).toBe(true);
		lane.opened(chunkOfSize(100));
		expect(lane.hasRoom()).toBe(false);
		lane.passed(100, 100, 0);
		expect(lane.hasRoom()).toBe(true);
	});

	it('is for one request on trial', () => {
		const lane = laneOf();
		lane.health.failed(new WorkerFailure('broken', 'broke'), 0, createRandom(1));
		lane.health.checked();
		expect(requestsMax(lane, 64)).toBe(1);
	});

	it('is no more than this machine had connections for', () => {
		const lane = laneOf({}, { chunkHosts: 10 });
		for (let i = 0; i < 3; i += 1) lane.opened(chunkOfSize(10));
		lane.closed(chunkOfSize(10));
		lane.foundNoRoomHere(0);
		lane.window.passed(30, 0);
		expect(lane.hasRoom()).toBe(false);
		lane.closed(chunkOfSize(10));
		expect(lane.hasRoom()).toBe(true);
		// With none that could be opened, one is tried.
		const none = laneOf();
		none.foundNoRoomHere(0);
		expect(none.hasRoom()).toBe(true);
	});

	it('are one more half a minute after this machine had no room for them, in case that is over', () => {
		const lane = laneOf({}, { chunkHosts: 10 });
		lane.foundNoRoomHere(1_000);
		lane.opened(chunkOfSize(10));
		lane.window.passed(10, 0);
		lane.foundRoomHere(30_999);
		expect(lane.hasRoom()).toBe(false);
		lane.foundRoomHere(31_000);
		lane.foundRoomHere(31_001);
		expect(lane.hasRoom()).toBe(true);
		lane.opened(chunkOfSize(10));
		lane.window.passed(10, 0);
		expect(lane.hasRoom()).toBe(false);
	});
});

describe('hosts of which a worker may have died', () => {
	const piece = chunkOfSize(100, { crashes: 1, dispatches: 1 });
	const last = chunkOfSize(1, { crashes: 1, dispatches: 2 });

	it('are taken up to a number of them', () => {
		const lane = laneOf();
		// The first in any case.
		expect(lane.takes(piece, 50)).toBe(true);
		lane.opened(piece);
		expect(lane.takes(piece, 199)).toBe(false);
		expect(lane.takes(piece, 200)).toBe(true);
		expect(lane.takes(chunkOfSize(1_000, { crashes: 1, dispatches: 1, hostsMax: 32 }), 132)).toBe(true);
		lane.closed(piece);
		expect(lane.takes(piece, 50)).toBe(true);
	});

	it('do not keep others away', () => {
		const lane = laneOf();
		lane.opened(piece);
		expect(lane.takes(chunkOfSize(5_000), 256)).toBe(true);
		expect(lane.takes(chunkOfSize(5_000, { dispatches: 2 }), 256)).toBe(true);
		expect(lane.hasRoom()).toBe(true);
	});

	it('have a worker to themselves in their last request', () => {
		const lane = laneOf();
		lane.opened(chunkOfSize(10));
		expect(lane.takes(last, 256)).toBe(false);
		lane.closed(chunkOfSize(10));
		expect(lane.takes(last, 256)).toBe(true);
		lane.opened(last);
		expect(lane.hasRoom()).toBe(false);
		lane.closed(last);
		expect(lane.hasRoom()).toBe(true);
	});
});

describe('how long is waited', () => {
	const slackMs = 10_000;

	it('is long enough for a worker with a rate to come to all that it holds', () => {
		const lane = laneOf({ ratePerSecondMax: 100 });
		const chunk = chunkOfSize(10);
		const idle = lane.limitsOf(chunk, 1_000, 5_000);
		lane.opened(chunkOfSize(1_000));
		const laden = lane.limitsOf(chunk, 1_000, 5_000);
		expect(laden.progressMsMax - idle.progressMsMax).toBe((1_000 * 2 * 1_000) / 100);
		expect(laden.totalMsMax).toBe(2 * laden.progressMsMax);
	});

	it('is long enough for a series whose first probe lets others in before the second', () => {
		// Regression: at 100 a second, a count of 20 never came to an end, and all hosts became errors.
		const lane = laneOf({ ratePerSecondMax: 100 }, { probesPerHost: 20 });
		const steadyHosts = 20 * lane.window.limit;
		expect(lane.limitsOf(chunkOfSize(10), 1_000, 0).progressMsMax).toBeGreaterThan(
			(steadyHosts * 20 * 1_000) / 100,
		);
	});

	it('is long enough for a worker that connects to some of its hosts at a time', () => {
		// Regression: the first of 16,384 dead hosts was reported when a worker had long been taken for hung.
		const lane = laneOf({ ratePerSecondMax: 0 });
		lane.opened(chunkOfSize(16 * connectionsMax));
		const tcp = lane.limitsOf(chunkOfSize(4_096, { probe: 'tcp' }), 12_000, 0);
		expect(tcp.progressMsMax).toBeGreaterThan(16 * 12_000);
		expect(lane.limitsOf(chunkOfSize(4_096), 12_000, 0).progressMsMax).toBe(12_000 + slackMs);
	});

	it('is longer for a worker that has few descriptors', () => {
		// Regression: with 256 of them, all hosts that were dead became errors.
		const lane = laneOf({ ratePerSecondMax: 0, connectionsMax: 64 });
		lane.opened(chunkOfSize(16 * 64));
		const tcp = lane.limitsOf(chunkOfSize(64, { probe: 'tcp' }), 2_000, 0);
		expect(tcp.progressMsMax).toBeGreaterThan(17 * 2_000);
	});

	it('has time for names in it, where there are any', () => {
		const lane = laneOf({}, { chunkHosts: 3 });
		const bare = lane.limitsOf(chunkOfSize(3), 1_000, 5_000);
		expect(lane.limitsOf(chunkOf([1, 2, 3]), 1_000, 5_000).progressMsMax - bare.progressMsMax).toBe(5_000);
	});

	it('is long enough for a worker that looks up some of its names at a time', () => {
		// Regression: with a DNS server that was silent, workers were taken for stuck, and names for what they died of.
		const lane = laneOf({ ratePerSecondMax: 0 });
		lane.opened(chunkOfSize(16 * dnsLookupsMax));
		const many = chunkOf([...Array(1_024).keys()]);
		expect(lane.limitsOf(many, 1_000, 5_000).progressMsMax).toBeGreaterThan(16 * 5_000);
		// Requests share the turns: a few names do not wait for thousands.
		expect(lane.limitsOf(chunkOf([1, 2, 3]), 1_000, 5_000).progressMsMax).toBeLessThan(4 * 5_000);
	});

	it('without a sign of life is short, where the worker gives any', () => {
		const chunk = chunkOfSize(10);
		expect(laneOf({ heartbeatMs: 250 }).limitsOf(chunk, 60_000, 0)).toEqual({
			silenceMsMax: slackMs,
			progressMsMax: 60_000 + slackMs,
			totalMsMax: 2 * (60_000 + slackMs),
		});
		expect(laneOf().limitsOf(chunk, 60_000, 0).silenceMsMax).toBe(60_000 + slackMs);
	});
});

describe('a worker that is met', () => {
	it('for the first time gets work only then', () => {
		const lane = new Lane({
			name: 'w',
			capabilities: undefined,
			weight: 1,
			chunkHosts: undefined,
			concurrency: undefined,
			probesPerHost: 1,
			nowMs: 0,
		});
		expect([lane.isMet, lane.usable, [...lane.probes]]).toEqual([false, false, []]);
		lane.health.checking = true;
		lane.met(capabilities());
		lane.health.checked();
		expect([lane.isMet, lane.usable, lane.probes.has('icmp')]).toEqual([true, true, true]);
		expect(requestsMax(lane)).toBeGreaterThan(1);
	});

	it('again is what it says then, learnt anew', () => {
		const lane = seasoned(laneOf(), 1e6);
		expect(lane.chunkHosts).toBe(4_096);
		lane.met(capabilities());
		expect(lane.chunkHosts).toBe(512);
		lane.met(
			capabilities({ probes: ['tcp'], hostsPerRequestMax: 10, hostsInFlightMax: 20, bodyBytesMax: 9_000 }),
		);
		expect([...lane.probes]).toEqual(['tcp']);
		expect(lane.nextChunkHosts(1e9, 1)).toBe(10);
		expect(requestsMax(lane)).toBe(2);
		expect(lane.window.limit).toBe(20);
		expect(lane.hostBytesMax).toBeLessThan(9_000);
	});

	it('and leaves is not usable', () => {
		const lane = laneOf();
		lane.isLeaving = true;
		expect(lane.usable).toBe(false);
	});
});

it('counts what is under way', () => {
	const lane = laneOf();
	lane.opened(chunkOfSize(10));
	lane.opened(chunkOfSize(5));
	expect([lane.inFlight, lane.requests]).toEqual([15, 2]);
	lane.closed(chunkOfSize(10));
	expect([lane.inFlight, lane.requests]).toEqual([5, 1]);
});
