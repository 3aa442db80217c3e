/** What a prefix gets of a worker, and what a caller gets out of one, counted at the other end. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { StartedWorker } from '../e2e/command-line.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, responderUnavailable } from '../lab/lab.ts';
import type { Looks } from '../lab/looks.ts';
import { startLooks } from '../lab/looks.ts';
import { describeUnless, notLong, testUnless, withoutEcho } from '../requirements.ts';

/** What a probe may leave late by, and the other end notice it, on a machine that is busy with other things. */
const lateMs = 400;

/** A probe that came between two times. */
interface Arrival {
	readonly fromMs: number;
	readonly toMs: number;
	readonly prefix: string;
}

let space: Workspace;

/** Fails unless in any span of time no more came than a burst and what the rate allows. */
function expectWithin(arrivals: readonly Arrival[], ratePerSecond: number, burst: number): void {
	for (const [from, first] of arrivals.entries()) {
		for (let to = from; to < arrivals.length; to += 1) {
			const seconds = (arrivals[to]!.toMs - first.fromMs + lateMs) / 1000;
			const allowed = burst + seconds * ratePerSecond + 1;
			if (to - from + 1 > allowed) {
				expect.fail(`${to - from + 1} probes within ${seconds} s, of which ${lateMs} ms may be delay`);
			}
		}
	}
}

/** At the most. */
function spanMs(arrivals: readonly Arrival[]): number {
	return arrivals.at(-1)!.toMs - arrivals[0]!.fromMs;
}

function block(prefix: string, count: number): string[] {
	return Array.from({ length: count }, (_, i) => `${prefix}.${i + 1}`);
}

interface Answer {
	readonly results: { host: string; status: string; sent: number }[];
	readonly ms: number;
}

/** The results of a request to a worker, in the order in which they came. */
async function ask(url: string, body: object): Promise<Answer> {
	const startedMs = performance.now();
	const response = await fetch(`${url}/ping`, {
		method: 'POST',
		headers: { authorization: `Bearer ${token}`, accept: 'application/x-ndjson' },
		body: JSON.stringify(body),
	});
	const lines = (await response.text()).trim().split('\n');
	const ms = performance.now() - startedMs;
	expect(JSON.parse(lines.pop()!)).toMatchObject({ done: true });
	return { results: lines.map((line) => JSON.parse(line)), ms };
}

function statusesIn({ results }: Answer): string[] {
	return [...new Set(results.map(({ status }) => status))];
}

