/**
 * A real worker process in a namespace of its own, whose only DNS server answers with an allowed address first and
 * with a denied one ever after. The allowed addresses are in the far namespace, with listeners behind them; in the
 * near one, a listener on the same ports of every address there is counts who comes: nobody may.
 *
 * It runs twice: with the resolver that asks DNS itself, and with the system's (getaddrinfo), which a service in
 * nsswitch.conf that pingpool does not know brings about.
 */

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import type { Running } from '../process.ts';
import { bin, startProcess } from '../process.ts';
import { describeUnless, notLong } from '../requirements.ts';
import { token } from '../worker/app-fixture.ts';
import type { Listener } from '../worker/probes/listener.ts';
import { listenWith } from '../worker/probes/listener.ts';
import type { DnsStub, StubReply } from '../worker/resolve/dns-stub.ts';
import { startDnsStub } from '../worker/resolve/dns-stub.ts';
import type { Visit } from './far-listener.ts';

type Result = Readonly<Record<string, unknown>>;

const httpPort = 8_080;
const tlsPort = 8_081;
const allowed4 = '10.0.9.1';
const allowed6 = 'fd00:a::91';
const silent = '10.128.9.1';
const own = '10.200.0.1';
const listed = '10.0.9.66';

/** What a name leads to from its second answer on, and why it is denied then. */
const turns: Readonly<Record<string, readonly [address: string, reason: string]>> = {
	loopback: ['127.0.0.1', 'loopback'],
	'loopback-too': ['127.8.8.8', 'loopback'],
	own: [own, 'own-address'],
	metadata: ['169.254.169.254', 'link-local'],
	unspecified: ['0.0.0.0', 'unspecified'],
	broadcast: ['255.255.255.255', 'broadcast'],
	multicast: ['224.0.0.1', 'multicast'],
	multicast6: ['ff02::1', 'multicast'],
	listed: [listed, 'deny-list'],
	loopback6: ['::1', 'loopback'],
	unspecified6: ['::', 'unspecified'],
	linklocal6: ['fe80::1', 'link-local'],
	own6: ['fd00:ffff::1', 'own-address'],
	mapped: ['::ffff:127.0.0.1', 'loopback'],
	compatible: ['::7f00:1', 'reserved'],
	nat64: ['64:ff9b::7f00:1', 'loopback'],
	'nat64-of-ones-own': ['64:ff9b:1::7f00:1', 'loopback'],
	sixtofour: ['2002:7f00:1::1', 'loopback'],
	teredo: ['2001:0:7f00:1::', 'loopback'],
	isatap: ['fd00:a::5efe:7f00:1', 'loopback'],
};

/** Answers that do not change. */
const fixed: Readonly<Record<string, StubReply>> = {
	'both.example': { addresses: [allowed4, '::1'] },
	'both-reversed.example': { addresses: ['127.0.0.1', allowed6] },
	'allowed-first.example': { addresses: [allowed4, '127.0.0.1', own] },
	'denied-first.example': { addresses: ['127.0.0.1', allowed4] },
	'chain.example': { cnames: ['one.example', 'two.example'], addresses: [allowed4] },
	'chain-to-metadata.example': { cnames: ['one.example', 'two.example'], addresses: ['169.254.169.254'] },
	'chain-to-localhost.example': { cnames: ['localhost'], addresses: ['127.0.0.1'] },
	'silent.example': { addresses: [silent] },
};

