import { describe, expect, it } from 'vitest';
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/clock.ts';
import { hostColumn } from '../../shared/host-column.ts';
import { formatIpv4, parseCidr, parseIp } from '../../shared/ip.ts';
import type { TargetPolicy } from '../../shared/policy.ts';
import { createTargetPolicy } from '../../shared/policy.ts';
import type { PingRequestBody } from '../../shared/protocol.ts';
import { parsePingRequest } from '../../shared/protocol.ts';
import { createRandom } from '../../shared/random.ts';
import type { HostResult, ResultBlock } from '../../shared/results.ts';
import { hostResult } from '../../shared/results.ts';
import type { BatchOptions } from '../../worker/batch.ts';
import { runBatch } from '../../worker/batch.ts';
import { planBatch } from '../../worker/plan.ts';
import type { BatchReporting, Ipv4Batch, ProbeBatch } from '../../worker/probes/probe.ts';
import { columnsProbe, recordingProbe, tableResolver, upBlock, upIpv4Block } from './app-fixture.ts';

interface Outcome {
	/** by position; a position that was reported twice fails the test */
	readonly results: HostResult[];
	readonly blocks: ResultBlock[];
	readonly faults: unknown[];
}

function start(body: PingRequestBody, options: Partial<BatchOptions> = {}) {
	const { hosts, ...settings } = parsePingRequest(body);
	const plan = planBatch({ hosts: hostColumn(hosts), settings });
	const results: HostResult[] = [];
	const blocks: ResultBlock[] = [];
	const faults: unknown[] = [];
	const done = runBatch({
		plan,
		probes: [recordingProbe('icmp'), recordingProbe('tcp')],
		resolver: tableResolver({}),
		policy: createTargetPolicy(),
		clock: systemClock,
		deadlineMs: 600_000,
		signal: new AbortController().signal,
		report(block) {
			blocks.push(block);
			for (let row = 0; row < block.length; row += 1) {
				const index = block.index[row]!;
				expect(results[index], `position ${index}`).toBeUndefined();
				results[index] = hostResult(block, row, body.hosts[index]!, undefined);
			}
		},
		sent: () => undefined,
		fault: (error) => faults.push(error),
		...options,
	});
	return { done, outcome: { results, blocks, faults } satisfies Outcome };
}

async function run(body: PingRequestBody, options: Partial<BatchOptions> = {}): Promise<Outcome> {
	const { done, outcome } = start(body, options);
	await done;
	expect(outcome.results.filter((result) => result !== undefined)).toHaveLength(body.hosts.length);
	return outcome;
}

/** A clock whose sleeps last until they are told to end. */
function heldClock() {
	const sleeps: { ms: number; end: () => void }[] = [];
	const clock: Clock = {
		wallMs: () => 0,
		monotonicMs: () => 0,
		sleep: (ms, signal) =>
			new Promise((resolve, reject) => {
				sleeps.push({ ms, end: resolve });
				signal?.addEventListener('abort', () => reject(signal.reason));
			}),
	};
	return { clock, sleeps };
}

