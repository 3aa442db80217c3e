/**
 * Faults 26, 34 and 36 where the packets are: answers that are late, out of order and doubled, errors with forged
 * quotes, answers to a group. tests/worker/icmp/misbehaviour.test.ts has the other ways to misbehave.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EchoCounters, EchoEngine } from '../../worker/icmp/echo-engine.ts';
import { Workspace } from '../e2e/command-line.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, responderUnavailable } from '../lab/lab.ts';
import type { Misbehaviour } from '../lab/responder.ts';
import { misbehaviours } from '../lab/responder.ts';
import { describeUnless } from '../requirements.ts';
import type { JobSettings } from '../worker/icmp/engine-fixture.ts';
import { gather, openEngine, tally } from '../worker/icmp/engine-fixture.ts';

/** Longer than anything is kept waiting on a busy machine: everything here is answered. */
const timeoutMs = 30_000;

/** Hosts that no test has used before. */
let fresh = 0;

describeUnless(responderUnavailable(), 'a network that misbehaves', () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await createLab({ responder: true });
		await lab.enter();
	});
	afterAll(() => lab?.close());

	describe.each([
		{ mode: 'datagram', family: 4 },
		{ mode: 'datagram', family: 6 },
		{ mode: 'raw', family: 4 },
		{ mode: 'raw', family: 6 },
	] as const)('$mode sockets, IPv$family', ({ mode, family }) => {
		let engine: EchoEngine;
		beforeAll(async () => {
			engine = await openEngine(mode);
		});
		afterAll(() => engine?.close());

		/** @param byte the last but one: of a host that is late, by how many times 10 ms */
		function addresses(kind: Misbehaviour, count: number, byte = fresh + 1): string[] {
			fresh += 1;
			const selector = 64 + misbehaviours.indexOf(kind);
			return Array.from({ length: count }, (_, i) =>
				family === 4
					? `10.${selector}.${byte}.${i + 1}`
					: `fd00:${selector.toString(16)}::${fresh.toString(16)}:${(256 * byte + i + 1).toString(16)}`,
			);
		}

		async function probe(texts: readonly string[], settings: JobSettings) {
			const before = engine.counters();
			const { results } = await gather(engine, texts, settings);
			// All that the responder still has to say has been read when this host's answer has: it comes later.
			await gather(engine, addresses('late', 1, 20), { timeoutMs });
			const counted = { ...engine.counters() };
			for (const name of Object.keys(counted) as (keyof EchoCounters)[]) counted[name] -= before[name];
			counted.received -= 1;
			return { results, counted };
		}

		test('delayed, jittered, reordered and doubled answers make nobody down and no time negative', async () => {
			// Ten echoes of a host are under way at a time, and their answers overtake one another.
			const settings = { count: 12, intervalMs: 8, timeoutMs };
			const { results, counted } = await probe(addresses('jittered-twice', 100), settings);
			expect(tally(results)).toEqual({ up: 100 });
			for (const result of results) {
				expect(result).toMatchObject({ sent: 12, received: 12, lossPercent: 0 });
				expect(result.rttMinMs!).toBeGreaterThanOrEqual(0);
				expect(result.rttMinMs!).toBeLessThanOrEqual(result.rttAvgMs!);
				expect(result.rttAvgMs!).toBeLessThanOrEqual(result.rttMaxMs!);
				expect(result.rttMaxMs!).toBeLessThanOrEqual(timeoutMs);
				expect(result.jitterMs!).toBeGreaterThan(0);
				expect(result.jitterMs!).toBeLessThanOrEqual(result.rttMaxMs! - result.rttMinMs! + 1e-9);
			}
			// A second answer finds its echo answered, or its slot in use by a later echo.
			expect(counted).toMatchObject({ received: 1_200, forged: 0, corrupted: 0, truncated: 0 });
			expect(counted.duplicate + counted.late).toBe(1_200);
		});

		test.each(['forged-ttl-exceeded', 'quote-of-another-host'] as const)(
			'an error that is a %s is not believed',
			async (kind) => {
				const { results, counted } = await probe(addresses(kind, 100), { timeoutMs });
				expect(tally(results)).toEqual({ up: 100 });
				expect(counted).toMatchObject({ forged: 100, received: 100 });
			},
		);
	});

	test.each(['datagram', 'raw'] as const)('%s sockets: what a group answers is nobody’s', async (mode) => {
		// Linux answers a group only where it is told to.
		lab.execFar('sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_broadcasts=0');
		const engine = await openEngine(mode);
		try {
			const texts = ['224.0.0.1', '10.200.0.2'];
			const { results } = await gather(engine, texts, { attempts: 2, timeoutMs: 200 });
			expect(results.map(({ status, reason }) => [status, reason])).toEqual([
				['down', 'timeout'],
				['up', undefined],
			]);
			// Both tries were answered, by a member's own address.
			expect(engine.counters()).toMatchObject({ sent: 3, received: 1, forged: 2 });
		} finally {
			await engine.close();
		}
	});

	test('nothing is sent to a group or to everybody', async () => {
		using space = new Workspace();
		const groups = ['224.0.0.1', '239.1.2.3', '255.255.255.255', '10.200.0.255', 'ff02::1', 'ff05::2'];
		space.write('hosts.txt', [...groups, '10.0.0.1']);
		const before = echoesSent(lab);
		expect((await space.master(['--quiet'], { lab })).code).toBe(0);
		expect(space.rows('SELECT host, status, reason, sent FROM results ORDER BY position')).toEqual([
			...groups.map((host) => ({
				host,
				status: 'denied',
				reason: host.endsWith('.255') ? 'broadcast' : 'multicast',
				sent: 0,
			})),
			{ host: '10.0.0.1', status: 'up', reason: null, sent: 1 },
		]);
		expect(echoesSent(lab)).toBe(before + 1);
	});
});

/** Echo requests of both families that have left the near namespace. */
function echoesSent(lab: Lab): number {
	const lines = lab.exec('cat', '/proc/net/snmp', '/proc/net/snmp6').split('\n');
	const [names = '', values = ''] = lines.filter((line) => line.startsWith('IcmpMsg:'));
	const ipv4 = values.split(/\s+/)[names.split(/\s+/).indexOf('OutType8')] ?? '0';
	const ipv6 = /^Icmp6OutEchos\s+(\d+)$/m.exec(lines.join('\n'))?.[1] ?? '0';
	return Number(ipv4) + Number(ipv6);
}
