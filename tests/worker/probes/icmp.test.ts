import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseIpv4 } from '../../../shared/ip.ts';
import { parsePingRequest } from '../../../shared/protocol.ts';
import type { HostResult, ResultBlock } from '../../../shared/results.ts';
import { hostResult } from '../../../shared/results.ts';
import { parseTarget } from '../../../shared/target.ts';
import type { EchoEngine, EchoJob } from '../../../worker/icmp/echo-engine.ts';
import type { Ipv4Hosts } from '../../../worker/ipv4-hosts.ts';
import { createIcmpProbe } from '../../../worker/probes/icmp.node.ts';
import type { BatchReporting, ProbeHost } from '../../../worker/probes/probe.ts';
import type { Lab } from '../../lab/lab.ts';
import { createLab, labUnavailable } from '../../lab/lab.ts';
import { describeUnless } from '../../requirements.ts';
import { openEngine } from '../icmp/engine-fixture.ts';

/** Bare IPv4 addresses in columns, with the same positions as `hostsOf` gives them. */
function columnsOf(texts: readonly string[], firstIndex: number): Ipv4Hosts {
	return {
		index: Uint32Array.from(texts, (_, i) => firstIndex + 2 * i),
		ipv4: Uint32Array.from(texts, parseIpv4),
	};
}

function hostsOf(texts: readonly string[], firstIndex: number): ProbeHost[] {
	return texts.map((text, i) => {
		const target = parseTarget(text);
		return { index: firstIndex + 2 * i, target, address: target.address, port: undefined };
	});
}

/** Runs a batch and gives its results by their index in the request. */
async function runBatch(
	engine: EchoEngine,
	hosts: readonly ProbeHost[] | Ipv4Hosts,
	signal = new AbortController().signal,
) {
	const results = new Map<number, HostResult>();
	let waitMs: number | undefined;
	let leftHosts = 0;
	const probe = createIcmpProbe(engine);
	const reporting: BatchReporting = {
		settings: parsePingRequest({ hosts: ['x'], timeoutMs: 200, attempts: 1 }),
		signal,
		left(count, ms) {
			leftHosts += count;
			waitMs = ms;
		},
		report(block) {
			for (let row = 0; row < block.length; row += 1) {
				const index = block.index[row]!;
				expect(results.has(index)).toBe(false);
				results.set(index, hostResult(block, row, '', undefined));
			}
		},
	};
	await ('ipv4' in hosts ? probe.runIpv4!({ ...hosts, ...reporting }) : probe.run({ hosts, ...reporting }));
	return { results, waitMs, leftHosts };
}

/** An engine that answers the first host of a job and then fails. */
function failingEngine(failure: unknown): EchoEngine {
	return {
		mode: 'datagram',
		families: { ipv4: true, ipv6: true },
		async run(job: EchoJob) {
			const block: ResultBlock = {
				length: 1,
				index: [0],
				status: [0],
				reason: [0],
				address: undefined,
				sent: [1],
				received: [1],
				rttMs: [1],
				rtt: undefined,
			};
			job.report(block);
			throw failure;
		},
		counters: () => {
			throw new Error('nobody asks');
		},
		close: async () => {},
	};
}

describe('icmp probe', () => {
	describe.each([
		['hosts', hostsOf],
		['columns', columnsOf],
	])('with %s', (_, listOf) => {
		it('reports what an engine that failed has left out as the worker’s own trouble', async () => {
			const { results, waitMs } = await runBatch(
				failingEngine(new Error('the thread ended')),
				listOf(['10.0.0.1', '10.0.0.2', '10.0.0.3'], 7),
			);
			expect([...results.keys()]).toEqual([7, 9, 11]);
			expect(results.get(7)).toMatchObject({ status: 'up' });
			expect(results.get(9)).toEqual({ host: '', status: 'error', reason: 'internal', sent: 0, received: 0 });
			expect(results.get(11)).toMatchObject({ status: 'error', reason: 'internal' });
			expect(waitMs).toBeUndefined();
		});

		it('reports nothing more once the caller has gone', async () => {
			const reason = new Error('the caller has gone');
			await expect(
				runBatch(failingEngine(reason), listOf(['10.0.0.1', '10.0.0.2'], 0), AbortSignal.abort(reason)),
			).rejects.toBe(reason);
		});
	});

	const unavailable = labUnavailable();
	describeUnless(unavailable, 'in a lab', () => {
		let lab: Lab;
		let engine: EchoEngine;
		beforeAll(async () => {
			lab = await createLab();
			await lab.enter();
			engine = await openEngine('datagram');
		});
		afterAll(async () => {
			await engine?.close();
			lab?.close();
		});

		it('gives each host its result under its index in the request', async () => {
			const startedMs = performance.now();
			const { results, waitMs, leftHosts } = await runBatch(
				engine,
				hostsOf(['10.128.0.1', '10.0.0.1', 'fd00:a::1', '10.192.0.1'], 3),
			);
			const elapsedMs = performance.now() - startedMs;
			expect([3, 5, 7, 9].map((index) => [results.get(index)!.status, results.get(index)!.reason])).toEqual([
				['down', 'timeout'],
				['up', undefined],
				['up', undefined],
				['down', 'host-unreachable'],
			]);
			expect(leftHosts).toBe(4);
			expect(waitMs).toBeGreaterThanOrEqual(0);
			// Not that of the time-out, too.
			expect(waitMs).toBeLessThan(elapsedMs - 150);
		});

		it('gives each address of a column its result under its index in the request', async () => {
			const { results, leftHosts } = await runBatch(
				engine,
				columnsOf(['10.128.0.1', '10.0.0.1', '10.63.255.254', '10.192.0.1'], 3),
			);
			expect([3, 5, 7, 9].map((index) => [results.get(index)!.status, results.get(index)!.reason])).toEqual([
				['down', 'timeout'],
				['up', undefined],
				['up', undefined],
				['down', 'host-unreachable'],
			]);
			expect(leftHosts).toBe(4);
		});
	});
});
