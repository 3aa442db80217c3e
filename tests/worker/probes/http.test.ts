import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { HostResult } from '../../../shared/results.ts';
import { createHttpProbe } from '../../../worker/probes/http.node.ts';
import { statusOf, userAgentOf } from '../../../worker/probes/http-exchange.ts';
import { closedPort } from '../../servers.ts';
import { listen, listenWith } from './listener.ts';
import { clock, openTurnstile, probeAll, probeOne } from './probe-fixture.ts';

const fixture = (name: string) =>
	readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const cert = fixture('test-only-cert.pem');
const key = fixture('test-only-key.pem');

const turnstile = openTurnstile();
const probe = createHttpProbe({ clock, turnstile });
const trusting = createHttpProbe({ clock, turnstile, ca: cert });

/** For a server in this process, which answers when it has its turn. */
const patient = { timeoutMs: 60_000 };

/** Answers every request with the same text. */
const answering = (text: string) => (socket: Socket) => {
	socket.on('data', () => socket.write(text, 'latin1'));
};

async function resultOf(text: string) {
	await using listener = await listen(answering(text));
	return await probeOne(probe, `http://127.0.0.1:${listener.port}/`, { ...patient, attempts: 1 });
}

describe('what a server answers', () => {
	test.each([
		['200', 'HTTP/1.1 200 OK\r\n\r\n'],
		['a status without words', 'HTTP/1.1 204\r\n\r\n'],
		['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n'],
		['404', 'HTTP/1.1 404 Not Found\r\n\r\n'],
		['401', 'HTTP/1.1 401 Unauthorized\r\n\r\n'],
		['499', 'HTTP/1.1 499 x\r\n\r\n'],
		[
			'200 after interim answers',
			'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n',
		],
		['a head of 100 KiB', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100 * 1024)}\r\n\r\n`],
		['a body that never ends', `HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(1024 * 1024)}`],
	])('%s is up', async (_, text) => {
		const result = await resultOf(text);
		expect(result).toMatchObject({ status: 'up', sent: 1, received: 1 });
		expect(result.rttMs).toBeGreaterThan(0);
	});

	test.each([
		['500', 'http-5xx', 'HTTP/1.1 500 Internal Server Error\r\n\r\n'],
		['503 after an interim answer', 'http-5xx', 'HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 503 x\r\n\r\n'],
		['another protocol', 'http-invalid', 'SSH-2.0-OpenSSH_9.9\r\n'],
		['a status that is none', 'http-invalid', 'HTTP/1.1 999 x\r\n\r\n'],
		['HTTP/2 without asking', 'http-invalid', 'HTTP/2 200\r\n\r\n'],
		['interim answers without end', 'http-invalid', `HTTP/1.1 103 x\r\nx: ${'a'.repeat(5_000)}`],
		['interim answers, 1,000 of them', 'http-invalid', 'HTTP/1.1 100 x\r\n\r\n'.repeat(1_000)],
		['zero bytes', 'http-invalid', '\0\0\0\0'],
	])('%s is down/%s', async (_, reason, text) => {
		expect(await resultOf(text)).toMatchObject({ status: 'down', reason, sent: 1, received: 0 });
	});

	test.each<[string, string, (socket: Socket) => void]>([
		['closes at once', 'closed', (socket) => socket.end()],
		['closes in the middle of the first line', 'http-invalid', (socket) => socket.end('HTTP/1.1 2')],
		['resets', 'reset', (socket) => socket.on('data', () => socket.resetAndDestroy())],
		['is silent', 'timeout', () => undefined],
		['stops in the middle of the first line', 'timeout', (socket) => socket.write('HTTP/1.1 20')],
	])('a server that %s is down/%s', async (_, reason, serve) => {
		await using listener = await listen(serve);
		const result = await probeOne(probe, `http://127.0.0.1:${listener.port}/`, {
			attempts: 1,
			timeoutMs: reason === 'timeout' ? 300 : patient.timeoutMs,
		});
		expect(result).toMatchObject({ status: 'down', reason, sent: 1 });
	});

	test('nobody listens: refused, in one try', async () => {
		const result = await probeOne(probe, `http://127.0.0.1:${await closedPort()}/`, { attempts: 3 });
		expect(result).toMatchObject({ status: 'down', reason: 'refused', sent: 1 });
	});

	test('a redirect is an answer, and nobody goes there', async () => {
		await using elsewhere = await listen();
		const location = `http://127.0.0.1:${elsewhere.port}/`;
		expect((await resultOf(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\n\r\n`)).status).toBe('up');
		expect(elsewhere.connections()).toBe(0);
	});

	test('tries go on after a reset, and end at the first answer', async () => {
		await using listener = await listen((socket, number) => {
			if (number === 0) socket.resetAndDestroy();
			else answering('HTTP/1.1 200 OK\r\n\r\n')(socket);
		});
		const result = await probeOne(probe, `http://127.0.0.1:${listener.port}/`, { ...patient, attempts: 5 });
		expect(result).toMatchObject({ status: 'up', sent: 2, received: 1 });
	});

	test('of a count, what is not up is lost', async () => {
		await using listener = await listen((socket, number) => {
			answering(`HTTP/1.1 ${number % 2 === 0 ? 200 : 503} x\r\n\r\n`)(socket);
		});
		const settings = { ...patient, count: 4, intervalMs: 1 };
		const result = await probeOne(probe, `http://127.0.0.1:${listener.port}/`, settings);
		expect(result).toMatchObject({ status: 'up', sent: 4, received: 2, lossPercent: 50 });
	});
});

describe('what is asked', () => {
	async function requestFor(host: (port: number) => string, resolved = {}, at = '127.0.0.1') {
		await using listener = await listen(answering('HTTP/1.1 200 OK\r\n\r\n'), at);
		const { results } = await probeAll(
			probe,
			[host(listener.port)],
			{ ...patient, port: listener.port },
			{ resolved },
		);
		expect(results[0]!.status).toBe('up');
		return listener.received[0]!.replaceAll(String(listener.port), 'PORT');
	}

	test('a URL: its path and query, its host, who asks, and nothing else', async () => {
		expect(
			await requestFor((port) => `http://probed.test:${port}/a%20b?c=d`, { 'probed.test': '127.0.0.1' }),
		).toBe(
			`GET /a%20b?c=d HTTP/1.1\r\nHost: probed.test:PORT\r\nUser-Agent: ${userAgentOf(undefined)}\r\n` +
				'Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n',
		);
	});

	test('an IPv6 address in brackets', async () => {
		const request = await requestFor((port) => `http://[::1]:${port}/`, {}, '::1');
		expect(request).toContain('Host: [::1]:PORT\r\n');
	});

	test('a bare host: its root', async () => {
		expect(await requestFor(() => '127.0.0.1')).toMatch(/^GET \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:PORT\r\n/);
	});

	test('no proxy of the environment is used', async () => {
		await using proxy = await listen();
		await using server = await listen(answering('HTTP/1.1 200 OK\r\n\r\n'));
		const url = `http://127.0.0.1:${proxy.port}`;
		const script = new URL('./http-child.ts', import.meta.url).pathname;
		const env = { ...process.env, HTTP_PROXY: url, http_proxy: url, NODE_USE_ENV_PROXY: '1', NO_PROXY: '' };
		await promisify(execFile)(process.execPath, [script, `http://127.0.0.1:${server.port}/`], { env });
		expect([server.connections(), proxy.connections()]).toEqual([1, 0]);
	});
});

describe('TLS', () => {
	const ok = answering('HTTP/1.1 200 OK\r\n\r\n');
	async function secureListener() {
		const server = createTlsServer({ cert, key });
		server.on('tlsClientError', () => undefined);
		server.on('secureConnection', (socket) => {
			socket.on('error', () => undefined);
			ok(socket);
		});
		return listenWith(server, () => undefined);
	}
	const settings = { ...patient, attempts: 3 };
	const resolved = { 'probed.test': '127.0.0.1', 'other.test': '127.0.0.1' };

	test('a certificate that is trusted, for this name or address: up', async () => {
		await using listener = await secureListener();
		for (const host of ['probed.test', '127.0.0.1']) {
			const result = await probeOne(trusting, `https://${host}:${listener.port}/`, settings, { resolved });
			expect(result).toMatchObject({ status: 'up', sent: 1 });
		}
	});

	test('one that signed itself: down/tls, in one try', async () => {
		await using listener = await secureListener();
		const result = await probeOne(probe, `https://probed.test:${listener.port}/`, settings, { resolved });
		expect(result).toMatchObject({ status: 'down', reason: 'tls', sent: 1 });
	});

	test('one for another name: down/tls', async () => {
		await using listener = await secureListener();
		const result = await probeOne(trusting, `https://other.test:${listener.port}/`, settings, { resolved });
		expect(result).toMatchObject({ status: 'down', reason: 'tls' });
	});

	test('the switch of the environment changes nothing', async () => {
		await using listener = await secureListener();
		const script = new URL('./http-child.ts', import.meta.url).pathname;
		const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
		const args = [script, `https://127.0.0.1:${listener.port}/`];
		const { stdout } = await promisify(execFile)(process.execPath, args, { env });
		expect(JSON.parse(stdout)).toMatchObject({ status: 'down', reason: 'tls' });
	});

	test('a server that speaks no TLS: down/tls', async () => {
		await using listener = await listen((socket) =>
			socket.on('data', () => socket.write('HTTP/1.1 400 x\r\n\r\n')),
		);
		const result = await probeOne(probe, `https://127.0.0.1:${listener.port}/`, settings);
		expect(result).toMatchObject({ status: 'down', reason: 'tls' });
	});

	test('a server that is silent in the handshake: down/timeout', async () => {
		await using listener = await listen();
		const result = await probeOne(probe, `https://127.0.0.1:${listener.port}/`, {
			attempts: 1,
			timeoutMs: 100,
		});
		expect(result).toMatchObject({ status: 'down', reason: 'timeout' });
	});

	test('a server that resets the handshake: down/reset', async () => {
		await using listener = await listen((socket) => socket.on('data', () => socket.resetAndDestroy()));
		const result = await probeOne(probe, `https://127.0.0.1:${listener.port}/`, { ...patient, attempts: 2 });
		expect(result).toMatchObject({ status: 'down', reason: 'reset', sent: 2 });
	});
});

test('an answer to what was asked after the process was held up counts', async () => {
	// In a thread, which is not held up.
	const server = new Worker(
		`const { createServer } = require('node:net');
		const { parentPort } = require('node:worker_threads');
		const server = createServer((socket) => {
			socket.on('error', () => undefined).on('data', () => socket.end('HTTP/1.1 200 OK\\r\\n\\r\\n'));
		}).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
		{ eval: true },
	);
	try {
		const port = await new Promise<number>((resolve) => server.once('message', resolve));
		let result: HostResult | undefined;
		let timeoutMs = 0;
		// It has as long again: on a busy machine, the longer ones are needed.
		for (timeoutMs of [100, 1_000, 6_000]) {
			const running = probeOne(probe, `http://127.0.0.1:${port}/`, { timeoutMs, attempts: 1 });
			// The connect leaves before this turn of the loop; the request can not before the next one.
			await new Promise(setImmediate);
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * timeoutMs);
			result = await running;
			if (result.status === 'up') break;
		}
		expect(result).toMatchObject({ status: 'up', sent: 1 });
		expect(result!.rttMs).toBeLessThanOrEqual(timeoutMs);
	} finally {
		await server.terminate();
	}
});

test('the caller goes: nothing more is asked', async () => {
	await using listener = await listen();
	const caller = new AbortController();
	const hosts = Array(200).fill(`http://127.0.0.1:${listener.port}/`);
	const running = probeAll(probe, hosts, { timeoutMs: 60_000 }, { signal: caller.signal });
	running.catch(() => undefined);
	await expect.poll(() => listener.connections()).toBe(200);
	caller.abort(new Error('gone'));
	await expect(running).rejects.toThrow('gone');
});

test('a status is read however the bytes are cut', () => {
	const text = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n';
	for (let length = 0; length < text.length; length += 1) {
		const expected = length < text.indexOf('404 ') + 4 ? undefined : 404;
		expect(statusOf(text.slice(0, length))).toBe(expected);
	}
});
