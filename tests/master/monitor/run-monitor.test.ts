import { describe, expect, it } from 'vitest';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { RttCounts } from '../../../master/monitor/rtt-histogram.ts';
import { noHosts } from '../../../shared/outcome.ts';
import { capabilities } from '../dispatch/fake-link.ts';
import { blockOfAnswers, laneOf, monitorFixture, startedAtMs } from './monitor-fixture.ts';

const up = (rttMs: number) => ({ status: 'up', rttMs }) as const;
const down = { status: 'down', reason: 'timeout' } as const;
const load = {
	...{ cpu: 0.5, memoryBytes: 9e7, eventLoopDelayMs: 2 },
	...{ sent: 10, received: 9, dropped: 0, forged: 0 },
};

describe('before the run has begun', () => {
	it('a monitor knows what it was asked to do, and what was said', () => {
		const { monitor, wait } = monitorFixture();
		wait(120);
		monitor.event({ type: 'list-read', total: 42, invalid: 1, duplicates: 0, excluded: 0 });
		wait(40);
		monitor.event({ type: 'worker-unreachable', worker: 'a', message: 'can not be reached' });
		const { message } = monitor.hello();
		expect(message.run).toMatchObject({
			...{ runId: null, state: 'starting', startedAtMs, elapsedMs: 160, total: 42, done: 0, etaMs: null },
			...{ hosts: 'hosts.txt', db: 'hosts.db', probe: 'icmp', timeoutMs: 1_000, count: 1, rtt: null },
		});
		expect(message.workers).toEqual([]);
		expect(message.events).toEqual([
			{
				...{ id: 1, atMs: 120, level: 'warning', type: 'list-read', worker: null },
				text: '42 hosts (1 invalid line skipped)',
			},
			{
				...{ id: 2, atMs: 160, level: 'warning', type: 'worker-unreachable', worker: 'a' },
				text: 'worker a can not be reached',
			},
		]);
	});

	it('the token of a link is not among what was said: a picture of the page would give it away', () => {
		const { monitor } = monitorFixture();
		const url = 'http://192.0.2.1:8787/?token=0123456789abcdef';
		monitor.event({ type: 'dashboard-ready', url, takenPort: undefined, isLocal: false });
		const [event] = monitor.hello().message.events;
		expect(event!.text).toMatch(/^dashboard: http:\/\/192\.0\.2\.1:8787\/\?token=</);
		expect(event!.text).not.toContain('0123456789abcdef');
	});

	it('a run that fails is said to have', () => {
		const { monitor, wait } = monitorFixture();
		wait(50);
		monitor.end('failed', 'none of the workers can be used');
		wait(5_000);
		const { run, events } = monitor.hello().message;
		expect(run).toMatchObject({ state: 'failed', elapsedMs: 50 });
		expect(events).toMatchObject([
			{
				...{ type: 'run-ended', level: 'error', atMs: 50 },
				text: 'the run has failed: none of the workers can be used',
			},
		]);
	});
});