describe('runBatch', () => {
	it('gives each host to the probe that its scheme or port says', async () => {
		const icmp = recordingProbe('icmp');
		const tcp = recordingProbe('tcp');
		const http = recordingProbe('http');
		await run(
			{
				hosts: [
					'192.0.2.1',
					'192.0.2.1:22',
					'tcp://192.0.2.2:80',
					'https://192.0.2.3/x',
					'[::ffff:192.0.2.4]',
				],
			},
			{ probes: [icmp, tcp, http] },
		);
		const seen = [icmp, tcp, http].map(({ batches }) =>
			batches.flatMap(({ hosts }) => hosts.map(({ index, port }) => [index, port])),
		);
		expect(seen).toEqual([
			[
				[0, undefined],
				[4, undefined],
			],
			[
				[1, 22],
				[2, 80],
			],
			[[3, 443]],
		]);
		expect(icmp.batches[0]!.hosts[1]!.address).toEqual({ family: 4, value: 0xc0000204 });
	});

	it('takes the port of the request for hosts that name none', async () => {
		const tcp = recordingProbe('tcp');
		await run({ hosts: ['192.0.2.1', '192.0.2.1:22'], probe: 'tcp', port: 443 }, { probes: [tcp] });
		expect(tcp.batches[0]!.hosts.map(({ port }) => port)).toEqual([443, 22]);
	});

	it('says no-probe for a probe that this worker does not offer, and goes on', async () => {
		const { results } = await run({ hosts: ['192.0.2.1', 'https://192.0.2.1/', 'missing.example'] });
		expect(results).toMatchObject([
			{ status: 'up' },
			{ status: 'error', reason: 'no-probe', sent: 0 },
			{ status: 'unresolved', reason: 'dns-not-found' },
		]);
	});

	it('probes duplicates once and reports them for every position', async () => {
		const icmp = recordingProbe('icmp');
		const resolver = tableResolver({ 'a.example': '192.0.2.7', 'b.example': { reason: 'dns-failed' } });
		const hosts = [
			'192.0.2.1',
			'a.example',
			'192.0.2.1',
			'A.example.',
			'b.example',
			'192.0.2.1',
			'b.example',
			'a.example:22',
		];
		const { results } = await run({ hosts }, { probes: [icmp, recordingProbe('tcp')], resolver });
		expect(icmp.batches.flatMap((batch) => batch.hosts.map(({ index }) => index))).toEqual([0, 1]);
		expect(resolver.asked.toSorted()).toEqual(['a.example', 'b.example']);
		expect(results.map(({ host, status }) => [host, status])).toEqual([
			['192.0.2.1', 'up'],
			['a.example', 'up'],
			['192.0.2.1', 'up'],
			['A.example.', 'up'],
			['b.example', 'unresolved'],
			['192.0.2.1', 'up'],
			['b.example', 'unresolved'],
			['a.example:22', 'up'],
		]);
		expect(results[3]!.address).toBe('192.0.2.7');
	});

	it('gives bare IPv4 addresses in columns to a probe that takes them, each once, and all else as hosts', async () => {
		const icmp = columnsProbe('icmp');
		const hosts = [
			'192.0.2.1',
			'2001:db8::1',
			'224.0.0.1',
			'192.0.2.2',
			'192.0.2.1',
			'::ffff:192.0.2.2',
			'[::ffff:192.0.2.3]',
			'192.0.2.1:80',
			'192.0.2.1',
		];
		const { results } = await run({ hosts }, { probes: [icmp, recordingProbe('tcp')] });
		expect(icmp.ipv4Batches.map(({ index, ipv4 }) => [[...index], [...ipv4]])).toEqual([
			[
				[0, 3, 6],
				[0xc0000201, 0xc0000202, 0xc0000203],
			],
		]);
		expect(icmp.batches.map((batch) => batch.hosts.map(({ index }) => index))).toEqual([[1]]);
		expect(results.map(({ status }) => status)).toEqual(
			hosts.map((host) => (host === '224.0.0.1' ? 'denied' : 'up')),
		);
	});

	it('holds every address in columns to the policy', async () => {
		const icmp = columnsProbe('icmp');
		const policy = createTargetPolicy({ deny: [parseCidr('10.9.0.0/16')!] });
		const hosts = ['10.8.255.255', '10.9.0.0', '10.9.255.255', '10.10.0.0', '255.255.255.255', '0.0.0.0'];
		const { results } = await run({ hosts }, { probes: [icmp], policy });
		expect(results.map(({ status, reason }) => reason ?? status)).toEqual([
			'up',
			'deny-list',
			'deny-list',
			'up',
			'broadcast',
			'unspecified',
		]);
		expect(icmp.ipv4Batches.flatMap(({ index }) => [...index])).toEqual([0, 3]);
		const none = columnsProbe('icmp');
		await run({ hosts: ['10.9.0.1'] }, { probes: [none], policy });
		expect(none.ipv4Batches).toEqual([]);
	});

	it('reports what a faulty probe leaves out of its columns, and says once when all have left', async () => {
		const sent: number[] = [];
		const faulty = columnsProbe('icmp', async (batch) => {
			batch.left(batch.index.length, 7);
			const some = { ...batch, index: batch.index.subarray(0, 2) };
			batch.report(upIpv4Block(some));
			batch.report(upIpv4Block(some));
			throw new Error('broken');
		});
		const hosts = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '224.0.0.1', '192.0.2.3', '192.0.2.1'];
		const { results, faults } = await run(
			{ hosts },
			{ probes: [faulty], sent: (waitMs) => sent.push(waitMs) },
		);
		const outcomes = results.map(({ status, reason }) => reason ?? status);
		expect(outcomes).toEqual(['up', 'up', 'internal', 'multicast', 'internal', 'up']);
		expect(faults).toHaveLength(1);
		expect(sent).toEqual([7]);
	});

	it('keeps the denied from every probe, before and after resolution', async () => {
		const tcp = recordingProbe('tcp');
		const resolver = tableResolver({ 'meta.example': '169.254.169.254', 'ok.example': '192.0.2.8' });
		const { results } = await run(
			{
				hosts: ['meta.example', 'ok.example', '127.0.0.1', '::1', '64:ff9b::7f00:1'],
				probe: 'tcp',
				port: 80,
			},
			{ probes: [tcp], resolver },
		);
		expect(results.map(({ status, reason }) => reason ?? status)).toEqual([
			'link-local',
			'up',
			'loopback',
			'loopback',
			'loopback',
		]);
		expect(tcp.batches.flatMap(({ hosts }) => hosts.map(({ index }) => index))).toEqual([1]);
	});

	it('keeps the trouble of a resolver apart from names that do not exist', async () => {
		const { results, faults } = await run(
			{ hosts: ['none.example', 'full.example', 'broken.example'] },
			{
				resolver: {
					async resolve(name) {
						if (name === 'broken.example') throw new Error('broken');
						return { reason: name === 'full.example' ? 'no-descriptors' : 'dns-timeout' };
					},
				},
			},
		);
		expect(results).toMatchObject([
			{ status: 'unresolved', reason: 'dns-timeout' },
			{ status: 'error', reason: 'no-descriptors' },
			{ status: 'error', reason: 'internal' },
		]);
		expect(faults).toHaveLength(1);
	});

	it('starts addresses while names are still being resolved', async () => {
		const reported = Promise.withResolvers<void>();
		const icmp = recordingProbe('icmp', async ({ hosts, report }) => {
			report(upBlock(hosts));
			reported.resolve();
		});
		const resolver = {
			async resolve() {
				await reported.promise;
				return { reason: 'dns-not-found' } as const;
			},
		};
		const { results } = await run({ hosts: ['slow.example', '192.0.2.1'] }, { probes: [icmp], resolver });
		expect(results.map(({ status }) => status)).toEqual(['unresolved', 'up']);
	});

	it('starts names that are resolved while others are not, in groups', async () => {
		const { clock, sleeps } = heldClock();
		const release = Promise.withResolvers<void>();
		const icmp = recordingProbe('icmp');
		const resolver = {
			async resolve(name: string) {
				if (name.startsWith('slow')) await release.promise;
				return { address: { family: 4, value: 0xc0000200 } } as const;
			},
		};
		const { done, outcome } = start(
			{ hosts: ['a.example', 'b.example', 'slow1.example', 'slow2.example'] },
			{ probes: [icmp], resolver, clock },
		);
		await Promise.resolve();
		sleeps.find(({ ms }) => ms < 100)!.end();
		for (let turns = 0; turns < 1_000 && outcome.results.length < 2; turns += 1)
			await new Promise(setImmediate);
		expect(icmp.batches.map(({ hosts }) => hosts.length)).toEqual([2]);
		release.resolve();
		await done;
		expect(icmp.batches.map(({ hosts }) => hosts.length)).toEqual([2, 2]);
	});

	it('leaves names to a runtime that resolves them, those of the machine itself apart', async () => {
		const tcp = recordingProbe('tcp');
		const { results } = await run(
			{ hosts: ['name.example:80', 'localhost:80', 'app.localhost:80', 'localhost.example:80'] },
			{ probes: [tcp], resolver: undefined },
		);
		expect(results.map(({ status, reason }) => reason ?? status)).toEqual([
			'up',
			'loopback',
			'loopback',
			'up',
		]);
		expect(tcp.batches[0]!.hosts.map(({ index, address }) => [index, address])).toEqual([
			[0, undefined],
			[3, undefined],
		]);
	});

	it('reports what a faulty probe leaves out as its own trouble', async () => {
		const silent = recordingProbe('icmp', async ({ hosts, report }) => report(upBlock(hosts.slice(0, 1))));
		const throwing = recordingProbe('tcp', async () => {
			throw new Error('broken');
		});
		const { results, faults } = await run(
			{ hosts: ['192.0.2.1', '192.0.2.2', '192.0.2.3:80'] },
			{ probes: [silent, throwing] },
		);
		expect(results.map(({ status, reason }) => reason ?? status)).toEqual(['up', 'internal', 'internal']);
		expect(faults).toHaveLength(1);
	});

	it('drops what a probe reports twice', async () => {
		const twice = recordingProbe('icmp', async ({ hosts, report }) => {
			report(upBlock(hosts.slice(0, 2)));
			report(upBlock(hosts.slice(1)));
			report(upBlock(hosts));
		});
		const hosts = ['192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.3'];
		const { results } = await run({ hosts }, { probes: [twice] });
		expect(results.map(({ status }) => status)).toEqual(['up', 'up', 'up', 'up']);
	});

	it('ends at its deadline whatever a probe does', async () => {
		const { clock, sleeps } = heldClock();
		const stuck = recordingProbe('icmp', ({ hosts, report }) => {
			report(upBlock(hosts.slice(0, 1)));
			return new Promise(() => undefined);
		});
		const { done, outcome } = start(
			{ hosts: ['192.0.2.1', '192.0.2.2', 'name.example'] },
			{
				clock,
				probes: [stuck],
				deadlineMs: 777,
				resolver: { resolve: () => new Promise(() => undefined) },
			},
		);
		sleeps.find(({ ms }) => ms === 777)!.end();
		await done;
		expect(outcome.results.map(({ status, reason }) => reason ?? status)).toEqual([
			'up',
			'cancelled',
			'cancelled',
		]);
		expect(stuck.batches[0]!.signal.aborted).toBe(true);
	});

	it('sends nothing more to what the policy closes meanwhile, and goes on with the rest', async () => {
		const { clock, sleeps } = heldClock();
		let rules = createTargetPolicy();
		const policy: TargetPolicy = {
			check: (...asked) => rules.check(...asked),
			checkIpv4: (...asked) => rules.checkIpv4(...asked),
			checkPort: (port) => rules.checkPort(port),
			current: () => rules,
		};
		const stopped = ({ signal }: BatchReporting): Promise<never> =>
			new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
		const icmp = columnsProbe('icmp', async (batch) => {
			const { index, ipv4 } = batch;
			if (icmp.ipv4Batches.length > 1) return batch.report(upIpv4Block(batch));
			batch.left(3, 1);
			batch.report(upIpv4Block({ ...batch, index: index.subarray(0, 1), ipv4: ipv4.subarray(0, 1) }));
			await stopped(batch);
		});
		const tcp = recordingProbe('tcp', async (batch) => {
			if (tcp.batches.length > 1) batch.report(upBlock(batch.hosts));
			else await stopped(batch);
		});
		const http = recordingProbe('http', stopped);
		const waits: number[] = [];
		const hosts = ['192.0.2.1', '192.0.2.2', '198.51.100.1', '192.0.2.2', '192.0.2.9:22', '[fd00::1]:22'];
		const { done, outcome } = start(
			{ hosts: [...hosts, 'http://named.example/'] },
			{
				...{ policy, clock, probes: [icmp, tcp, http], sent: (waitMs) => waits.push(waitMs) },
				resolver: tableResolver({ 'named.example': { address: parseIp('198.51.100.9')! } }),
			},
		);
		const looks = (): { end: () => void }[] => sleeps.filter(({ ms }) => ms === 300);
		await expect.poll(() => http.batches.length).toBe(1);
		// Another policy that closes none of them stops nobody.
		rules = createTargetPolicy({ deny: [parseCidr('192.0.2.1')!] });
		looks()[0]!.end();
		await expect.poll(() => looks().length).toBe(2);
		expect(icmp.ipv4Batches[0]!.signal.aborted).toBe(false);
		rules = createTargetPolicy({ optOut: [parseCidr('192.0.2.0/24')!] });
		looks()[1]!.end();
		await expect.poll(() => [icmp.ipv4Batches.length, tcp.batches.length]).toEqual([2, 2]);
		rules = createTargetPolicy({ optOut: [parseCidr('0.0.0.0/0')!] });
		await expect.poll(() => looks().length).toBe(3);
		looks()[2]!.end();
		await done;
		expect(outcome.results.map(({ status, reason }) => reason ?? status)).toEqual([
			...['up', 'opt-out', 'up', 'opt-out', 'opt-out', 'up', 'opt-out'],
		]);
		expect(icmp.ipv4Batches.map(({ ipv4 }) => [...ipv4].map(formatIpv4))).toEqual([
			['192.0.2.1', '192.0.2.2', '198.51.100.1'],
			['198.51.100.1'],
		]);
		expect(tcp.batches.map((batch) => batch.hosts.map(({ index }) => index))).toEqual([[4, 5], [5]]);
		expect(http.batches).toHaveLength(1);
		expect(outcome.faults).toEqual([]);
		expect(waits).toEqual([1]);
	});

	it('stops everything at once when its caller goes, and reports nothing more', async () => {
		const gone = new AbortController();
		const stuck = recordingProbe('icmp', () => new Promise(() => undefined));
		const { done, outcome } = start({ hosts: ['192.0.2.1'] }, { probes: [stuck], signal: gone.signal });
		gone.abort('gone');
		await expect(done).rejects.toBe('gone');
		const batch = stuck.batches[0]!;
		expect(batch.signal.aborted).toBe(true);
		batch.report(upBlock(batch.hosts));
		expect(outcome.results).toEqual([]);
	});

	it('reports every position once, whatever comes (seeded)', async () => {
		const seed = Number(process.env.SEED ?? 20_261);
		const random = createRandom(seed);
		for (let round = 0; round < 30; round += 1) {
			const hosts = Array.from({ length: 1 + random.below(60) }, () => {
				const n = random.below(12);
				return [`192.0.2.${n}`, `n${n}.example`, `192.0.2.${n}:80`, `224.0.0.${n}`, `n${n}.example:80`][
					random.below(5)
				]!;
			});
			const probe = async ({ hosts: some, report }: ProbeBatch): Promise<void> => {
				for (const host of some) {
					if (random.below(4) === 0) await null;
					if (random.below(8) > 0) report(upBlock([host]));
					if (random.below(8) === 0) report(upBlock(some));
				}
				if (random.below(5) === 0) throw new Error('broken');
			};
			const ipv4Probe = async (batch: Ipv4Batch): Promise<void> => {
				for (let row = 0; row < batch.index.length; row += 1) {
					if (random.below(4) === 0) await null;
					const some = { ...batch, index: batch.index.subarray(row, row + random.below(3)) };
					batch.report(upIpv4Block(some));
				}
				if (random.below(5) === 0) throw new Error('broken');
			};
			const resolver = {
				async resolve() {
					if (random.below(3) === 0) await null;
					if (random.below(6) === 0) throw new Error('broken');
					if (random.below(6) === 0) return { reason: 'dns-failed' } as const;
					return { address: { family: 4, value: 0xc0000200 + random.below(9) } } as const;
				},
			};
			const { results } = await run(
				{ hosts },
				{
					probes: [
						round % 2 === 0 ? recordingProbe('icmp', probe) : columnsProbe('icmp', ipv4Probe),
						recordingProbe('tcp', probe),
					],
					resolver,
				},
			);
			expect(Object.keys(results), `seed ${seed}, round ${round}`).toHaveLength(hosts.length);
		}
	});
});
