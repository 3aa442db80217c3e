/** Requirement 8, from outside: what a real worker asks of real listeners, byte by byte, and what it tells of them. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { settings } from '../../worker/config.ts';
import { userAgentOf } from '../../worker/probes/http-exchange.ts';
import type { StartedWorker } from '../e2e/command-line.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Listener } from '../worker/probes/listener.ts';
import { listen, listenWith } from '../worker/probes/listener.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
const contact = 'abuse@example.org';
const marker = 'THIS-IS-THE-SERVERS-OWN';

describe('08: an HTTP probe', () => {
	let space: Workspace;
	let worker: StartedWorker;
	let proxy: Listener;

	beforeAll(async () => {
		space = new Workspace();
		proxy = await listen();
		const url = `http://127.0.0.1:${proxy.port}`;
		const env = {
			...Object.fromEntries(
				['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'].map((name) => [
					name,
					url,
				]),
			),
			NO_PROXY: '',
			no_proxy: '',
			NODE_USE_ENV_PROXY: '1',
			NODE_EXTRA_CA_CERTS: fixture('test-only-cert.pem'),
		};
		worker = await space.worker(['--allow', '127.0.0.0/8', '--icmp', 'off', '--contact', contact], { env });
	});
	afterAll(async () => {
		// No probe of any of these tests went there.
		expect(proxy.connections()).toBe(0);
		await proxy[Symbol.asyncDispose]();
		await worker.running[Symbol.asyncDispose]();
		space[Symbol.dispose]();
	});

	/** @returns the status of the answer, and its text */
	async function ping(
		hosts: readonly string[],
		more: object = {},
	): Promise<{ status: number; text: string }> {
		const response = await fetch(`${worker.url}/ping`, {
			method: 'POST',
			body: JSON.stringify({ hosts, attempts: 1, timeoutMs: 60_000, ...more }),
			headers: {
				authorization: `Bearer ${token}`,
				cookie: 'session=of-the-caller',
				'x-forwarded-for': '192.0.2.1',
				'x-secret': 'of-the-caller',
				'user-agent': 'the-caller',
				referer: 'http://caller.test/',
				'accept-language': 'xx',
			},
		});
		return { status: response.status, text: await response.text() };
	}

	function resultIn(text: string): Record<string, unknown> {
		return (JSON.parse(text) as { results: Record<string, unknown>[] }).results[0]!;
	}

	const answer =
		(head: string, body = '') =>
		(socket: Socket) => {
			socket.once('data', () => socket.end(`${head}\r\n\r\n${body}`));
		};

	it('asks with GET for the path as written, says who it is and whom to ask, and has nothing of the caller', async () => {
		await using listener = await listen(answer('HTTP/1.1 204 No Content'));
		const url = `http://127.0.0.1:${listener.port}/a%20b/%0d%0aX-Evil:%201?c=%00&d=%E2%80%AE`;
		expect(resultIn((await ping([url])).text)).toMatchObject({ status: 'up' });
		expect(listener.received).toEqual([
			`GET /a%20b/%0d%0aX-Evil:%201?c=%00&d=%E2%80%AE HTTP/1.1\r\nHost: 127.0.0.1:${listener.port}\r\n` +
				`User-Agent: pingpool/${packageJson.version} (host availability probe; contact ${contact})\r\n` +
				'Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n',
		]);
	});

	it.each(['\r\nX-Evil: 1', '\nX-Evil: 1', '\0', ' HTTP/1.1\r\n\r\nGET /', '\u2028', '\u202e'])(
		'of a path with %j in it is never sent',
		async (bytes) => {
			await using listener = await listen(answer('HTTP/1.1 200 OK'));
			const { status } = await ping([`http://127.0.0.1:${listener.port}/a${bytes}b`]);
			expect(status).toBe(400);
			expect(listener.connections()).toBe(0);
		},
	);

	it('sends every other character of a path so that it stays one line of ASCII', async () => {
		await using listener = await listen(answer('HTTP/1.1 200 OK'));
		const url = `http://127.0.0.1:${listener.port}/\u010d\u010a\ud83d\ude00"<>\\^\`{|}?\u560d\u560a'`;
		expect(resultIn((await ping([url])).text)).toMatchObject({ status: 'up' });
		const lines = listener.received[0]!.split('\r\n');
		expect(lines).toHaveLength(8);
		expect(lines[0]).toMatch(/^GET \/[\x21-\x7e]+ HTTP\/1\.1$/);
	});

	it('follows no redirect', async () => {
		await using other = await listen(answer('HTTP/1.1 200 OK'));
		for (const status of [301, 302, 303, 307, 308]) {
			const location = `Location: http://127.0.0.1:${other.port}/\r\nRefresh: 0;url=http://127.0.0.1:${other.port}/`;
			await using listener = await listen(answer(`HTTP/1.1 ${status} x\r\n${location}`));
			expect(resultIn((await ping([`http://127.0.0.1:${listener.port}/`])).text)).toMatchObject({
				status: 'up',
			});
			expect(listener.connections()).toBe(1);
		}
		expect(other.connections()).toBe(0);
	});

	it('tells nothing of the answer but what became of the host, and remembers no cookie', async () => {
		const head = `HTTP/1.1 200 ${marker}\r\nSet-Cookie: id=${marker}\r\nServer: ${marker}\r\nWWW-Authenticate: Basic realm=${marker}`;
		await using listener = await listen(answer(head, marker));
		const { text } = await ping([`http://127.0.0.1:${listener.port}/`], { count: 3, intervalMs: 0 });
		expect(text).not.toContain(marker);
		expect(Object.keys(resultIn(text)).sort()).toEqual(
			[
				'address',
				'host',
				'jitterMs',
				'lossPercent',
				'received',
				'rttAvgMs',
				'rttMaxMs',
				'rttMinMs',
				'rttMs',
				'sent',
				'status',
			].sort(),
		);
		expect(listener.received).toHaveLength(3);
		expect(listener.received.join('')).not.toMatch(/cookie|authorization|marker/i);
	});

	it('reads no more than a head, and of a head no more than 4 KiB', async () => {
		const piece = Buffer.alloc(16 * 1024, 'x');
		const taken: Promise<number>[] = [];
		/** Writes until the other side closes. */
		const flood = (start: string) => (socket: Socket) => {
			taken.push(
				new Promise((resolve) => {
					socket.once('close', () => resolve(socket.bytesWritten - socket.writableLength));
				}),
			);
			const more = (): void => {
				while (!socket.destroyed && socket.write(piece));
			};
			socket.on('drain', more);
			socket.once('data', () => {
				socket.write(start);
				more();
			});
		};
		for (const [start, expected] of [
			['HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n', { status: 'up' }],
			['HTTP/1.1 200 OK\r\nX-Filler: ', { status: 'up' }],
			['', { status: 'down', reason: 'http-invalid' }],
			[`HTTP/1.1 100 Continue\r\n${'X: y\r\n'.repeat(1_000)}`, { status: 'down', reason: 'http-invalid' }],
			['HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000), { status: 'down', reason: 'http-invalid' }],
		] as const) {
			await using listener = await listen(flood(start));
			expect(resultIn((await ping([`http://127.0.0.1:${listener.port}/`])).text)).toMatchObject(expected);
		}
		// The buffers of two sockets, and not what would have come.
		for (const bytes of await Promise.all(taken)) expect(bytes).toBeLessThan(8 * 1024 * 1024);
	});

	it('over TLS shows no certificate of its own, resumes no session and offers HTTP/1.1 alone', async () => {
		const server = createTlsServer({
			cert: readFileSync(fixture('test-only-cert.pem')),
			key: readFileSync(fixture('test-only-key.pem')),
			requestCert: true,
			rejectUnauthorized: false,
			ALPNProtocols: ['h2', 'http/1.1'],
		});
		const seen: unknown[] = [];
		server.on('secureConnection', (socket: TLSSocket) => {
			socket.on('error', () => undefined);
			seen.push([socket.getPeerCertificate(), socket.isSessionReused(), socket.alpnProtocol]);
			answer('HTTP/1.1 200 OK')(socket);
		});
		await using listener = await listenWith(server, () => undefined);
		const { text } = await ping([`https://127.0.0.1:${listener.port}/`], { count: 2, intervalMs: 50 });
		expect(resultIn(text)).toMatchObject({ status: 'up', received: 2 });
		expect(seen).toEqual([
			[{}, false, 'http/1.1'],
			[{}, false, 'http/1.1'],
		]);
	});
});

describe('08: whom to ask', () => {
	it.each(['a)b', 'a(b', 'a\r\nX: y', 'ü@example.org', 'x', 'a\\b', 'x'.repeat(201)])(
		'can not be %j',
		(text) => {
			expect(() => settings.contact.parse(text)).toThrow(
				/^expected an address or a URL of 3 to 200 characters/,
			);
		},
	);

	it('stands in the line, or nobody does', () => {
		expect(userAgentOf(settings.contact.parse(' https://a.test/abuse?b=c '))).toBe(
			`pingpool/${packageJson.version} (host availability probe; contact https://a.test/abuse?b=c)`,
		);
		expect(userAgentOf(undefined)).toMatch(
			/^pingpool\/[0-9.]+ \(host availability probe; see SECURITY\.md of pingpool\)$/,
		);
	});
});
