/** Requirement 11, from outside: what is too much, or no proper request, is refused soon and safely. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeRequest } from '../../shared/columns.ts';
import {
	bodyBytesMax,
	hostsPerRequestMax,
	requestHeadMsMax,
	requestReadMsMax,
	requestsAheadMax,
} from '../../shared/limits.ts';
import { errorBodySchema, mediaTypes } from '../../shared/protocol.ts';
import { notLong, testUnless } from '../requirements.ts';
import { exchange } from '../worker/raw-exchange.ts';
import type { ServedWorker } from './served-worker.ts';
import { authorization, body, host, serveWorker, token } from './served-worker.ts';

const get = (headers = '', path = '/health'): string => `GET ${path} HTTP/1.1\r\n${host}${headers}\r\n`;
const post = (headers: string, sent = ''): string =>
	`POST /ping HTTP/1.1\r\n${host}${authorization}${headers}\r\n${sent}`;
const chunked = 'Transfer-Encoding: chunked\r\n';
const size = body.length.toString(16);
const fill = (piece: string): string => piece.repeat(Math.floor((bodyBytesMax - 100) / piece.length));

/** What a busy machine may add: what never ended would take for ever. */
const pausesMs = 60_000;

let worker: ServedWorker;
beforeAll(async () => {
	worker = await serveWorker();
});
afterAll(() => worker?.[Symbol.asyncDispose]());