describeUnless(withoutEcho(), '10: rates', () => {
	const prefixRate = 100;
	const callerRate = 200;
	let server: Server;
	let port: number;
	const arrivals: Arrival[] = [];
	let looks: Looks;
	let ofPrefixes: StartedWorker;
	let ofCallers: StartedWorker;
	beforeAll(async () => {
		space = new Workspace();
		looks = startLooks();
		// Takes whatever comes to any address of 127/8, and answers HTTP.
		server = createServer((socket) => {
			const prefix = socket.localAddress!.split('.').slice(0, 3).join('.');
			arrivals.push({ fromMs: looks.sinceMs(), toMs: performance.now(), prefix });
			socket.on('error', () => undefined);
			socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
		});
		await once(server.listen(0, '0.0.0.0', 4_096), 'listening');
		port = (server.address() as AddressInfo).port;
		const settings = ['--rate', '0', '--allow', '127.0.0.0/8'];
		[ofPrefixes, ofCallers] = await Promise.all([
			space.worker([...settings, '--prefix-rate', String(prefixRate), '--prefix-rate-for', 'all']),
			space.worker([...settings, '--caller-rate', String(callerRate)]),
		]);
	});
	afterAll(async () => {
		looks?.[Symbol.dispose]();
		server?.close();
		for (const worker of [ofPrefixes, ofCallers]) await worker?.running[Symbol.asyncDispose]();
		space[Symbol.dispose]();
	});

	/** What came to prefixes that begin like this. */
	function arrivalsAt(prefix: string): Arrival[] {
		return arrivals.filter((arrival) => arrival.prefix.startsWith(prefix));
	}

	test.concurrent('connects and requests to one prefix keep its ceiling together, in all requests, and hold up no other', async () => {
		const { url } = ofPrefixes;
		const others = Array.from({ length: 100 }, (_, i) => `127.78.${i}.1:${port}`);
		const [mixed, urls, many] = await Promise.all([
			// More than a burst: in this request alone, some of the prefix have to wait.
			ask(url, { hosts: [...block('127.77.1', 180), ...others], probe: 'tcp', port }),
			// This process answers, beside all else that it does: no second try because it was late.
			ask(url, { hosts: block('127.77.1', 15).map((host) => `http://${host}:${port}/`), timeoutMs: 60_000 }),
			ask(url, { hosts: ['127.77.1.200'], probe: 'tcp', port, count: 5, intervalMs: 1 }),
		]);
		for (const answer of [mixed, urls, many]) expect(statusesIn(answer)).toEqual(['up']);
		await vi.waitFor(() => expect(arrivalsAt('127.77.1')).toHaveLength(180 + 15 + 5), 60_000);
		const ours = arrivalsAt('127.77.1');
		expectWithin(ours, prefixRate, prefixRate);
		expect(spanMs(ours)).toBeGreaterThan((1000 * (ours.length - prefixRate)) / prefixRate - lateMs);
		// The others did not wait until the one prefix had its turn.
		const rest = arrivalsAt('127.78.');
		expect(rest).toHaveLength(100);
		expect(arrivals.indexOf(rest.at(-1)!)).toBeLessThan(arrivals.indexOf(ours.at(-1)!));
	});

	test.concurrent('echo requests of every try and count are charged, in all requests, and nobody is down for waiting', async () => {
		const { url } = ofPrefixes;
		const slow = { timeoutMs: 300, count: 3, intervalMs: 10 };
		const startedMs = performance.now();
		const [first, second, other] = await Promise.all([
			ask(url, { hosts: block('127.79.1', 40), ...slow }),
			ask(url, { hosts: block('127.79.1', 30), ...slow }),
			ask(url, { hosts: block('127.79.2', 90), timeoutMs: 300 }),
		]);
		const elapsedMs = performance.now() - startedMs;
		for (const answer of [first, second, other]) expect(statusesIn(answer)).toEqual(['up']);
		const sent = [...first.results, ...second.results].reduce((sum, result) => sum + result.sent, 0);
		expect(sent).toBe(3 * 70);
		expect(elapsedMs).toBeGreaterThan((1000 * (sent - prefixRate)) / prefixRate);
		expect(other.ms).toBeLessThan(elapsedMs);
	});

	test.concurrent('a caller keeps its ceiling over all its requests, probes and tries', async () => {
		const { url } = ofCallers;
		const startedMs = performance.now();
		const answers = await Promise.all([
			ask(url, { hosts: block('127.80.1', 100), probe: 'tcp', port }),
			ask(url, { hosts: block('127.80.2', 70), count: 2, intervalMs: 1 }),
			ask(url, { hosts: block('127.80.3', 20) }),
		]);
		const elapsedMs = performance.now() - startedMs;
		for (const answer of answers) expect(statusesIn(answer)).toEqual(['up']);
		// A tenth of a second may leave ahead.
		expect(elapsedMs).toBeGreaterThan((1000 * (100 + 2 * 70 + 20)) / callerRate - 100);
		expectWithin(arrivalsAt('127.80.1'), callerRate, callerRate / 10);
		const headers = { authorization: `Bearer ${token}` };
		const said = await (await fetch(`${url}/capabilities`, { headers })).json();
		expect(said).toMatchObject({ ratePerSecondMax: callerRate });
	});

	test.concurrent('who is asked for in many forms is probed once', async () => {
		const forms = [
			...['127.81.1.1', '127.81.1.1', '::ffff:127.81.1.1', '::FFFF:7f51:101', '0:0:0:0:0:ffff:7f51:101'],
			...[`127.81.1.1:${port}`, `TCP://127.81.1.1:${port}`, `[::ffff:127.81.1.1]:${port}`],
		];
		const { results } = await ask(ofPrefixes.url, { hosts: forms, probe: 'tcp', port });
		expect(results).toHaveLength(forms.length);
		expect(results.every(({ status, sent }) => status === 'up' && sent === 1)).toBe(true);
		// Connections are taken in the order in which they came: when this one is here, all others are.
		await ask(ofPrefixes.url, { hosts: ['127.82.1.1'], probe: 'tcp', port });
		await vi.waitFor(() => expect(arrivalsAt('127.82.')).toHaveLength(1), 60_000);
		expect(arrivalsAt('127.81.')).toHaveLength(1);
	});
});