describe('a run', () => {
	it('has nothing under way before it has begun', () => {
		const { monitor, begin, wait, dispatcher } = monitorFixture();
		wait(600);
		dispatcher.inFlight = 64;
		begin();
		wait(200);
		const { points } = monitor.hello().message.series;
		expect(points.map(({ inFlight }) => inFlight)).toEqual([0, 0, 64]);
	});

	it('is told by its rows', () => {
		const { monitor, begin, wait, keep, dispatcher } = monitorFixture({
			total: 1_000,
			before: { rows: 200, counts: undefined },
		});
		begin();
		Object.assign(dispatcher, { inFlight: 64, pendingHosts: 512 });
		for (let second = 0; second < 8; second += 1) {
			wait(500);
			keep('a', blockOfAnswers([up(1), up(2), down, { status: 'error', reason: 'no-buffers' }]));
			wait(500);
			keep('b', blockOfAnswers([up(10), { status: 'unresolved', reason: 'dns-timeout' }]));
		}
		const { run, workers, rttHistogram } = monitor.hello().message;
		expect(run).toMatchObject({
			...{ runId: 7, state: 'running', elapsedMs: 8_000, total: 1_000, done: 248, doneBefore: 200 },
			uncounted: 200,
			byStatus: { up: 24, down: 8, unresolved: 8, denied: 0, error: 8 },
			byReason: { timeout: 8, 'no-buffers': 8, 'dns-timeout': 8 },
			...{ inFlight: 64, pending: 512 },
			rtt: { max: 10 },
		});
		expect(workers.map(({ done, byStatus }) => [done, byStatus.up])).toEqual([
			[32, 16],
			[16, 8],
		]);
		// Of the last five seconds: 6.4, as the block of five seconds ago is in it, and the one that has just come.
		expect(run.ratePerSecond).toBe(6);
		expect(workers.map(({ ratePerSecond }) => ratePerSecond)).toEqual([4, 2]);
		expect(run.etaMs).toBe(((1_000 - 248) / 6.4) * 1_000);
		expect(rttHistogram.counts.reduce((sum, count) => sum + count, 0)).toBe(24);
	});

	it('that is continued is told with what was there before; a process speaks of its own rows', () => {
		const kept = new RttCounts();
		for (const ms of [0.5, 4, 40]) kept.add(ms);
		const counts = {
			byStatus: { ...noHosts, up: 3, down: 5 },
			byReason: new Map([['timeout', 4] as const, ['refused', 1] as const]),
			rtt: kept.kept(),
		};
		const { monitor, begin, wait, keep } = monitorFixture({ before: { rows: 8, counts } });
		begin();
		keep('a', blockOfAnswers([up(2), down]));
		wait(600);
		const { run, rttHistogram, series } = monitor.hello().message;
		expect(run).toMatchObject({
			...{ done: 10, doneBefore: 8, uncounted: 0 },
			byStatus: { up: 4, down: 6 },
			byReason: { timeout: 5, refused: 1 },
			rtt: { max: 40 },
		});
		const rows = (each: readonly number[]) => each.reduce((sum, count) => sum + count, 0);
		expect(rows(rttHistogram.counts)).toBe(4);
		expect(series.points[0]).toMatchObject({ up: 1, down: 1 });
		const own = monitor.moment();
		expect(own.run).toMatchObject({
			...{ done: 10, doneBefore: 8, uncounted: 8 },
			byStatus: { up: 1, down: 1 },
			byReason: { timeout: 1 },
			rtt: { max: 2 },
		});
		expect(rows(own.rttHistogram.counts)).toBe(1);
	});

	it('is told by its requests', () => {
		const { monitor, observer, begin, wait, ask } = monitorFixture();
		begin();
		wait(100);
		const first = ask('a', 3);
		wait(10.04);
		observer.sent!(first, 0);
		observer.answered!(first, blockOfAnswers([up(1), down]));
		const lost = ask('b', 2);
		wait(700);
		observer.late!(lost);
		const hedge = ask('a', 2, 'hedge');
		observer.answered!(first, blockOfAnswers([down]));
		observer.closed!(first, undefined, false);
		const again = ask('a', 1, 'again');
		wait(100);
		observer.closed!(again, new WorkerFailure('broken', 'broke the connection'), false);
		const stopped = ask('b', 5);
		observer.closed!(stopped, new WorkerFailure('local', 'is not asked any more'), true);
		const { run, workers, chunks } = monitor.hello().message;
		expect(run).toMatchObject({ requests: 5, retries: 1, hedges: 1, failures: 1 });
		expect(chunks).toEqual([
			{
				...{ id: first, request: 'r-1', worker: 0, probe: 'icmp', kind: 'first', end: 'ok' },
				...{ startMs: 100, sentMs: 110, endMs: 810, hosts: 3, answered: 3, notUp: 2, failure: null },
			},
			expect.objectContaining({ id: lost, worker: 1, end: 'late', endMs: null, sentMs: null }),
			expect.objectContaining({ id: hedge, kind: 'hedge', end: 'open', endMs: null }),
			expect.objectContaining({ id: again, kind: 'again', end: 'failed', failure: 'broke the connection' }),
			expect.objectContaining({ id: stopped, end: 'cancelled', failure: null }),
		]);
		expect(workers).toMatchObject([
			{
				...{ name: 'a', retries: 1, hedges: 1, failures: 1, state: 'healthy', why: null },
				latencyMs: { p50: 710.04, p99: 710.04 },
				failureReasons: [{ message: 'broke the connection', count: 1, lastAtMs: startedAtMs + 910 }],
			},
			{ name: 'b', failures: 0, state: 'slowed', why: 'late with 1 request, asked elsewhere' },
		]);
		observer.closed!(lost, undefined, false);
		expect(monitor.workers()[1]).toMatchObject({ state: 'healthy' });
	});

	it('ends with the last answer, although the end of its stream was not waited for', () => {
		const { monitor, observer, begin, ask } = monitorFixture();
		begin();
		const id = ask('a', 2);
		observer.answered!(id, blockOfAnswers([up(1), up(1)]));
		observer.closed!(id, new WorkerFailure('local', 'is not asked any more'), true);
		expect(monitor.hello().message.chunks).toMatchObject([{ end: 'ok', answered: 2, failure: null }]);
	});

	it('counts a worker that was given up for its silence as a failure', () => {
		const { monitor, observer, begin, ask } = monitorFixture();
		begin();
		for (const seconds of ['10.1', '10.4']) {
			const silent = new WorkerFailure('silent', `has been silent for ${seconds} s`);
			observer.closed!(ask('a', 2), silent, true);
		}
		const { chunks, run, workers } = monitor.hello().message;
		expect(chunks).toMatchObject([{ end: 'failed' }, { end: 'failed' }]);
		expect(run.failures).toBe(2);
		expect(workers[0]!.failureReasons).toMatchObject([{ message: 'has been silent for 10.4 s', count: 2 }]);
	});

	it('says of workers what they said of themselves', () => {
		const { monitor, observer, begin } = monitorFixture({ lanes: [laneOf('a'), laneOf('late', false)] });
		begin();
		observer.met!('a', capabilities({ version: '1.2.3', probes: ['icmp'], icmp: 'raw' }));
		observer.unmet!('late', new WorkerFailure('unreachable', 'can not be reached'));
		observer.load!('a', load);
		expect(monitor.hello().message.workers).toMatchObject([
			{ ...{ index: 0, version: '1.2.3', runtime: 'node', probes: ['icmp'], icmp: 'raw' }, load },
			{
				...{ index: 1, name: 'late', state: 'unmet', version: null, runtime: null, load: null, failures: 1 },
				failureReasons: [{ message: 'can not be reached' }],
			},
		]);
	});

	it('counts on what workers count, who start anew, and whose answers come out of order', () => {
		const { monitor, observer, begin } = monitorFixture({ lanes: [laneOf('a')] });
		begin();
		const sent: number[] = [];
		for (const said of [100, 180, 150, 200, 5, 25]) {
			observer.load!('a', { ...load, sent: said });
			sent.push(monitor.hello().message.workers[0]!.load!.sent);
		}
		expect(sent).toEqual([100, 180, 180, 200, 205, 225]);
	});

	it('tells how long workers take now, not how long they took on an average', () => {
		const { monitor, observer, begin, wait, ask } = monitorFixture();
		begin();
		const answer = (times: number, ms: number): void => {
			for (let i = 0; i < times; i += 1) {
				const id = ask('a', 1);
				wait(ms);
				observer.closed!(id, undefined, false);
			}
		};
		answer(10_000, 10);
		expect(monitor.workers()[0]!.latencyMs!.p99).toBeCloseTo(10, 3);
		answer(1_000, 900);
		expect(monitor.workers()[0]!.latencyMs!.p50).toBeGreaterThan(800);
	});

	it('stands still when it is over', () => {
		const { monitor, observer, begin, wait, keep, dispatcher, ask } = monitorFixture();
		begin();
		dispatcher.inFlight = 4;
		const id = ask('a', 4);
		wait(300);
		keep('a', blockOfAnswers([up(1), up(2), down, down]));
		observer.closed!(id, undefined, false);
		wait(20);
		const { cursor: before } = monitor.hello();
		keep('a', blockOfAnswers([up(3)]));
		monitor.end('finished');
		const { message, cursor } = monitor.updateSince(before)!;
		expect(message).toMatchObject({
			run: { state: 'finished', done: 5, inFlight: 0, elapsedMs: 320, etaMs: null },
			series: { from: 1, points: [{ atMs: 250, up: 3, down: 2 }] },
			events: [{ type: 'run-ended', text: 'run 7 has finished', level: 'info' }],
		});
		expect(message.rttHistogram!.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
		wait(60_000);
		monitor.end('failed');
		expect(monitor.updateSince(cursor)).toMatchObject({ cursor, message: { run: { elapsedMs: 320 } } });
	});

	it('is stopping once it says so', () => {
		const { monitor, begin } = monitorFixture();
		begin();
		monitor.event({ type: 'stopping', inFlight: 3 });
		expect(monitor.run().state).toBe('stopping');
		monitor.end('interrupted');
		expect(monitor.run().state).toBe('interrupted');
	});
});

describe('a reader', () => {
	it('who wants the moment alone has of it what all others have', () => {
		const { monitor, begin, keep, wait } = monitorFixture();
		begin();
		keep('a', blockOfAnswers([up(3), down]));
		wait(500);
		const { run, workers, rttHistogram } = monitor.hello().message;
		expect(monitor.moment()).toEqual({ run, workers, rttHistogram });
		expect(run.done).toBe(2);
	});

	it('is told nothing new of what it has seen, and now and then that time goes by', () => {
		const { monitor, observer, begin, wait, keep, ask } = monitorFixture();
		begin();
		ask('a', 2);
		keep('b', blockOfAnswers([up(3)]));
		monitor.event({ type: 'notice', message: 'something' });
		monitor.hello();
		observer.closed!(ask('b', 1), undefined, false);
		const { cursor } = monitor.hello();
		const same = monitor.updateSince(cursor)!;
		expect(same.cursor).toBe(cursor);
		expect(same.message).toMatchObject({ chunks: [], events: [], chunksSkipped: 0 });
		expect(same.message.series).toBeUndefined();
		expect(same.message.rttHistogram).toBeUndefined();
		// In a run so long that its slices are longer.
		wait(3_600_000);
		const later = monitor.updateSince(cursor)!.cursor;
		wait(500);
		expect(monitor.updateSince(later)!.cursor).toBe(later);
		wait(500);
		expect(monitor.updateSince(later)!.cursor).toBeGreaterThan(later);
	});

	it('that comes from another run, or has missed too much, has to begin anew', () => {
		const { monitor, observer, begin, wait, ask } = monitorFixture();
		begin();
		const { cursor } = monitor.hello();
		expect(monitor.updateSince(0)).toBeUndefined();
		expect(monitor.updateSince(Number.NaN)).toBeUndefined();
		expect(monitor.updateSince(cursor + 1)).toBeUndefined();
		const close = (count: number): void => {
			for (let i = 0; i < count; i += 1) {
				wait(2);
				observer.closed!(ask('a', 1), undefined, false);
			}
		};
		close(10_000);
		expect(monitor.updateSince(cursor)!.message.chunks).toHaveLength(10_000);
		close(1);
		expect(monitor.updateSince(cursor)).toBeUndefined();
		expect(monitor.hello().message.chunks).toHaveLength(10_000);
	});

	it('gets the histogram once a second at most, and at the end', () => {
		const { monitor, begin, wait, keep } = monitorFixture();
		begin();
		let { cursor } = monitor.hello();
		let told = 0;
		for (let i = 0; i < 100; i += 1) {
			wait(100);
			keep('a', blockOfAnswers([up(3)]));
			const update = monitor.updateSince(cursor)!;
			({ cursor } = update);
			if (update.message.rttHistogram !== undefined) told += 1;
		}
		expect(told).toBeGreaterThanOrEqual(9);
		expect(told).toBeLessThanOrEqual(11);
		keep('a', blockOfAnswers([up(3)]));
		monitor.end('finished');
		const last = monitor.updateSince(cursor)!.message.rttHistogram!;
		expect(last.counts.reduce((sum, count) => sum + count, 0)).toBe(101);
	});

	it('is told of a few hundred requests per second, and how many there were beside', () => {
		const { monitor, observer, begin, wait, ask } = monitorFixture();
		begin();
		let { cursor } = monitor.hello();
		const shown = new Set<number>();
		let skipped = 0;
		for (let tick = 0; tick < 50; tick += 1) {
			for (let i = 0; i < 400; i += 1) observer.closed!(ask('a', 1), undefined, false);
			wait(100);
			const update = monitor.updateSince(cursor)!;
			({ cursor } = update);
			for (const { id } of update.message.chunks) shown.add(id);
			skipped += update.message.chunksSkipped;
		}
		expect(shown.size + skipped).toBe(20_000);
		expect(shown.size).toBeGreaterThan(2_500);
		expect(shown.size).toBeLessThanOrEqual(3_000);
		// What goes wrong is told of all the same.
		const failing = ask('a', 1);
		observer.closed!(failing, new WorkerFailure('broken', 'broke off'), false);
		expect(monitor.updateSince(cursor)!.message.chunks).toMatchObject([{ id: failing, end: 'failed' }]);
	});
});
