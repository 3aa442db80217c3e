import { execFile } from 'node:child_process';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../../shared/clock.ts';
import { systemClock } from '../../../shared/clock.ts';
import { formatIp } from '../../../shared/ip.ts';
import type { SystemResolverOptions } from '../../../worker/resolve/system-resolver.node.ts';
import { createSystemResolver } from '../../../worker/resolve/system-resolver.node.ts';
import type { Resolver } from '../../../worker/resolver.ts';
import type { StubHandler } from './dns-stub.ts';
import { startDnsStub } from './dns-stub.ts';

let folder: string;
const signal = new AbortController().signal;
/** Where every question is answered, by this process, when it has its turn: none is asked twice for being late. */
const patientMs = 100_000;
/** Where a share of the time is waited for: one after the other, until no hold-up of this process has taken all of it. */
const timeoutsMs = [1_000, 5_000, 20_000] as const;
const ipv4Only = { ipv4: true, globalIpv6: false, uniqueLocalIpv6: false, loopbackIpv6: false };

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'pingpool-resolve-'));
	await writeFile(join(folder, 'nsswitch.conf'), 'hosts: files dns\n');
	await writeFile(join(folder, 'resolv.conf'), 'search corp.example\n');
	await writeFile(join(folder, 'plain.conf'), 'search .\n');
	await writeFile(join(folder, 'hosts'), '127.0.0.1 localhost\n10.1.1.1 Listed.Example\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function resolverFor(servers: readonly string[], more: Partial<SystemResolverOptions> = {}): Resolver {
	return createSystemResolver({
		clock: systemClock,
		timeoutMs: patientMs,
		servers,
		hostsPath: join(folder, 'hosts'),
		resolvConfPath: join(folder, 'plain.conf'),
		nsswitchPath: join(folder, 'nsswitch.conf'),
		sources: () => ipv4Only,
		...more,
	});
}

async function textOf(resolver: Resolver, name: string): Promise<string> {
	const resolution = await resolver.resolve(name, signal);
	return 'address' in resolution ? formatIp(resolution.address) : resolution.reason;
}

async function answerTo(name: string, handler: StubHandler, more?: Partial<SystemResolverOptions>) {
	await using stub = await startDnsStub(handler);
	return await textOf(resolverFor([stub.server], more), name);
}

/** The first address that is found with one of the timeouts, or what came of the longest. */
async function untilInTime(ask: (timeoutMs: number) => Promise<string>): Promise<string> {
	let found = '';
	for (const timeoutMs of timeoutsMs) {
		found = await ask(timeoutMs);
		if (!found.startsWith('dns-')) break;
	}
	return found;
}

/** A clock whose monotonic time also moves by hand. */
function movableClock(): Clock & { move(ms: number): void } {
	let extraMs = 0;
	return {
		...systemClock,
		monotonicMs: () => systemClock.monotonicMs() + extraMs,
		move: (ms) => {
			extraMs += ms;
		},
	};
}

