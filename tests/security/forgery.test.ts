/**
 * Forgery: a flood of forged echo replies and errors changes no result.
 *
 * The forger (tests/lab/forger.ts) can send from any address and owns one of the hosts that are asked, so it knows
 * the identifier and the numbers of the echoes under way; of the other echoes it sees none. The worker's app, its
 * engine and the kernel are the real ones; the packets are counted where they arrive.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EchoCounters, EchoEngine } from '../../worker/icmp/echo-engine.ts';
import { loadLibc } from '../../worker/icmp/libc.node.ts';
import { IPPROTO_ICMP, IPPROTO_ICMPV6, SO_RCVBUF, SOL_SOCKET } from '../../worker/icmp/linux.ts';
import { createIcmpProbe } from '../../worker/probes/icmp.node.ts';
import { forgeries } from '../lab/forged-packets.ts';
import type { ForgerOrder } from '../lab/forger.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import type { Running } from '../process.ts';
import { startProcess } from '../process.ts';
import { describeUnless, notLong, sizeOf } from '../requirements.ts';
import type { TestApp } from '../worker/app-fixture.ts';
import { testApp } from '../worker/app-fixture.ts';
import { gather, openEngine } from '../worker/icmp/engine-fixture.ts';

const forgerScript = fileURLToPath(new URL('../lab/forger.ts', import.meta.url));
const seed = Number(process.env.PINGPOOL_SEED ?? Date.now() % 1_000_000);

const SO_PROTOCOL = 38;

const own4 = '10.0.250.1';
const own6 = 'fd00:a::fa01';
const block = (prefix: string, count: number): string[] =>
	Array.from({ length: count }, (_, i) => `${prefix}${(i + 1).toString(prefix.includes(':') ? 16 : 10)}`);
const ipv4 = [...block('10.0.7.', 120), ...block('10.128.7.', 120), ...block('10.192.7.', 60)];
const ipv6 = [...block('fd00:a::', 60), ...block('fd00:d::', 60), ...block('fd00:b::', 30)];
const hosts = [own4, own6, ...ipv4, ...ipv6];

type Result = Readonly<Record<string, unknown>>;

/** ICMP messages that have come into this thread's namespace, those with wrong checksums included. */
function arrived(): number {
	const lines = readFileSync('/proc/thread-self/net/snmp', 'utf8').split('\n');
	const [names, values] = lines.filter((line) => line.startsWith('Icmp:')).map((line) => line.split(' '));
	const ipv6 = readFileSync('/proc/thread-self/net/snmp6', 'utf8');
	return Number(values![names!.indexOf('InMsgs')]) + Number(/^Icmp6InMsgs\s+(\d+)/m.exec(ipv6)![1]);
}

/** What a result says, its times apart, and whether it took a second try to be answered once. */
function meaning({ host, status, reason, sent, received }: Result): Result {
	return { host, status, reason, received, ...(received !== 1 && { sent }) };
}