describeUnless(labUnavailable(), '05: DNS rebinding', () => {
	let lab: Lab;
	let folder: string;
	let far: Running;
	let dns: DnsStub;
	let traps: Listener[];
	/** connections that the test made to see that the traps count */
	let tried: number;
	let asked: Map<string, number>;

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), 'pingpool-rebinding-'));
		lab = await createLab();
		const script = fileURLToPath(new URL('./far-listener.ts', import.meta.url));
		far = startProcess('ip', ['netns', 'exec', lab.far, process.execPath, script, String(httpPort)]);
		await far.says(/^listening$/m);
		// Addresses that only a worker's own namespace can lead to: nothing of this leaves it.
		for (const [family, block] of [
			['-4', '169.254.169.254/32'],
			['-4', `${listed}/32`],
			...['::7f00:1', '64:ff9b::7f00:1', '64:ff9b:1::7f00:1', '2002:7f00:1::1', '2001:0:7f00:1::'].map(
				(address) => ['-6', `${address}/128`] as const,
			),
			['-6', 'fd00:a::5efe:7f00:1/128'],
		] as const) {
			lab.exec('ip', family, 'route', 'add', 'local', block, 'dev', 'lo');
		}
		await lab.enter();
		traps = await Promise.all(
			[httpPort, tlsPort].map((port) => listenWith(createServer(), (socket) => socket.end(), '::', port)),
		);
		tried = await tryTraps(traps[0]!);
		asked = new Map();
		dns = await startDnsStub((name, type) => {
			const reply = fixed[name];
			if (reply !== undefined) return { ...reply, ttlSeconds: 0 };
			const turn = turns[name.replace(/\.rebind\.example$/, '')];
			if (turn === undefined) return { rcode: 3 };
			const key = `${type} ${name}`;
			const nth = (asked.get(key) ?? 0) + 1;
			asked.set(key, nth);
			return { addresses: nth === 1 ? [allowed4, allowed6] : [turn[0]], ttlSeconds: 0 };
		}, 53);
	});
	afterAll(async () => {
		await dns?.[Symbol.asyncDispose]();
		for (const trap of traps ?? []) await trap[Symbol.asyncDispose]();
		await far?.[Symbol.asyncDispose]();
		lab?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	describe('by the resolver that asks DNS', () => suite('files dns', `up ${allowed4}`));
	describeUnless(notLong(), "by the system's resolver", () => {
		// It sorts addresses by RFC 6724, where smaller scopes come first (rule 8).
		suite('files pingpoolunknown dns', 'loopback');
	});

	function suite(services: string, allowedFirst: string): void {
		let worker: Running;
		let url: string;
		beforeAll(async () => {
			asked.clear();
			const etc = mkdtempSync(join(folder, 'etc-'));
			for (const [name, text] of [
				['resolv.conf', 'nameserver 127.0.0.1\noptions attempts:1 timeout:30\n'],
				['nsswitch.conf', `hosts: ${services}\n`],
				['hosts', '127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n127.0.1.1 machine machine.lan\n'],
			] as const) {
				writeFileSync(join(etc, name), text);
			}
			const mounts = ['resolv.conf', 'nsswitch.conf', 'hosts'].map(
				(name) => `mount --bind ${join(etc, name)} /etc/${name}`,
			);
			mkdirSync(join(etc, 'home'));
			worker = startProcess(
				'unshare',
				[
					...['--mount', 'sh', '-e', '-c', `${mounts.join('\n')}\nexec "$@"`, 'sh'],
					...[
						process.execPath,
						bin,
						'worker',
						'--host',
						'127.0.0.1',
						'--port',
						'0',
						'--deny',
						`${listed}/32`,
					],
				],
				{ env: { PINGPOOL_TOKEN: token, HOME: join(etc, 'home') } },
			);
			url = (await worker.says(/http:\/\/\S+:\d+/))[0];
		});
		afterAll(() => worker?.[Symbol.asyncDispose]());

		async function ask(body: object): Promise<{ status: number; results: Result[] }> {
			const response = await fetch(`${url}/ping`, {
				method: 'POST',
				body: JSON.stringify({ timeoutMs: 60_000, ...body }),
				headers: { authorization: `Bearer ${token}` },
			});
			const { results = [] } = (await response.json()) as { results?: Result[] };
			return { status: response.status, results };
		}

		function visits(): Visit[] {
			return far
				.output()
				.split('\n')
				.filter((line) => line.startsWith('{'))
				.map((line) => JSON.parse(line) as Visit);
		}

		function nobodyCame(): void {
			expect(traps.map((trap) => trap.connections())).toEqual([tried, 0]);
		}

		/**
		 * Asks about names that have not been asked for. When this process, which is their server, is held up for seconds,
		 * a worker asks a second time, and gets the second answer: then all begins anew.
		 *
		 * @param names without their domain
		 */
		async function askFirst(
			names: readonly string[],
			body: object,
		): Promise<{ results: Result[]; visits: number }> {
			for (let round = 1; ; round += 1) {
				for (const name of names) {
					for (const type of ['A', 'AAAA']) asked.delete(`${type} ${name}.rebind.example`);
				}
				const visited = visits().length;
				const questions = dns.questions.length;
				const { results } = await ask(body);
				if (dns.questions.length - questions === 2 * names.length || round === 10) {
					// One lookup for all probes of a name.
					expect(dns.questions.length - questions).toBe(2 * names.length);
					return { results, visits: visited };
				}
			}
		}

		const asHosts = (name: string): string[] => [
			`tcp://${name}:${httpPort}`,
			`http://${name}:${httpPort}/path`,
			`https://${name}:${tlsPort}/`,
		];

		test('a name that leads elsewhere from its second answer on is denied from then on, and never followed', async () => {
			const names = Object.keys(turns).map((name) => `${name}.rebind.example`);
			const first = await askFirst(Object.keys(turns), { hosts: names.flatMap(asHosts) });
			const before = first.visits;
			for (const [i, result] of first.results.entries()) {
				// The certificate is for another name: an answer of the right host nevertheless.
				const outcome = i % 3 === 2 ? { status: 'down', reason: 'tls' } : { status: 'up' };
				expect(result).toMatchObject({ ...outcome, sent: 1 });
				expect([allowed4, allowed6]).toContain(result.address);
			}
			await expect.poll(() => visits().length - before).toBe(3 * names.length);
			for (const name of names) {
				expect(visits().some(({ serverName }) => serverName === name)).toBe(true);
				expect(visits().some(({ head }) => head?.includes(`\r\nHost: ${name}:${httpPort}\r\n`))).toBe(true);
			}
			for (let again = 0; again < 2; again += 1) {
				const { results } = await ask({ hosts: names.flatMap(asHosts) });
				for (const [i, [, reason]] of Object.values(turns).entries()) {
					for (const result of results.slice(3 * i, 3 * i + 3)) {
						expect(result).toMatchObject({ status: 'denied', sent: 0, received: 0 });
						// What is loopback in disguise is also an address of the worker's own.
						expect([reason, 'own-address'], String(result.host)).toContain(result.reason);
					}
				}
			}
			expect(visits().length - before).toBe(3 * names.length);
			nobodyCame();
		});

		test('every echo, connect and request of a series goes to the address that was checked', async () => {
			const some = ['loopback', 'own', 'mapped'];
			const names = some.map((name) => `${name}.rebind.example`);
			const hosts = [...names, ...names.flatMap((name) => asHosts(name).slice(0, 2))];
			const { results } = await askFirst(some, { hosts, count: 4, intervalMs: 30 });
			for (const result of results) {
				expect(result).toMatchObject({ status: 'up', sent: 4, received: 4 });
				expect([allowed4, allowed6]).toContain(result.address);
			}
			nobodyCame();
		});

		test('so does every further try of a host that does not answer', async () => {
			let questions = 0;
			for (let round = 0; round < 10 && questions !== 2; round += 1) {
				const before = dns.questions.length;
				const { results } = await ask({
					hosts: ['silent.example', `tcp://silent.example:${httpPort}`],
					attempts: 3,
					timeoutMs: 200,
				});
				for (const result of results) {
					expect(result).toMatchObject({ status: 'down', reason: 'timeout', sent: 3, address: silent });
				}
				questions = dns.questions.length - before;
			}
			// More only when this process, which answers them, was held up.
			expect(questions).toBe(2);
			nobodyCame();
		});

		test('of several addresses the one that the system would take is judged, and no other stands in for it', async () => {
			const hosts = Object.keys(fixed)
				.filter((name) => name !== 'silent.example')
				.flatMap((name) => asHosts(name).slice(0, 2));
			const { results } = await ask({ hosts });
			const outcome = (name: string) =>
				results
					.filter(({ host }) => String(host).includes(`//${name}:`))
					.map(({ status, reason, address }) => reason ?? `${status} ${address}`);
			// IPv6 comes first where there is a source for it: ::1 has one, and is denied.
			expect(outcome('both.example')).toEqual(['loopback', 'loopback']);
			expect(outcome('both-reversed.example')).toEqual([`up ${allowed6}`, `up ${allowed6}`]);
			expect(outcome('allowed-first.example')).toEqual([allowedFirst, allowedFirst]);
			expect(outcome('denied-first.example')).toEqual(['loopback', 'loopback']);
			expect(outcome('chain.example')).toEqual([`up ${allowed4}`, `up ${allowed4}`]);
			expect(outcome('chain-to-metadata.example')).toEqual(['link-local', 'link-local']);
			expect(outcome('chain-to-localhost.example')).toEqual(['loopback', 'loopback']);
			nobodyCame();
		});

		test('an echo goes to no denied address either', async () => {
			const names = ['unspecified', 'broadcast', 'multicast', 'listed', 'unspecified6', 'compatible'];
			// They have had their first answer.
			const { results } = await ask({ hosts: names.map((name) => `${name}.rebind.example`) });
			for (const result of results) expect(result).toMatchObject({ status: 'denied', sent: 0 });
		});

		test('names that stand for this machine are denied to connections', async () => {
			const names = ['localhost', 'LOCALHOST.', 'a.localhost', 'ip6-localhost', 'machine', 'machine.lan'];
			const { results } = await ask({ hosts: names.flatMap(asHosts) });
			for (const result of results) expect(result).toMatchObject({ status: 'denied', reason: 'loopback' });
			nobodyCame();
		});

		test.each(['0x7f.1', '127.1', '2130706433', '0177.0.0.1', '0', '127.0.0.1.', '0x7f000001', '１２７.1'])(
			'%s, which getaddrinfo would make an address of, is refused',
			async (name) => {
				const { status } = await ask({ hosts: [allowed4, `tcp://${name}:${httpPort}`] });
				expect(status).toBe(400);
				expect((await ask({ hosts: [name] })).status).toBe(400);
				nobodyCame();
			},
		);
	}
});

/** Connects to every denied address that there is a way to. @returns how many that are */
async function tryTraps(trap: Listener): Promise<number> {
	const reachable = Object.values(turns)
		.map(([address]) => address)
		.filter((address) => !/^(255\.|224\.|fe80|ff02)/.test(address));
	for (const host of reachable) {
		const socket = connect({ host, port: httpPort, autoSelectFamily: false });
		socket.resume().end();
		// The trap hangs up on whom it has counted.
		await once(socket, 'close');
	}
	expect(trap.connections()).toBe(reachable.length);
	return reachable.length;
}