describe('11: bytes that are no proper HTTP/1', () => {
	it.each<[string, string, number | 'closed']>([
		['two lengths', post('Content-Length: 2\r\nContent-Length: 2\r\n', '{}'), 400],
		['a list of lengths', post('Content-Length: 2, 2\r\n', '{}'), 400],
		['a length and chunks', post(`${chunked}Content-Length: 5\r\n`, '0\r\n\r\n'), 400],
		['chunks twice', post(`${chunked}${chunked}`, '0\r\n\r\n'), 400],
		['a space before the colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), 400],
		['another coding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 400],
		['a coding that does not end in chunks', post('Transfer-Encoding: gzip\r\n', 'x'), 400],
		['a chunk without a size', post(chunked, `;x=y\r\n${body}\r\n`), 400],
		['a chunk of 2^68 bytes', post(chunked, `fffffffffffffffff\r\n${body}`), 400],
		['a chunk size with a sign', post(chunked, `-1\r\n${body}`), 400],
		['large chunk extensions', post(chunked, `${size};a=${'b'.repeat(20_000)}\r\n${body}\r\n0\r\n\r\n`), 413],
		['large trailers', post(chunked, `${size}\r\n${body}\r\n0\r\n${'X: 1\r\n'.repeat(5_000)}\r\n`), 431],
		['a negative length', post('Content-Length: -1\r\n'), 400],
		['a length with a sign', post('Content-Length: +2\r\n', '{}'), 400],
		['no Host', 'GET /health HTTP/1.1\r\n\r\n', 400],
		['two Hosts', get('Host: other\r\n'), 400],
		['a Host that is none', 'GET /health HTTP/1.1\r\nHost: a b/?#@\r\n\r\n', 400],
		['an empty Host', 'GET /health HTTP/1.1\r\nHost:\r\n\r\n', 400],
		['bare line feeds', 'GET /health HTTP/1.1\nHost: a\n\n', 400],
		['a folded header', get('X: a\r\n b\r\n'), 400],
		['NUL in a header', get('X: a\0b\r\n'), 400],
		['NUL in the path', get('', '/heal\0th'), 400],
		['65 headers', get('a: b\r\n'.repeat(64)), 400],
		['a large header', get(`X: ${'a'.repeat(9_000)}\r\n`), 431],
		['a long path', get('', `/${'a'.repeat(9_000)}`), 431],
		['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
		['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
		['HTTP/2.0 in the form of HTTP/1', `GET /health HTTP/2.0\r\n${host}\r\n`, 400],
		['HTTP/3.0', `GET /health HTTP/3.0\r\n${host}\r\n`, 400],
		['HTTP/0.9', 'GET /health\r\n\r\n', 400],
		['an unknown method', `FETCH /health HTTP/1.1\r\n${host}\r\n`, 400],
		['a method in small letters', `get /health HTTP/1.1\r\n${host}\r\n`, 400],
		['a target that is a list', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 400],
		['a target of another scheme', get('', 'ftp://a/health'), 400],
		['a backslash in the target', get('', '/a\\b'), 400],
		['CONNECT', `CONNECT elsewhere:443 HTTP/1.1\r\n${host}\r\n`, 'closed'],
		['more ahead than may be', get().repeat(requestsAheadMax + 200), 'closed'],
	])('%s: refused, and the connection ends', async (_, bytes, outcome) => {
		const { statuses, text, ended } = await exchange(worker.port, Buffer.from(bytes, 'latin1'));
		expect(ended).toBe(true);
		if (outcome === 'closed') expect(statuses.filter((status) => status !== 200)).toEqual([]);
		else expect(statuses).toEqual([outcome]);
		expect(text).not.toMatch(/^\s+at |node:|hono|nodejs|\/worker\/|^server:|^x-powered-by:/im);
	});

	it.each([
		['HTTP/1.0, which ends', `GET /health HTTP/1.0\r\n${host}\r\n`, 200],
		['HTTP/1.0, which needs no Host', 'GET /health HTTP/1.0\r\n\r\n', 200],
		['Connection: close', get('Connection: close\r\n'), 200],
		['a body of a GET that nobody reads', get('Content-Length: 1000000\r\n'), 200],
		['an expectation of another kind', post('Expect: wonders\r\nContent-Length: 2\r\n'), 417],
	])('%s: answered, and the connection ends', async (_, bytes, status) => {
		expect(await exchange(worker.port, bytes)).toMatchObject({ statuses: [status], ended: true });
	});

	it.each([
		['chunks', post(chunked, `${size}\r\n${body}\r\n0\r\n\r\n`), 200],
		['chunks with an extension', post(chunked, `${size};a="b"\r\n${body}\r\n0\r\n\r\n`), 200],
		[
			'trailers, which say nothing',
			post(chunked, `${size}\r\n${body}\r\n0\r\nAuthorization: x\r\n\r\n`),
			200,
		],
		['an absolute target', get('', 'http://elsewhere.example/health'), 200],
		['an upgrade that is not wanted', get('Connection: Upgrade\r\nUpgrade: websocket\r\n'), 200],
		['an upgrade to HTTP/2', get('Connection: Upgrade\r\nUpgrade: h2c\r\n'), 200],
		['TRACE, which repeats nothing', `TRACE /health HTTP/1.1\r\n${host}X-Secret: 1\r\n\r\n`, 405],
	])('%s: answered', async (_, bytes, status) => {
		const { statuses, text } = await exchange(worker.port, bytes, { answers: 1 });
		expect(statuses).toEqual([status]);
		expect(text).not.toContain('X-Secret');
	});

	it.each([
		'gzip',
		'br',
		'deflate',
		'zstd',
		'compress',
		'x-gzip',
		'identity, gzip',
		'GZIP',
		'gzip;q=1',
		'*',
		',',
	])('a body with Content-Encoding: %s is refused', async (coding) => {
		const bytes = post(`Content-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n`, body);
		expect((await exchange(worker.port, bytes, { answers: 1 })).statuses).toEqual([415]);
	});

	it('a transfer coding before the chunks is refused', async () => {
		const bytes = post('Transfer-Encoding: gzip, chunked\r\n', '3\r\nabc\r\n0\r\n\r\n');
		expect((await exchange(worker.port, bytes, { answers: 1 })).statuses).toEqual([415]);
	});
});

// At once: they wait most of the time.
describe.concurrent('11: what comes too slowly', () => {
	testUnless(
		notLong(),
		'a request that does not come in time ends with 408, and a connection that says nothing with it',
		async () => {
			const startedAt = performance.now();
			const dripping = exchange(worker.port, `POST /ping HTTP/1.1\r\n${host}`, {
				connected(socket) {
					const timer = setInterval(() => socket.writable && socket.write('X: y\r\n'), 500);
					socket.on('close', () => clearInterval(timer));
				},
			});
			const silent = exchange(worker.port, '');
			expect((await dripping).statuses).toEqual([408]);
			expect((await silent).ended).toBe(true);
			expect(performance.now() - startedAt).toBeLessThan(requestHeadMsMax + pausesMs);
		},
	);

	testUnless(notLong(), 'a body of a byte a second ends with 408, though its token is good', async () => {
		const startedAt = performance.now();
		const { statuses } = await exchange(worker.port, post('Content-Length: 1000000\r\n', '{'), {
			connected(socket) {
				const timer = setInterval(() => socket.writable && socket.write(' '), 1_000);
				socket.on('close', () => clearInterval(timer));
			},
		});
		expect(statuses).toEqual([408]);
		expect(performance.now() - startedAt).toBeLessThan(requestReadMsMax + pausesMs);
	});
});

describe('11: bodies', () => {
	async function ask(sent: string | Uint8Array<ArrayBuffer>, type = 'application/json') {
		const headers = { authorization: `Bearer ${token}`, 'content-type': type };
		const startedAt = performance.now();
		const response = await fetch(`${worker.url}/ping`, { method: 'POST', headers, body: sent });
		const answer: unknown = await response.json();
		return { status: response.status, answer, ms: performance.now() - startedAt };
	}

	/** A body in columns with so many bytes of settings. */
	function columns(settings: string): Uint8Array<ArrayBuffer> {
		const bytes = new Uint8Array(4 + settings.length + 4);
		new DataView(bytes.buffer).setUint32(0, settings.length, true);
		bytes.set(new TextEncoder().encode(settings), 4);
		return bytes;
	}

	it.each([
		['opening brackets', () => fill('['), 400],
		['opening braces', () => fill('{"a":'), 400],
		['arrays in the list of hosts', () => `{"hosts":[${fill('[],')}[]]}`, 413],
		['objects in the list of hosts', () => `{"hosts":[${fill('{},')}{}]}`, 413],
		['empty hosts', () => `{"hosts":[${fill('"",')}""]}`, 413],
		['numbers', () => `{"hosts":[${fill('1,')}1]}`, 413],
		['digits', () => `{"count":${fill('1')}}`, 400],
		['white space', () => fill(' '), 413],
		['one host', () => `{"hosts":["${fill('a')}"]}`, 400],
		['one host of escapes', () => `{"hosts":["${fill('\\ud800')}"]}`, 400],
		['one key', () => `{"${fill('k')}":1}`, 400],
		['keys', () => `{${fill('"k":1,')}"l":1}`, 400],
		['backslashes', () => `"${fill('\\')}`, 400],
		['emoji', () => `{"hosts":["${'😀'.repeat(2_000_000)}"]}`, 400],
	])('8 MiB of %s are refused', async (_, text, status) => {
		const { status: got, answer } = await ask(text());
		expect(got).toBe(status);
		const { error } = errorBodySchema.parse(answer);
		expect(JSON.stringify(error).length).toBeLessThan(1_000);
	});

	it.each([
		['a key twice', '{"hosts":["224.0.0.1"],"hosts":["224.0.0.2"]}'],
		['a key twice, once with escapes', '{"hosts":["224.0.0.1"],"\\u0068osts":["224.0.0.2"]}'],
		['__proto__', '{"hosts":["224.0.0.1"],"__proto__":{"count":5}}'],
		['constructor', '{"hosts":["224.0.0.1"],"constructor":{"prototype":{}}}'],
		['an unknown key', '{"hosts":["224.0.0.1"],"follow":true}'],
		['1e999', '{"hosts":["224.0.0.1"],"count":1e999}'],
		['1.5 probes', '{"hosts":["224.0.0.1"],"count":1.5}'],
		['-0 probes', '{"hosts":["224.0.0.1"],"count":-0}'],
		['a number as text', '{"hosts":["224.0.0.1"],"count":"1"}'],
		['NaN', '{"hosts":["224.0.0.1"],"timeoutMs":NaN}'],
		['a lone surrogate', '{"hosts":["\\ud800.example"]}'],
		['a comment', '{"hosts":["224.0.0.1"]/* */}'],
		['two documents', `${body}${body}`],
		['a host of 2,049 characters', `{"hosts":["http://a/${'a'.repeat(2_040)}"]}`],
		['settings that are no object', '["224.0.0.1"]'],
	])('refuses %s', async (_, text) => {
		expect((await ask(text)).status).toBe(400);
	});

	it('reads a byte order mark over, as RFC 8259 lets it', async () => {
		expect((await ask(`\ufeff${body}`)).status).toBe(200);
	});

	it('refuses one host too many, in JSON and in columns', async () => {
		const hosts = Array.from({ length: hostsPerRequestMax + 1 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
		const inColumns = encodeRequest({}, new Uint32Array(hostsPerRequestMax + 1)) as Uint8Array<ArrayBuffer>;
		for (const { status } of [
			await ask(JSON.stringify({ hosts })),
			await ask(inColumns, mediaTypes.columns),
		]) {
			expect(status).toBe(413);
		}
	});

	it.each([
		['long settings', ' '.repeat(1_000_000)],
		['deep settings', '['.repeat(4_000)],
		['a setting twice', '{"count":1,"count":2}'],
		['hosts', '{"hosts":["10.0.0.1"]}'],
	])('refuses columns with %s', async (_, settings) => {
		expect((await ask(columns(settings), mediaTypes.columns)).status).toBe(400);
	});

	it('goes on serving: nothing of all that has stayed', async () => {
		expect((await ask(body)).status).toBe(200);
		expect(worker.residentBytes()).toBeLessThan(700 * 1024 * 1024);
	});
});
