/**
 * Fault 30, from a request to a whole worker down to real connections: what a DNS server that fails, hangs, floods
 * or changes its mind makes of a host. tests/worker/resolve/ has the resolver alone.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock as clock } from '../../shared/clock.ts';
import { parseCidr } from '../../shared/ip.ts';
import { createTargetPolicy } from '../../shared/policy.ts';
import { createHttpProbe } from '../../worker/probes/http.node.ts';
import { createTcpProbe } from '../../worker/probes/tcp.node.ts';
import { createSystemResolver } from '../../worker/resolve/system-resolver.node.ts';
import { testApp } from '../worker/app-fixture.ts';
import type { Listener } from '../worker/probes/listener.ts';
import { listen } from '../worker/probes/listener.ts';
import { openTurnstile } from '../worker/probes/probe-fixture.ts';
import type { StubHandler } from '../worker/resolve/dns-stub.ts';
import { startDnsStub } from '../worker/resolve/dns-stub.ts';

let folder: string;
let allowed: Listener;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-dns-'));
	for (const [name, text] of [
		['hosts', ''],
		['resolv.conf', 'search .\n'],
		['nsswitch.conf', 'hosts: files dns\n'],
	] as const) {
		writeFileSync(join(folder, name), text);
	}
	const answer = (socket: { end(text: string): void }): void => socket.end('HTTP/1.1 204 No Content\r\n\r\n');
	allowed = await listen(answer);
});
afterAll(async () => {
	await allowed?.[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true, force: true });
});

/** For servers that never answer; those that do are waited for, however long this process has to. */
const shortMs = 3_000;
const longMs = 60_000;

/** What a worker that may probe 127.0.0.1 and nothing else of loopback makes of hosts, in their order. */
async function askWorker(server: string, requests: readonly (readonly string[])[], timeoutMs: number) {
	const turnstile = openTurnstile();
	const { ping } = testApp({
		probes: [createTcpProbe({ clock, turnstile }), createHttpProbe({ clock, turnstile })],
		policy: createTargetPolicy({ allow: [parseCidr('127.0.0.1/32')!] }),
		resolver: createSystemResolver({
			clock,
			timeoutMs,
			servers: [server],
			hostsPath: join(folder, 'hosts'),
			resolvConfPath: join(folder, 'resolv.conf'),
			nsswitchPath: join(folder, 'nsswitch.conf'),
			sources: () => ({ ipv4: true, globalIpv6: false, uniqueLocalIpv6: false, loopbackIpv6: false }),
		}),
	});
	const results: Record<string, unknown>[] = [];
	for (const hosts of requests) {
		const body = (await (await ping({ hosts, probe: 'tcp', timeoutMs: 20_000 })).json()) as {
			results: Record<string, unknown>[];
		};
		results.push(...body.results);
	}
	return results;
}

async function askedOf(handler: StubHandler, requests: readonly (readonly string[])[], timeoutMs = longMs) {
	await using stub = await startDnsStub(handler);
	const results = await askWorker(stub.server, requests, timeoutMs);
	return { results, questions: stub.questions };
}

test.each<[string, StubHandler, string, number]>([
	['a server that fails (SERVFAIL)', () => ({ rcode: 2 }), 'dns-failed', longMs],
	['a server that says nothing', () => undefined, 'dns-timeout', shortMs],
	[
		'a server that answers after half a minute',
		() => ({ addresses: ['127.0.0.1'], delayMs: 30_000 }),
		'dns-timeout',
		shortMs,
	],
	['a name that does not exist (NXDOMAIN)', () => ({ rcode: 3 }), 'dns-not-found', longMs],
	[
		'an answer with 10,000 records in its head and a fraction of them in its body',
		tenThousand,
		'dns-failed',
		longMs,
	],
])('%s: the name is unresolved, its host is not down', async (_, handler, reason, timeoutMs) => {
	const host = `asked.example:${allowed.port}`;
	const before = allowed.connections();
	const startedMs = performance.now();
	const { results } = await askedOf(handler, [[host, `127.0.0.1:${allowed.port}`]], timeoutMs);
	expect(results).toEqual([
		{ host, status: 'unresolved', reason, sent: 0, received: 0 },
		expect.objectContaining({ status: 'up' }),
	]);
	expect(performance.now() - startedMs).toBeLessThan(30_000);
	expect(allowed.connections()).toBe(before + 1);
});

/** The largest message that there can be, which says that it holds more. */
function tenThousand(name: string, type: 'A' | 'AAAA') {
	const labels = name.split('.').map((label) => String.fromCharCode(label.length) + label);
	const kind = type === 'A' ? '\x01' : '\x1c';
	const question = `${labels.join('')}\0\0${kind}\0\x01`;
	const record = '\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01';
	const head = '\x81\x80\0\x01\x27\x10\0\0\0\0';
	return { garbage: head + question + record.repeat(4_090) };
}

test('as many records as a message holds: the first address is probed, once', async () => {
	const addresses = ['127.0.0.1', ...Array.from({ length: 4_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)];
	const before = allowed.connections();
	const { results } = await askedOf(() => ({ addresses }), [[`many.example:${allowed.port}`]]);
	expect(results).toMatchObject([{ status: 'up', address: '127.0.0.1', sent: 1 }]);
	expect(allowed.connections()).toBe(before + 1);
});

test('an answer that changes after the check changes nothing: what was checked is what is probed', async () => {
	let answers = 0;
	const rebinding: StubHandler = (_, type) => {
		if (type === 'AAAA') return {};
		answers += 1;
		return { addresses: [answers === 1 ? '127.0.0.1' : '127.0.0.2'] };
	};
	// The same port on the address that the policy forbids: whoever looked the name up again would end there.
	const { port } = allowed;
	let trapped = 0;
	const trap = createServer(() => {
		trapped += 1;
	});
	await new Promise<void>((resolve) => trap.listen(port, '127.0.0.2', resolve));
	const before = allowed.connections();
	const { results, questions } = await askedOf(rebinding, [
		[`tcp://rebind.example:${port}`, `http://rebind.example:${port}/`],
		[`tcp://rebind.example:${port}`, `http://rebind.example:${port}/`],
	]);
	expect(results).toMatchObject([
		{ status: 'up', address: '127.0.0.1' },
		{ status: 'up', address: '127.0.0.1' },
		{ status: 'denied', reason: 'loopback', sent: 0 },
		{ status: 'denied', reason: 'loopback', sent: 0 },
	]);
	// Once for each request, for both of its hosts.
	expect(questions.filter((question) => question === 'A rebind.example')).toHaveLength(2);
	expect(allowed.connections()).toBe(before + 2);
	await new Promise((resolve) => trap.close(resolve));
	expect(trapped).toBe(0);
});
