/**
 * Requirement 6: an address is its 16 bytes, however it is written and wherever it comes from. A worker of its own
 * denials, with real connections: each text and each answer of DNS that could lead to the listener on loopback.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock as clock } from '../../shared/clock.ts';
import { createTargetPolicy } from '../../shared/policy.ts';
import { createHttpProbe } from '../../worker/probes/http.node.ts';
import { createTcpProbe } from '../../worker/probes/tcp.node.ts';
import { createSystemResolver } from '../../worker/resolve/system-resolver.node.ts';
import { ipv6FormsOf } from '../shared/ipv6-forms.ts';
import type { TestApp } from '../worker/app-fixture.ts';
import { testApp } from '../worker/app-fixture.ts';
import type { Listener } from '../worker/probes/listener.ts';
import { listen } from '../worker/probes/listener.ts';
import { openTurnstile } from '../worker/probes/probe-fixture.ts';
import type { DnsStub, StubReply } from '../worker/resolve/dns-stub.ts';
import { startDnsStub } from '../worker/resolve/dns-stub.ts';

let folder: string;
let target: Listener;
let stub: DnsStub;
let app: TestApp;
/** what the DNS server answers for a name */
const names = new Map<string, StubReply>();

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-forms-'));
	// Of both families: what reaches loopback in any way is seen.
	target = await listen((socket) => socket.end(), '::');
	stub = await startDnsStub((name) => names.get(name) ?? { rcode: 3 });
	writeFileSync(join(folder, 'resolv.conf'), 'search .\n');
	writeFileSync(join(folder, 'nsswitch.conf'), 'hosts: files dns\n');
	writeFileSync(
		join(folder, 'hosts'),
		[
			...[
				'127.0.0.1 localhost intranet 10.example',
				'::1 ip6-localhost ip6-loopback',
				'::ffff:127.0.0.1 mapped',
			],
			...['0.0.0.0 blocked', ':: nowhere', '127.1 short', '0x7f000001 hexadecimal', '224.0.0.1 everybody'],
		].join('\n'),
	);
	const turnstile = openTurnstile();
	app = testApp({
		probes: [createTcpProbe({ clock, turnstile }), createHttpProbe({ clock, turnstile })],
		policy: createTargetPolicy(),
		resolver: createSystemResolver({
			clock,
			timeoutMs: 100_000,
			servers: [stub.server],
			hostsPath: join(folder, 'hosts'),
			resolvConfPath: join(folder, 'resolv.conf'),
			nsswitchPath: join(folder, 'nsswitch.conf'),
			sources: () => ({ ipv4: true, globalIpv6: true, uniqueLocalIpv6: true, loopbackIpv6: true }),
		}),
	});
});
afterAll(async () => {
	await stub?.[Symbol.asyncDispose]();
	await target?.[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true, force: true });
});

/** @returns why a text is refused as a whole, or what became of its host: `denied loopback` */
async function fateOf(host: string): Promise<string> {
	const response = await app.ping({
		hosts: [host],
		probe: 'tcp',
		port: target.port,
		timeoutMs: 60_000,
		attempts: 1,
	});
	const body = (await response.json()) as {
		error?: { code: string };
		results?: { status: string; reason?: string; sent: number }[];
	};
	expect(target.connections(), host).toBe(0);
	if (body.error !== undefined) return body.error.code;
	const { status, reason, sent } = body.results![0]!;
	expect(sent, host).toBe(0);
	return `${status} ${reason}`;
}

