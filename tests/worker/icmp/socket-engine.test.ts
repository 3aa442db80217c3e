import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom, shuffledOrder } from '../../../shared/random.ts';
import type { EchoEngine } from '../../../worker/icmp/echo-engine.ts';
import type { Lab } from '../../lab/lab.ts';
import { createLab, labUnavailable } from '../../lab/lab.ts';
import { describeUnless } from '../../requirements.ts';
import { block4, block6, gather, openEngine, tally } from './engine-fixture.ts';

const unavailable = labUnavailable();

describeUnless(unavailable, 'socket engine in a lab', () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await createLab();
		await lab.enter();
	});
	afterAll(() => lab?.close());

	describe.each(['datagram', 'raw'] as const)('%s sockets', (mode) => {
		let engine: EchoEngine;
		beforeAll(async () => {
			engine = await openEngine(mode);
		});
		afterAll(() => engine?.close());

		it('opens both families', () => {
			expect(engine.mode).toBe(mode);
			expect(engine.families).toEqual({ ipv4: true, ipv6: true });
		});

		it('tells thousands of alive, dead and unreachable hosts apart, in both families', async () => {
			const seed = 20_260_101;
			const groups: [string, string[]][] = [
				['up', [...block4('10.1.0.1', 9_000), ...block6('fd00:a::', 3_000)]],
				['down/timeout', [...block4('10.128.0.1', 1_500), ...block6('fd00:d::', 500)]],
				['down/host-unreachable', [...block4('10.192.0.1', 1_500), ...block6('fd00:b::', 300)]],
				['down/admin-prohibited', [...block4('10.193.0.1', 300), ...block6('fd00:f::', 100)]],
				['down/net-unreachable', [...block4('10.194.0.1', 300), ...block6('fd00:e::', 100)]],
			];
			const wanted = new Map(groups.flatMap(([outcome, texts]) => texts.map((text) => [text, outcome])));
			const inOrder = [...wanted.keys()];
			const texts = Array.from(shuffledOrder(inOrder.length, createRandom(seed)), (i) => inOrder[i]!);
			const { results } = await gather(engine, texts, { attempts: 2 });
			const wrong = results.filter(
				({ host, status, reason }) =>
					wanted.get(host) !== (reason === undefined ? status : `${status}/${reason}`),
			);
			expect(wrong.slice(0, 5), `seed ${seed}`).toEqual([]);
			for (const { status, sent, received, rttMs } of results) {
				if (status === 'up') {
					expect(received).toBe(1);
					expect(rttMs).toBeGreaterThanOrEqual(0);
					expect(rttMs).toBeLessThanOrEqual(400);
				} else {
					expect([sent, received, rttMs]).toEqual([2, 0, undefined]);
				}
			}
		});

		it('keeps more than 65,536 echoes in flight and tells their answers apart', async () => {
			const texts = [...block4('10.129.0.1', 70_000), ...block4('10.2.0.1', 70_000)];
			const before = engine.counters();
			const { results } = await gather(engine, texts, { timeoutMs: 1_500 });
			expect(tally(results)).toEqual({ up: 70_000, 'down/timeout': 70_000 });
			expect(results.slice(0, 70_000).every(({ status }) => status === 'down')).toBe(true);
			const after = engine.counters();
			expect(after.sent - before.sent).toBeGreaterThanOrEqual(140_000);
			expect(after.forged).toBe(before.forged);
			expect(after.duplicate).toBe(before.duplicate);
		});

		it('sends every echo and reports statistics when count is above 1', async () => {
			const { results, elapsedMs } = await gather(engine, [...block4('10.3.0.1', 50), '10.130.0.1'], {
				count: 4,
				intervalMs: 30,
			});
			expect(elapsedMs).toBeGreaterThanOrEqual(90);
			for (const result of results.slice(0, 50)) {
				expect(result).toMatchObject({ status: 'up', sent: 4, received: 4, lossPercent: 0 });
				expect(result.rttMinMs!).toBeLessThanOrEqual(result.rttAvgMs!);
				expect(result.rttAvgMs!).toBeLessThanOrEqual(result.rttMaxMs!);
				expect(result.jitterMs!).toBeLessThanOrEqual(result.rttMaxMs! - result.rttMinMs! + 1e-9);
			}
			expect(results[50]).toEqual({
				host: '10.130.0.1',
				status: 'down',
				reason: 'timeout',
				sent: 4,
				received: 0,
				lossPercent: 100,
			});
		});

		it('overlaps echoes when the interval is shorter than the timeout', async () => {
			const series = { count: 10, intervalMs: 10 };
			const dead = block4('10.131.0.1', 20);
			const { results } = await gather(engine, dead, { ...series, timeoutMs: 300 });
			expect(tally(results)).toEqual({ 'down/timeout': 20 });
			expect(results.every(({ sent }) => sent === 10)).toBe(true);
			// One after the other would take ten minutes.
			const aborter = new AbortController();
			const enough = new Error('all have left');
			const before = engine.counters().sent;
			const running = gather(engine, dead, { ...series, timeoutMs: 60_000, signal: aborter.signal });
			const ended = expect(running).rejects.toBe(enough);
			await expect.poll(() => engine.counters().sent - before).toBe(200);
			aborter.abort(enough);
			await ended;
		});

		it('ends at the first answer with count 1, and tries as often as told without', async () => {
			const { results } = await gather(engine, ['10.4.0.1', '10.132.0.1'], { attempts: 3, timeoutMs: 60 });
			expect(results.map(({ sent }) => sent)).toEqual([1, 3]);
		});

		it('sends nothing more after an abort', async () => {
			const aborter = new AbortController();
			const reason = new Error('the caller has gone');
			const slow = await openEngine(mode, 500);
			try {
				const running = gather(slow, block4('10.5.0.1', 5_000), { signal: aborter.signal });
				const other = gather(slow, block4('10.6.0.1', 50));
				await other;
				aborter.abort(reason);
				await expect(running).rejects.toBe(reason);
				const { sent } = slow.counters();
				expect(sent).toBeLessThan(4_000);
				// A job that comes later has the wire to itself: nothing of the old one leaves meanwhile.
				await gather(slow, block4('10.7.0.1', 100));
				expect(slow.counters().sent).toBe(sent + 100);
			} finally {
				await slow.close();
			}
		});

		it('keeps to the rate and says how long hosts waited', async () => {
			const paced = await openEngine(mode, 1_000);
			try {
				// It is never faster; what makes it slower once is the machine.
				let leastMs = Number.POSITIVE_INFINITY;
				for (let round = 0; round < 30 && leastMs >= 1_200; round += 1) {
					const { elapsedMs, waitMs } = await gather(paced, block4('10.8.0.1', 400));
					expect(elapsedMs).toBeGreaterThan(380);
					expect(waitMs).toBeGreaterThan(350);
					leastMs = elapsedMs;
				}
				expect(leastMs).toBeLessThan(1_200);
			} finally {
				await paced.close();
			}
		});

		it('calls what can not leave an error or denied, never down', async () => {
			lab.exec('ip', 'route', 'add', 'unreachable', '10.250.0.0/24');
			lab.exec('ip', 'route', 'add', 'blackhole', '10.250.1.0/24');
			lab.exec('ip', '-6', 'route', 'add', 'unreachable', 'fd00:bad::/64');
			try {
				const { results } = await gather(
					engine,
					['10.250.0.1', '10.200.0.255', '10.9.0.1', '10.250.1.1', 'fd00:bad::1'],
					{ attempts: 2 },
				);
				expect(results.map(({ status, reason, sent }) => [status, reason, sent])).toEqual([
					['error', 'no-route', 0],
					['denied', 'broadcast', 0],
					['up', undefined, 1],
					['error', 'no-route', 0],
					['error', 'no-route', 0],
				]);
			} finally {
				lab.exec('ip', 'route', 'del', '10.250.0.0/24');
				lab.exec('ip', 'route', 'del', '10.250.1.0/24');
				lab.exec('ip', '-6', 'route', 'del', 'fd00:bad::/64');
			}
		});

		it('calls what the local firewall refuses blocked-locally', async () => {
			lab.exec('iptables', '-A', 'OUTPUT', '-d', '10.10.0.0/24', '-j', 'DROP');
			try {
				const { results } = await gather(engine, ['10.10.0.1', '10.10.1.1'], { attempts: 2 });
				expect(results.map(({ status, reason, sent }) => [status, reason, sent])).toEqual([
					['error', 'blocked-locally', 0],
					['up', undefined, 1],
				]);
			} finally {
				lab.exec('iptables', '-F', 'OUTPUT');
			}
		});

		it('serves a small job while a large one is under way', async () => {
			const aborter = new AbortController();
			const enough = new Error('enough');
			const dead = { timeoutMs: 60_000, signal: aborter.signal };
			const slow = expect(gather(engine, block4('10.133.0.1', 20_000), dead)).rejects.toBe(enough);
			const { results } = await gather(engine, ['10.11.0.1', '::1', '127.0.0.1'], { timeoutMs: 20_000 });
			expect(tally(results)).toEqual({ up: 3 });
			aborter.abort(enough);
			await slow;
		});
	});
});