describe('what DNS says', () => {
	test.each<[string, string, StubHandler]>([
		['an address', '10.9.8.7', () => ({ addresses: ['10.9.8.7'] })],
		[
			'a chain of aliases',
			'10.9.8.7',
			() => ({ cnames: ['b.example', 'c.example'], addresses: ['10.9.8.7'] }),
		],
		['no such name', 'dns-not-found', () => ({ rcode: 3 })],
		['a name without an address', 'dns-not-found', () => ({})],
		['a server that fails', 'dns-failed', () => ({ rcode: 2 })],
		['a server that refuses', 'dns-failed', () => ({ rcode: 5 })],
		['an answer that is no message', 'dns-failed', () => ({ garbage: '\0\0nonsense' })],
		['an address of IPv6 only', 'fd00::7', () => ({ addresses: ['fd00::7'] })],
		[
			'one family that fails',
			'10.9.8.7',
			(_, type) => (type === 'A' ? { addresses: ['10.9.8.7'] } : { rcode: 2 }),
		],
	])('%s: %s', async (_, expected, handler) => {
		expect(await answerTo('asked.example', handler)).toBe(expected);
	});

	test('silence is a timeout, after the resolver’s own', async () => {
		expect(await answerTo('asked.example', () => undefined, { timeoutMs: 300 })).toBe('dns-timeout');
	});

	test('one silent family keeps the other only for a while', async () => {
		const handler: StubHandler = (_, type) => (type === 'A' ? { addresses: ['10.9.8.7'] } : undefined);
		const ask = (timeoutMs: number): Promise<string> => answerTo('asked.example', handler, { timeoutMs });
		expect(await untilInTime(ask)).toBe('10.9.8.7');
	});

	test('an answer that comes late, but in time, counts, also when the server was fast before', async () => {
		await using stub = await startDnsStub((name) => ({
			addresses: ['10.9.8.7'],
			...(name.startsWith('slow') ? { delayMs: 1_400 } : {}),
		}));
		const resolver = resolverFor([stub.server]);
		for (let i = 0; i < 20; i += 1) expect(await textOf(resolver, `fast${i}.example`)).toBe('10.9.8.7');
		expect(await textOf(resolver, 'slow.example')).toBe('10.9.8.7');
	});

	test('2,000 records come over TCP, and the first one is taken', async () => {
		const addresses = Array.from({ length: 2_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
		await using stub = await startDnsStub(() => ({ addresses }));
		expect(await textOf(resolverFor([stub.server]), 'many.example')).toMatch(/^10\.0\./);
		expect(stub.overTcp()).toBeGreaterThan(0);
	});

	test('a packet that was lost is sent again', async () => {
		const ask = (timeoutMs: number): Promise<string> => {
			let asked = 0;
			const handler: StubHandler = () => {
				asked += 1;
				return asked <= 2 ? undefined : { addresses: ['10.9.8.7'] };
			};
			return answerTo('asked.example', handler, { timeoutMs });
		};
		expect(await untilInTime(ask)).toBe('10.9.8.7');
	});

	test('the next server is asked when one is silent, fails or is not there', async () => {
		await using silent = await startDnsStub(() => undefined);
		await using failing = await startDnsStub(() => ({ rcode: 2 }));
		await using good = await startDnsStub(() => ({ addresses: ['10.9.8.7'] }));
		for (const first of [silent.server, failing.server, '127.0.0.1:1']) {
			const ask = (timeoutMs: number): Promise<string> =>
				textOf(resolverFor([first, good.server], { timeoutMs }), 'asked.example');
			expect(await untilInTime(ask)).toBe('10.9.8.7');
		}
	});

	test('no server that is there: dns-failed', async () => {
		expect(await textOf(resolverFor(['127.0.0.1:1']), 'asked.example')).toBe('dns-failed');
	});

	test('IPv6 first where this machine has a source for it', async () => {
		const handler: StubHandler = () => ({ addresses: ['10.9.8.7', '2001:db8::7'] });
		const withIpv6 = { ...ipv4Only, globalIpv6: true };
		expect(await answerTo('both.example', handler)).toBe('10.9.8.7');
		expect(await answerTo('both.example', handler, { sources: () => withIpv6 })).toBe('2001:db8::7');
	});
});

describe('what the system’s files say', () => {
	test('the hosts file comes first, in any case of letters', async () => {
		await using stub = await startDnsStub(() => ({ addresses: ['10.9.8.7'] }));
		const resolver = resolverFor([stub.server]);
		expect(await textOf(resolver, 'listed.example')).toBe('10.1.1.1');
		expect(stub.questions).toEqual([]);
	});

	test('localhost is loopback, whatever DNS or the hosts file say', async () => {
		const hostsPath = join(folder, 'hosts-lying');
		await writeFile(hostsPath, '10.6.6.6 localhost www.localhost\n');
		await using stub = await startDnsStub(() => ({ addresses: ['10.9.8.7'] }));
		const resolver = resolverFor([stub.server], { hostsPath });
		expect(await textOf(resolver, 'localhost')).toBe('127.0.0.1');
		expect(await textOf(resolver, 'www.localhost')).toBe('127.0.0.1');
		expect(await textOf(resolver, 'other.localhost')).toBe('127.0.0.1');
	});

	test('a changed hosts file is read again, and a gone one forgotten', async () => {
		const hostsPath = join(folder, 'hosts-changing');
		const clock = movableClock();
		await using stub = await startDnsStub(() => ({ rcode: 3 }));
		const resolver = resolverFor([stub.server], { hostsPath, clock });
		expect(await textOf(resolver, 'changing.example')).toBe('dns-not-found');
		await writeFile(hostsPath, '10.1.1.1 changing.example\n');
		clock.move(1_000);
		expect(await textOf(resolver, 'changing.example')).toBe('10.1.1.1');
		await writeFile(hostsPath, '10.1.1.2 changing.example\n');
		// Of the same size, and within what a coarse file system tells apart.
		await utimes(hostsPath, 1, 1);
		clock.move(1_000);
		expect(await textOf(resolver, 'changing.example')).toBe('10.1.1.2');
		await rm(hostsPath);
		clock.move(1_000);
		expect(await textOf(resolver, 'changing.example')).toBe('dns-not-found');
	});

	test('a changed resolv.conf is read again', async () => {
		const resolvConfPath = join(folder, 'resolv-changing.conf');
		const clock = movableClock();
		await using one = await startDnsStub(() => ({ addresses: ['10.0.0.1'] }));
		await using two = await startDnsStub(() => ({ addresses: ['10.0.0.2'] }));
		await writeFile(resolvConfPath, `nameserver ${one.server}\n`);
		const resolver = createSystemResolver({
			clock,
			timeoutMs: patientMs,
			resolvConfPath,
			hostsPath: join(folder, 'hosts'),
			nsswitchPath: join(folder, 'nsswitch.conf'),
			sources: () => ipv4Only,
		});
		expect(await textOf(resolver, 'asked.example')).toBe('10.0.0.1');
		await writeFile(resolvConfPath, `nameserver ${two.server}\n# changed\n`);
		clock.move(1_000);
		expect(await textOf(resolver, 'asked.example')).toBe('10.0.0.2');
	});

	test('a short name is tried with the search list, a long one as it is first', async () => {
		const resolvConfPath = join(folder, 'resolv.conf');
		await using stub = await startDnsStub((name) =>
			name === 'short.corp.example' || name === 'long.name.corp.example'
				? { addresses: ['10.9.8.7'] }
				: { rcode: 3 },
		);
		const resolver = resolverFor([stub.server], { resolvConfPath });
		expect(await textOf(resolver, 'short')).toBe('10.9.8.7');
		expect(stub.questions.filter((question) => question.startsWith('A '))).toEqual(['A short.corp.example']);
		expect(await textOf(resolver, 'long.name')).toBe('10.9.8.7');
		expect(stub.questions.filter((question) => question.startsWith('A ')).slice(1)).toEqual([
			'A long.name',
			'A long.name.corp.example',
		]);
		expect(await textOf(resolver, 'missing')).toBe('dns-not-found');
	});

	test('a name that only the system can look up goes to the system', async () => {
		const nsswitchPath = join(folder, 'nsswitch-special.conf');
		await writeFile(nsswitchPath, 'hosts: files ldap dns\n');
		await using stub = await startDnsStub(() => ({ addresses: ['10.9.8.7'] }));
		// "ip6-localhost"-like names differ by machine; an address as a name is known to every getaddrinfo.
		expect(await textOf(resolverFor([stub.server], { nsswitchPath }), '127.0.0.9')).toBe('127.0.0.9');
		expect(stub.questions).toEqual([]);
	});
});

describe('many at a time', () => {
	test('500 silent names do not keep 100 good ones waiting', async () => {
		await using stub = await startDnsStub((name) =>
			name.startsWith('silent') ? undefined : { addresses: ['10.9.8.7'] },
		);
		// Nobody is given up meanwhile, however slow the machine is.
		const resolver = resolverFor([stub.server]);
		const leaving = new AbortController();
		let ended = 0;
		const silent = Array.from({ length: 500 }, (_, i) =>
			resolver.resolve(`silent${i}.example`, leaving.signal).finally(() => {
				ended += 1;
			}),
		);
		const good = Array.from({ length: 100 }, (_, i) => textOf(resolver, `good${i}.example`));
		expect(await Promise.all(good)).toEqual(Array(100).fill('10.9.8.7'));
		expect(ended).toBe(0);
		leaving.abort(new Error('enough'));
		const reasons = await Promise.allSettled(silent);
		expect(reasons.every((one) => one.status === 'rejected')).toBe(true);
	});

	test('a request with more silent names than places does not keep another request waiting for all of them', async () => {
		await using stub = await startDnsStub((name) =>
			name.startsWith('silent') ? undefined : { addresses: ['10.9.8.7'] },
		);
		const resolver = resolverFor([stub.server], { timeoutMs: 400 });
		const other = new AbortController();
		let silent = 0;
		const greedy = Array.from({ length: 1_200 }, async (_, i) => {
			await resolver.resolve(`silent${i}.example`, signal);
			silent += 1;
		});
		const modest = resolver.resolve('good.example', other.signal).then(() => silent);
		expect(await modest).toBeLessThan(1_024);
		await Promise.all(greedy);
	});

	test('lookups of one name at a time are one, and one that leaves takes nobody with it', async () => {
		await using stub = await startDnsStub(() => ({ addresses: ['10.9.8.7'], delayMs: 100 }));
		const resolver = resolverFor([stub.server]);
		const leaving = new AbortController();
		const left = resolver.resolve('shared.example', leaving.signal);
		const stays = Array.from({ length: 50 }, () => textOf(resolver, 'shared.example'));
		leaving.abort(new Error('gone'));
		await expect(left).rejects.toThrow('gone');
		expect(new Set(await Promise.all(stays))).toEqual(new Set(['10.9.8.7']));
		expect(stub.questions.sort()).toEqual(['A shared.example', 'AAAA shared.example']);
	});

	test('thousands that leave at once leave nothing behind', async () => {
		await using stub = await startDnsStub(() => undefined);
		const resolver = resolverFor([stub.server]);
		const leaving = new AbortController();
		const lookups = Array.from({ length: 3_000 }, (_, i) =>
			resolver.resolve(`n${i}.example`, leaving.signal),
		);
		await new Promise(setImmediate);
		leaving.abort(new Error('gone'));
		const settled = await Promise.allSettled(lookups);
		expect(settled.every((one) => one.status === 'rejected' && one.reason.message === 'gone')).toBe(true);
		// Places were given back: a lookup that follows has its turn, and its own end.
		const next = new AbortController();
		const following = resolver.resolve('next.example', next.signal);
		await expect.poll(() => stub.questions.includes('A next.example')).toBe(true);
		next.abort(new Error('enough'));
		await expect(following).rejects.toThrow('enough');
	});

	test('too few descriptors make it slower, and no name unresolved', async () => {
		await using stub = await startDnsStub(() => ({ addresses: ['10.9.8.7'], delayMs: 20 }));
		const script = new URL('./resolve-child.ts', import.meta.url).pathname;
		const args = ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, script, stub.server];
		args.push(join(folder, 'nsswitch.conf'), '400');
		const { stdout } = await promisify(execFile)('/bin/sh', args);
		expect(JSON.parse(stdout)).toEqual({ address: 400 });
	});

	test('with no descriptor left, what needs no asking is known all the same', async () => {
		const script = new URL('./shortage-child.ts', import.meta.url).pathname;
		const args = ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, script];
		const { stdout } = await promisify(execFile)('/bin/sh', args);
		expect(stdout).toMatch(/^(127\.0\.0\.1|::1)\n$/);
	});

	test('a signal that is aborted already asks nothing', async () => {
		await using stub = await startDnsStub(() => ({ addresses: ['10.9.8.7'] }));
		const resolver = resolverFor([stub.server]);
		await expect(resolver.resolve('x.example', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
		expect(stub.questions).toEqual([]);
	});
});