describe('06: a numeric form that is no strict address', () => {
	it.each([
		...['127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '017700000001', '0', '1'],
		...[
			'00',
			'0.0',
			'0x0',
			'127.0.0.01',
			'127.0.0.1.',
			'127.0.0.1..',
			'127.0.0.0x1',
			'127.0.0.256',
			'4294967297',
		],
		...['127.0.0.1%lo', '[127.0.0.1]', '127.0.0.1%00', '127.0.0.1%2f', '%31%32%37.0.0.1', '127。0。0。1'],
		...['１２７.０.０.１', '127．0．0．1', '①②⑦.0.0.1', '127.0.0.①', '1²7.0.0.1', '٠', '127.0.0.1\u00ad'],
		...[
			'loc\u00adalhost',
			'localhost\u200b',
			'local\u2060host',
			'\u202elocalhost',
			'localhost/',
			'localhost#',
			'@localhost',
		],
		...[
			'user@127.0.0.1',
			'127.0.0.1\\@example.com',
			'::1%lo',
			'[::1',
			'::1]',
			'[::1%25lo]',
			'::ffff:127.1',
			'::ffff:0x7f.0.0.1',
		],
		...[
			'0:0:0:0:0:ffff:127.0.0.1:0',
			'::127.0.0.1.',
			'[::ffff:127.0.0.1]x',
			'http://127.1/',
			'http://2130706433/',
		],
		...[
			'http://0x7f000001/',
			'http://[::1%25lo]/',
			'http://example.com@127.0.0.1/',
			'http://127.0.0.1\\@example.com/',
		],
		...[
			'http:///127.0.0.1/',
			'http:127.0.0.1',
			'tcp://127.1:80',
			'tcp://①②⑦.0.0.1:80',
			'http://１２７.1/',
			'file:///etc',
		],
	])('is refused: %j', async (host) => {
		expect(await fateOf(host)).toBe('bad-request');
	});
});

describe('06: a form of an address', () => {
	it.each([
		...[
			'127.0.0.1',
			'127.255.255.254',
			'::1',
			'0:0:0:0:0:0:0:1',
			'[::1]',
			'::0001',
			'0::1',
			'::ffff:127.0.0.1',
		],
		...[
			'::FFFF:7F00:1',
			'[::ffff:127.0.0.1]',
			'0000:0000:0000:0000:0000:ffff:7f00:0001',
			'http://[::ffff:7f00:1]/',
		],
		...[
			'LOCALHOST',
			'localhost.',
			'LocalHost.',
			'a.localhost',
			'a.b.localhost.',
			'ｌｏｃａｌｈｏｓｔ',
			'ⅼocalhost',
			'ℓocalhost',
		],
		...['http://localhost/', 'http://127.0.0.1/', 'tcp://localhost:80'],
		// The hosts file's.
		...['intranet', 'INTRANET.', '10.example', 'ip6-localhost', 'ip6-loopback', 'mapped'],
	])('is known for what it is: %j', async (host) => {
		expect(await fateOf(host)).toBe('denied loopback');
	});

	it.each([
		['0.0.0.0', 'unspecified'],
		['::', 'unspecified'],
		['[::]', 'unspecified'],
		['::ffff:0.0.0.0', 'unspecified'],
		['0.0.0.1', 'reserved'],
		['::0.0.0.1', 'loopback'],
		['::127.0.0.1', 'reserved'],
		['blocked', 'unspecified'],
		['nowhere', 'unspecified'],
		['everybody', 'multicast'],
	])('is known for what it is: %j, %s', async (host, reason) => {
		expect(await fateOf(host)).toBe(`denied ${reason}`);
	});

	it.each(ipv6FormsOf('127.0.0.1'))('leads to loopback by no detour: $form', async ({ text, isOpen }) => {
		expect(await fateOf(text)).toBe(isOpen ? 'denied loopback' : 'denied reserved');
	});

	it('stands in a hosts file only as an address', async () => {
		expect(await fateOf('short')).toBe('unresolved dns-not-found');
		expect(await fateOf('hexadecimal')).toBe('unresolved dns-not-found');
	});

	it('of digits that IDNA keeps is a name', async () => {
		expect(await fateOf('१२७.०.०.१')).toBe('unresolved dns-not-found');
		expect(stub.questions).toContain('A xn--e4bcp.xn--d4b.xn--d4b.xn--e4b');
	});
});

describe('06: an answer of DNS', () => {
	it.each(ipv6FormsOf('127.0.0.1'))('is held to what it leads to: $form', async ({ form, text, isOpen }) => {
		const name = `${form.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}.example`;
		names.set(name, { addresses: [text] });
		expect(await fateOf(name)).toBe(isOpen ? 'denied loopback' : 'denied reserved');
	});

	it.each<[string, string[], string]>([
		['loopback', ['127.0.0.1'], 'denied loopback'],
		['loopback of both families', ['127.0.0.1', '::1'], 'denied loopback'],
		['loopback first', ['127.0.0.1', '192.0.2.1'], 'denied loopback'],
		['loopback of the family that comes first', ['192.0.2.1', '::1'], 'denied loopback'],
		['no address at all', ['0.0.0.0'], 'denied unspecified'],
		['metadata of a cloud', ['169.254.169.254'], 'denied link-local'],
		['link-local', ['fe80::1'], 'denied link-local'],
	])('is checked, not the name: %s', async (what, addresses, fate) => {
		const name = `${what.replaceAll(' ', '-')}.example`;
		names.set(name, { addresses });
		expect(await fateOf(name)).toBe(fate);
	});

	it('is checked behind aliases', async () => {
		names.set('alias.example', { cnames: ['localhost'], addresses: ['127.0.0.1'] });
		expect(await fateOf('alias.example')).toBe('denied loopback');
	});
});