describeUnless(labUnavailable(), 'forgery', () => {
	let lab: Lab;
	let engine: EchoEngine | undefined;
	beforeEach(async () => {
		lab = await createLab();
		await lab.enter();
	});
	afterEach(async () => {
		await engine?.close();
		engine = undefined;
		lab?.close();
	});

	function startForger(order: Omit<ForgerOrder, 'seed' | 'lanes'>): Running {
		const whole: ForgerOrder = {
			seed,
			lanes: [
				{ victim: '10.200.0.1', own: own4, hosts: ipv4 },
				{ victim: 'fd00:ffff::1', own: own6, hosts: ipv6 },
			],
			...order,
		};
		const args = ['netns', 'exec', lab.far, process.execPath, forgerScript, JSON.stringify(whole)];
		return startProcess('ip', args);
	}

	/** @param timeoutMs enough for a machine that is busy with the flood itself: what comes later is late, and the
	 * host is down */
	async function askAll(timeoutMs: number, ping: TestApp['ping']): Promise<Result[]> {
		const answers = await Promise.all([
			ping({ hosts, attempts: 2, timeoutMs }),
			// The forger has seen these, and sends each answer again while the next echo is under way.
			ping({ hosts: [own4, own6], count: 6, intervalMs: 40, timeoutMs }),
		]);
		const bodies = await Promise.all(
			answers.map((answer) => answer.json() as Promise<{ results: Result[] }>),
		);
		return bodies.flatMap(({ results }) => results.map(meaning));
	}

	/** Pings the list without a flood, and then again and again as long as the flood lasts. */
	async function flood(mode: 'datagram' | 'raw', packets: number, perSecond: number, bufferBytes?: number) {
		engine = await openEngine(mode);
		const { ping } = testApp({ probes: [createIcmpProbe(engine)] });
		const ask = (): Promise<Result[]> => askAll(packets > 50_000 ? 2_000 : 800, ping);
		await using forger = startForger({ packets, perSecond });
		await forger.says(/^listening$/m);
		const unflooded = await ask();
		await forger.says(/^learnt$/m);
		if (bufferBytes !== undefined) await shrinkBuffers(bufferBytes);
		// Somebody whom nobody knows of is waited for all the time: the engine reads, and counts what is dropped, between
		// the rounds as well.
		const enough = new AbortController();
		const { sent: sentBefore } = engine.counters();
		const waiting = gather(engine, ['10.128.8.1'], { timeoutMs: 600_000, signal: enough.signal });
		const waited = expect(waiting).rejects.toThrow('enough');
		await expect.poll(() => engine!.counters().sent).toBeGreaterThan(sentBefore);
		const before = { counters: engine.counters(), arrived: arrived() };
		let flooding = true;
		forger.child.kill('SIGUSR2');
		const ended = forger.exited.then(() => {
			flooding = false;
		});
		const rounds: Result[][] = [];
		while (flooding) rounds.push(await ask());
		await ended;
		enough.abort(new Error('enough'));
		await waited;
		const after = engine.counters();
		const counted = { ...after };
		for (const name of Object.keys(counted) as (keyof EchoCounters)[]) counted[name] -= before.counters[name];
		const sent = JSON.parse(/^\{.*\}$/m.exec(forger.output())![0]) as Record<string, number>;
		return { unflooded, rounds, counted, sent, arrived: arrived() - before.arrived };
	}

	/** So many packets of every kind came in, and every round says what was said without them. */
	async function changesNothing(mode: 'datagram' | 'raw', packets: number, perSecond: number): Promise<void> {
		const { unflooded, rounds, counted, sent, arrived } = await flood(mode, packets, perSecond);
		expect(tally(unflooded)).toEqual({ up: 184, 'down/timeout': 180, 'down/host-unreachable': 90 });
		expect(rounds.length).toBeGreaterThan(0);
		for (const round of rounds) expect(round, `seed ${seed}`).toEqual(unflooded);
		expect(Object.keys(sent).sort()).toEqual([...forgeries].sort());
		expect(Object.values(sent).reduce((sum, count) => sum + count)).toBe(packets);
		// The worker's own traffic comes on top.
		expect(arrived).toBeGreaterThanOrEqual(packets);
		// Of nine kinds, four at least reach the sockets. What the machine is too slow to read is dropped there; of what
		// is read, most is known for forged, and nothing for an answer.
		const { forged, duplicate, late, corrupted, truncated, dropped } = counted;
		const read = forged + duplicate + late + corrupted + truncated;
		expect(read + dropped).toBeGreaterThan(0.4 * packets);
		expect(read).toBeGreaterThan(packets / 20);
		expect(forged).toBeGreaterThan(0.6 * read);
		expect(counted.received).toBe((182 + 2 * 6) * rounds.length);
		expect(unflooded.slice(-2)).toMatchObject([{ received: 6 }, { received: 6 }]);
	}

	it('15,000 forged packets change no result', () => changesNothing('datagram', 15_000, 100_000));

	describeUnless(notLong(), 'for long', () => {
		it('a flood that drowns the answers makes no host that is up down', async () => {
			// What is left of the buffer holds a few packets: it overflows between two looks at it.
			const { unflooded, rounds, counted } = await flood('datagram', 100_000, 10_000_000, 4_096);
			expect(rounds.length).toBeGreaterThan(0);
			expect(counted.dropped).toBeGreaterThan(1_000);
			const drowned = { status: 'error', reason: 'no-buffers' };
			for (const [i, result] of rounds.flat().entries()) {
				const { host, status, reason } = unflooded[i % unflooded.length]!;
				if (result.status === 'error') expect(result, String(host)).toMatchObject(drowned);
				else if (status === 'up') expect(result).toMatchObject({ host, status });
				// Errors wait in the same buffer: that there is none to read is no proof that none came.
				else expect(['timeout', reason], String(host)).toContain(result.reason);
			}
		});

		const packets = sizeOf({ ci: 200_000, long: 1_000_000 });
		it.each([
			['datagram', 100_000],
			['raw', 100_000],
		] as const)(`%s sockets: ${packets} forged packets change no result`, (mode, perSecond) =>
			changesNothing(mode, packets, perSecond),
		);
	});
});

function tally(results: readonly Result[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const { status, reason } of results) {
		const key = reason === undefined ? `${status}` : `${status}/${reason}`;
		counts[key] = (counts[key] ?? 0) + 1;
	}
	return counts;
}

/** Leaves the sockets for echo requests of this process so little room. */
async function shrinkBuffers(bytes: number): Promise<void> {
	const libc = await loadLibc();
	const words = new Int32Array(new ArrayBuffer(128));
	const at = libc.addressOf(words.buffer);
	let shrunk = 0;
	for (const fd of readdirSync('/proc/self/fd').map(Number)) {
		words.set([0, 4]);
		const isIcmp =
			libc.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, at, at + 4) === 0 &&
			(words[0] === IPPROTO_ICMP || words[0] === IPPROTO_ICMPV6);
		if (!isIcmp) continue;
		words[0] = bytes;
		expect(libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, at, 4)).toBe(0);
		shrunk += 1;
	}
	expect(shrunk).toBe(2);
}
