import { describe, expect, it } from 'vitest';
import { reasonCode } from '../../../shared/outcome.ts';
import { createRandom, shuffledOrder } from '../../../shared/random.ts';
import type { HostResult } from '../../../shared/results.ts';
import { hostResult } from '../../../shared/results.ts';
import { rttStats } from '../../../shared/stats.ts';
import { EchoJob } from '../../../worker/icmp/echo-job.ts';
import { asBlock } from '../../../worker/icmp/echo-results.ts';
import type { BlockMessage, JobMessage } from '../../../worker/icmp/thread-messages.ts';

function jobOf(hosts: number, settings: Partial<JobMessage> = {}): EchoJob {
	return new EchoJob(
		{
			type: 'job',
			id: 1,
			hosts,
			families: new Uint8Array(hosts).fill(4),
			addresses: new Int32Array(hosts),
			stride: 1,
			prefixes: undefined,
			caller: -1,
			count: 1,
			attempts: 1,
			timeoutMs: 1_000,
			intervalMs: 0,
			...settings,
		},
		0,
	);
}

function resultOf(block: BlockMessage, row: number): HostResult {
	return hostResult(asBlock(block), row, '', undefined);
}

describe('EchoJob', () => {
	it('gives the statistics of the shared definition, in whatever order the answers come', () => {
		const seed = 99_001;
		const random = createRandom(seed);
		const count = 12;
		for (let round = 0; round < 50; round += 1) {
			const job = jobOf(1, { count });
			const rttsMs = Array.from({ length: count }, () =>
				random.below(4) === 0 ? undefined : random.next() * 100,
			);
			job.sent[0] = count;
			for (const echo of shuffledOrder(count, random)) {
				expect(job.done).toBe(false);
				const rttMs = rttsMs[echo];
				if (rttMs === undefined) job.echoLost(0, echo, 0);
				else job.echoAnswered(0, echo, rttMs, 0);
			}
			expect(job.done).toBe(true);
			const result = resultOf(job.takeBlock(0)!, 0);
			const received = rttsMs.filter((rttMs) => rttMs !== undefined);
			const stats = rttStats(received);
			expect(result.received, `seed ${seed}`).toBe(received.length);
			expect(result.jitterMs ?? -1, `seed ${seed}`).toBeCloseTo(stats?.jitterMs ?? -1, 9);
			expect(result.rttAvgMs ?? -1).toBeCloseTo(stats?.rttAvgMs ?? -1, 9);
			expect([result.rttMinMs, result.rttMaxMs]).toEqual([stats?.rttMinMs, stats?.rttMaxMs]);
		}
	});

	it('calls a host denied only when nothing was sent to it', () => {
		const broadcast = reasonCode('broadcast');
		const job = jobOf(2, { count: 2 });
		job.sent[1] = 1;
		for (const host of [0, 1]) {
			job.noteSendError(host, broadcast);
			for (const echo of [0, 1]) job.echoLost(host, echo, 0);
		}
		const block = job.takeBlock(0)!;
		expect(resultOf(block, 0)).toMatchObject({ status: 'denied', reason: 'broadcast', sent: 0 });
		expect(resultOf(block, 1)).toMatchObject({ status: 'error', reason: 'broadcast', sent: 1 });
	});

	it('holds an echo back while the window of its host is full', () => {
		const job = jobOf(1, { count: 100, timeoutMs: 50, intervalMs: 10 });
		expect(job.hasRoom(0, 6)).toBe(true);
		expect(job.hasRoom(0, 7)).toBe(false);
		// An echo that is settled out of order frees nothing: the window moves with the oldest.
		job.echoAnswered(0, 3, 1, 0);
		expect(job.hasRoom(0, 7)).toBe(false);
		job.echoLost(0, 0, 0);
		expect(job.hasRoom(0, 7)).toBe(true);
	});

	it('posts full blocks at once, the rest when no more comes for a while, and the last when the job is done', () => {
		const job = jobOf(2_000);
		for (let host = 0; host < 1_500; host += 1) job.echoAnswered(host, 0, 1, 100);
		expect(job.takeBlock(101)!.length).toBe(1_024);
		expect(job.takeBlock(101)).toBeUndefined();
		expect(job.blockDueAtMs).toBe(112);
		const aged = asBlock(job.takeBlock(112)!);
		expect([aged.length, aged.index[0], aged.index[475]]).toEqual([476, 1_024, 1_499]);
		expect(job.blockDueAtMs).toBe(Number.POSITIVE_INFINITY);
		for (let host = 1_500; host < 2_000; host += 1) {
			job.slotTaken(host);
			job.echoLost(host, 0, 120);
		}
		expect(job.takeBlock(120)!.length).toBe(500);
		expect(job.done).toBe(true);
	});

	it('holds results that keep coming no longer than a stream would', () => {
		const job = jobOf(2_000);
		for (let host = 0; host < 40; host += 1) {
			const nowMs = 100 + 5 * host;
			const block = job.takeBlock(nowMs);
			expect(block?.length, `at ${nowMs} ms`).toBe(host > 0 && host % 10 === 0 ? 10 : undefined);
			job.echoAnswered(host, 0, 1, nowMs);
		}
	});

	it('keeps every column in its place, with statistics and without', () => {
		for (const count of [1, 2]) {
			const job = jobOf(3, { count });
			for (const host of [2, 0, 1]) {
				job.sent[host] = count;
				for (let echo = 0; echo < count; echo += 1) job.echoAnswered(host, echo, 10 * host + 2 * echo, 0);
			}
			const block = asBlock(job.takeBlock(0)!);
			const mean = count === 1 ? 0 : 1;
			expect(Array.from(block.index)).toEqual([2, 0, 1]);
			expect(Array.from(block.rttMs)).toEqual([20 + mean, mean, 10 + mean]);
			expect(Array.from(block.sent)).toEqual([count, count, count]);
			expect(Array.from(block.received)).toEqual([count, count, count]);
			expect([...Array.from(block.status), ...Array.from(block.reason)]).toEqual([0, 0, 0, 0, 0, 0]);
			expect(block.rtt && Array.from(block.rtt.max)).toEqual(count === 1 ? undefined : [22, 2, 12]);
			expect(block.rtt && Array.from(block.rtt.min)).toEqual(count === 1 ? undefined : [20, 0, 10]);
			expect(block.rtt && Array.from(block.rtt.jitter)).toEqual(count === 1 ? undefined : [2, 2, 2]);
		}
	});

	it('reports the last word of a router, and never blames a host for what could not leave', () => {
		const job = jobOf(3);
		for (const host of [0, 1, 2]) job.slotTaken(host);
		job.noteReason(0, reasonCode('host-unreachable'));
		job.echoLost(0, 0, 0);
		job.noteReason(1, reasonCode('host-unreachable'));
		job.noteSendError(1, reasonCode('no-route'));
		job.echoLost(1, 0, 0);
		job.echoLost(2, 0, 0);
		const block = job.takeBlock(0)!;
		expect(
			[0, 1, 2].map((row) => resultOf(block, row)).map(({ status, reason }) => [status, reason]),
		).toEqual([
			['down', 'host-unreachable'],
			['error', 'no-route'],
			['down', 'timeout'],
		]);
	});

	it('waits for every try that is under way before it calls a host down', () => {
		const job = jobOf(2, { attempts: 2 });
		for (const host of [0, 0, 1, 1]) job.slotTaken(host);
		job.echoLost(0, 0, 0);
		job.slotReleased(0);
		expect(job.settled).toBe(0);
		job.echoAnswered(0, 1, 5, 0);
		job.slotReleased(0);
		expect([job.settled, job.isSettled(0)]).toEqual([1, true]);
		// The first try is answered after the second: too late to change anything.
		job.echoAnswered(1, 1, 3, 0);
		job.slotReleased(1);
		job.echoAnswered(1, 0, 900, 0);
		job.slotReleased(1);
		const block = job.takeBlock(1)!;
		expect([block.length, job.done, job.slots]).toEqual([2, true, 0]);
		expect(Array.from(asBlock(block).rttMs)).toEqual([5, 3]);
	});

	it('says once that every host has begun, and how long the last one waited', () => {
		const job = jobOf(2);
		job.begun(0, 4);
		job.begun(0, 90);
		expect([job.unsent, job.waitMs]).toEqual([1, 4]);
		job.hostFailed(1, reasonCode('no-route'), 0);
		expect([job.unsent, job.waitMs]).toEqual([0, 4]);
	});
});