describeUnless(responderUnavailable() ?? notLong(), '10: rates of public prefixes', () => {
	const ratePerSecond = 256;
	let lab: Lab;
	let responder: ChildProcess;
	let lines: AsyncIterator<string>;
	beforeAll(async () => {
		lab = await createLab();
	});
	beforeEach(async () => {
		space = new Workspace();
		const script = fileURLToPath(new URL('../lab/arrivals.ts', import.meta.url));
		responder = spawn('ip', ['netns', 'exec', lab.far, process.execPath, script, 'pparrivals'], {
			stdio: ['pipe', 'pipe', 'inherit'],
		});
		lines = createInterface({ input: responder.stdout! })[Symbol.asyncIterator]();
		await lines.next();
		lab.execFar('ip', 'link', 'set', 'pparrivals', 'txqueuelen', '20000', 'up');
		for (const route of ['8.8.0.0/16', '9.9.9.0/24', '10.99.0.0/16']) {
			lab.execFar('ip', 'route', 'add', route, 'dev', 'pparrivals');
		}
		for (const route of ['2001:4860::/32', '64:ff9b::/96', '2002::/16', 'fd00:99::/32']) {
			lab.execFar('ip', '-6', 'route', 'add', route, 'dev', 'pparrivals');
		}
	});
	afterEach(() => {
		responder.kill('SIGKILL');
		space[Symbol.dispose]();
	});
	afterAll(() => lab?.close());

	/** Ends the responder. @returns what came to it, in order, with its prefix as hex */
	async function arrived(): Promise<Arrival[]> {
		responder.stdin!.end();
		const noted = JSON.parse((await lines.next()).value as string) as [number, number, string][];
		return noted.map(([fromMs, toMs, address]) => ({ fromMs, toMs, prefix: prefixOf(address) }));
	}

	/** As hex: an IPv4 address's /24, an IPv6 address's /48, or the /24 that NAT64 and 6to4 lead to. */
	function prefixOf(address: string): string {
		if (address.length === 8) return address.slice(0, 6);
		if (address.startsWith('0064ff9b')) return address.slice(24, 30);
		return address.startsWith('2002') ? address.slice(4, 10) : address.slice(0, 12);
	}

	test('by default each public /24 and /48 gets 256 probes a second, private ones all at once', async () => {
		space.write('hosts.txt', [
			...['8.8.4.0/25', '64:ff9b::808:480/121', '2002:808:401::1', '9.9.9.0/27'],
			...['2001:4860:4860::/122', '2001:4860:4860:1::/122', '10.99.1.0/24', 'fd00:99::/120'],
		]);
		const { code, stdout, stderr } = await space.master(
			['--rate', '0', '--count', '3', '--interval', '50', '--timeout', '20000', '--json'],
			{ lab },
		);
		expect(stderr).toContain('worker embedded');
		const hosts = 256 + 1 + 32 + 128 + 512;
		expect(JSON.parse(stdout)).toMatchObject({ hosts, up: hosts, down: 0, error: 0 });
		expect(code).toBe(0);
		const all = await arrived();
		const byPrefix = Map.groupBy(all, ({ prefix }) => prefix);
		const sizes = Object.fromEntries([...byPrefix].map(([prefix, { length }]) => [prefix, length]));
		expect(sizes).toEqual({
			'080804': 3 * 257,
			'090909': 3 * 32,
			'200148604860': 3 * 128,
			'0a6301': 3 * 256,
			fd0000990000: 3 * 256,
		});
		for (const prefix of ['080804', '090909', '200148604860']) {
			expectWithin(byPrefix.get(prefix)!, ratePerSecond, ratePerSecond);
		}
		const held = byPrefix.get('080804')!;
		expect(spanMs(held)).toBeGreaterThan((1000 * (3 * 257 - ratePerSecond)) / ratePerSecond - lateMs);
		// All that the others' intervals take is 100 ms, and none of them waited for the prefix that is held for seconds.
		for (const prefix of ['0a6301', 'fd0000990000', '090909']) {
			expect(all.indexOf(byPrefix.get(prefix)!.at(-1)!)).toBeLessThan(all.indexOf(held.at(-1)!));
		}
	});

	testUnless(
		notLong(),
		'a master waits for workers that hold probes back for many seconds, and asks no other one instead',
		async () => {
			// Dead, so nothing comes from them before their second try.
			lab.execFar('ip', 'route', 'add', 'blackhole', '8.9.0.0/16');
			const workers = await Promise.all(
				[8790, 8791].map(async (port) => {
					const running = space.start(
						['worker', '--host', '127.0.0.1', '--port', String(port), '--rate', '0', '--prefix-rate', '24'],
						{ lab, env: { PINGPOOL_TOKEN: token } },
					);
					await running.says(/http:\/\/127\.0\.0\.1:\d+/);
					return running;
				}),
			);
			await using _first = workers[0]!;
			await using _second = workers[1]!;
			space.write(
				'workers.txt',
				[8790, 8791].map((port) => `http://127.0.0.1:${port} token=${token}`),
			);
			space.write('hosts.txt', ['8.9.1.0/24', '8.9.2.0/24', '10.0.0.0/20']);
			const startedMs = performance.now();
			const { stdout, stderr } = await space.master(
				['--workers', 'workers.txt', '--chunk', '512', '--timeout', '300', '--json'],
				{ lab },
			);
			expect(stderr).not.toMatch(/silent|answered nothing|not finished/);
			expect(JSON.parse(stdout)).toMatchObject({ hosts: 512 + 4_096, up: 4_096, down: 512, error: 0 });
			// Of each prefix one worker has half the hosts at least: 256 probes, of which 24 leave at once.
			expect(performance.now() - startedMs).toBeGreaterThan(((256 - 24) / 24) * 1_000);
			// Every host was asked by one worker, twice.
			const [{ sent }] = space.rows<{ sent: number }>(
				"SELECT sum(sent) AS sent FROM results WHERE status = 'down'",
			) as [{ sent: number }];
			expect(sent).toBe(2 * 512);
		},
		120_000,
	);
});
