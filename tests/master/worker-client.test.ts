import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WorkerClient } from '../../master/worker-client.ts';
import { decodeRequest, encodeBlock } from '../../shared/columns.ts';
import { markFrame } from '../../shared/frames.ts';
import type { Reason, Status } from '../../shared/outcome.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import type { ResultBlock } from '../../shared/results.ts';
import { makeSelfSigned } from '../authority.ts';
import { closedPort, listening } from '../servers.ts';
import { blockOf, capabilities } from './dispatch/fake-link.ts';
import {
	answering,
	begun,
	callOf,
	clientOf,
	closers,
	columns,
	head,
	hosts,
	httpServer,
	lines,
	listen,
	pieces,
	rawServer,
	stream,
	whole,
} from './worker-client-fixture.ts';

describe('capabilities', () => {
	it('asks with the token, below the path of the URL', async () => {
		let seen: IncomingMessage | undefined;
		const url = await httpServer((request, response) => {
			seen = request;
			response.setHeader('content-type', 'application/json').end(JSON.stringify(capabilities()));
		});
		const client = clientOf(`${url}/behind/a/proxy/`, 'secret-token');
		await expect(client.capabilities(new AbortController().signal)).resolves.toEqual(capabilities());
		expect(seen?.url).toBe('/behind/a/proxy/capabilities');
		expect(seen?.headers.authorization).toBe('Bearer secret-token');
		expect(seen?.headers['accept-encoding']).toBe('identity');
	});

	it.each([
		['another protocol', JSON.stringify({ ...capabilities(), protocol: 2 }), /speaks protocol 2.*speaks 1/],
		['something else in JSON', '{"hello":"world"}', /is not a pingpool worker \(GET \/capabilities\)/],
		[
			'a limit that can not be',
			JSON.stringify(capabilities({ hostsPerRequestMax: 1e9 })),
			/is not a pingpool/,
		],
		['no JSON', '<html>', /no JSON/],
		['null', 'null', /is not a pingpool worker/],
		['a body without end', 'x'.repeat(200_000), /longer answer/],
	])('refuses %s', async (_, body, message) => {
		const client = clientOf(await httpServer(answering(body, 'application/json')));
		await expect(client.capabilities(new AbortController().signal)).rejects.toMatchObject({
			name: 'WorkerFailure',
			kind: 'invalid',
			message: expect.stringMatching(message),
		});
	});

	it('does not repeat its token after a worker that does', async () => {
		const url = await httpServer((request, response) => {
			// Cut to 200 characters, the token would be in it as far as it goes.
			const message = `${'x'.repeat(185)} ${request.headers.authorization} is odd`;
			response.writeHead(400).end(JSON.stringify({ error: { code: 'bad-request', message } }));
		});
		const asked = clientOf(url, 'secret-token').capabilities(new AbortController().signal);
		await expect(asked).rejects.toThrow(/^rejected the request with HTTP 400: x+ Bearer <token/);
		await expect(asked).rejects.not.toThrow(/secret/);
	});

	it('rejects with the reason of the caller who aborts', async () => {
		const client = clientOf(await httpServer(() => undefined));
		const controller = new AbortController();
		const asked = client.capabilities(controller.signal);
		controller.abort(new Error('stopped'));
		await expect(asked).rejects.toThrow('stopped');
	});
});

/** A frame whose payload says less than it needs, its length corrected. */
function cutPayload(frame: Uint8Array, bytes: number): Uint8Array {
	const cut = Buffer.from(frame.subarray(0, frame.length - bytes));
	cut.writeUInt32LE(cut.length - 8);
	return cut;
}

describe('a request', () => {
	const addresses = ['10.0.0.1', '255.255.255.255', '0.0.0.0'];
	const readsColumns = capabilities({ requestForms: [mediaTypes.json, mediaTypes.columns] });

	/** What arrives when a worker that says `said` of itself is asked for these hosts. */
	async function askedFor(texts: readonly string[], said: object) {
		const seen: { type: string | undefined; body: Buffer }[] = [];
		const url = await listen(
			createServer(async (request, response) => {
				const parts: Buffer[] = [];
				for await (const part of request) parts.push(part);
				if (request.url === '/capabilities') {
					response.setHeader('content-type', mediaTypes.json).end(JSON.stringify(said));
					return;
				}
				seen.push({ type: request.headers['content-type'], body: Buffer.concat(parts) });
				response.setHeader('content-type', mediaTypes.frames).end(whole);
			}),
		);
		const client = clientOf(url);
		await client.capabilities(new AbortController().signal);
		const { call } = callOf(texts);
		await client.ping(call);
		return { ...seen[0]!, call };
	}

	it('goes in columns to a worker that reads them', async () => {
		const { type, body, call } = await askedFor(addresses, readsColumns);
		expect(type).toBe(mediaTypes.columns);
		expect(decodeRequest(body)).toEqual({
			settings: { probe: 'icmp', ...call.settings },
			ipv4: Uint32Array.of(0x0a00_0001, 0xffff_ffff, 0),
		});
	});

	const { requestForms: _, ...silent } = capabilities();
	it.each([
		['to a worker that does not say so', addresses, silent],
		['with a host that is no bare IPv4 address', hosts, readsColumns],
	])('goes as JSON %s', async (_case, texts, said) => {
		const { type, body, call } = await askedFor(texts, said);
		expect(type).toBe(mediaTypes.json);
		expect(JSON.parse(body.toString())).toEqual({ hosts: texts, probe: 'icmp', ...call.settings });
	});
});

describe('an answer', () => {
	it('is taken in frames, as it was asked for', async () => {
		let body = '';
		let accept = '';
		const url = await httpServer((request, response, text) => {
			body = text;
			accept = request.headers.accept ?? '';
			return answering(whole)(request, response, text);
		});
		const { call, rows, waits } = callOf(hosts);
		await clientOf(url).ping(call);
		expect(JSON.parse(body)).toEqual({ hosts, probe: 'icmp', ...call.settings });
		expect(accept.split(',')[0]).toBe(mediaTypes.frames);
		// As the form of an answer, workers of an earlier version take it for another one.
		expect(accept).not.toContain(mediaTypes.columns);
		expect([...rows.keys()].sort()).toEqual([0, 1, 2]);
		expect(waits).toEqual([7]);
	});

	it('is taken whatever pieces it arrives in', async () => {
		for (const size of [1, 2, 7, 50]) {
			const url = await httpServer(async (_, response) => {
				response.setHeader('content-type', mediaTypes.frames);
				for (let at = 0; at < whole.length; at += size) {
					response.write(whole.subarray(at, at + size));
					await new Promise(setImmediate);
				}
				response.end();
			});
			const { call, rows } = callOf(hosts);
			await clientOf(url).ping(call);
			expect(rows.size).toBe(3);
		}
	});

	it('is taken as NDJSON', async () => {
		const text = lines([
			{ host: 'a.test', status: 'up', address: '192.0.2.1', sent: 1, received: 1, rttMs: 3 },
			{ host: '10.0.0.1', status: 'down', reason: 'timeout', address: '10.0.0.1', sent: 2, received: 0 },
			{ host: 'b.test:80', status: 'unresolved', reason: 'dns-not-found', sent: 0, received: 0 },
			{ done: true, results: 3, waitMs: 0 },
		]);
		const { call, rows, waits } = callOf(hosts);
		await clientOf(await httpServer(answering(text, `${mediaTypes.ndjson}; charset=utf-8`))).ping(call);
		expect([...rows.keys()].sort()).toEqual([0, 1, 2]);
		expect(rows.get(1)!.address).toEqual(['192.0.2.1']);
		expect(waits).toEqual([0]);
	});

	it('may say of a host that did not answer all that an honest worker can', async () => {
		const said: [Status, Reason, number][] = [
			['down', 'timeout', 2],
			['error', 'no-buffers', 1],
			['error', 'no-probe', 0],
			['denied', 'loopback', 0],
			['unresolved', 'dns-timeout', 0],
		];
		const texts = said.map((_, i) => `h${i}.test`);
		const blocks = said.map(([status, reason, sent], i) =>
			encodeBlock({ ...blockOf([i], status, reason), sent: [sent] }),
		);
		const body = columns([{ ...head, hosts: said.length }, ...blocks, { done: true, results: said.length }]);
		const { call, rows } = callOf(texts);
		await clientOf(await httpServer(answering(body))).ping(call);
		expect(rows.size).toBe(said.length);
	});

	it('has statistics, and as many probes as there are, of a series', async () => {
		const rtt = { min: [1], max: [3], jitter: [1] };
		const frame = encodeBlock({ ...blockOf([0], 'up'), sent: [5], received: [4], rttMs: [2], rtt });
		const { settings } = callOf(hosts).call;
		const { call, rows } = callOf(['10.0.0.1'], { settings: { ...settings, count: 5 } });
		const body = columns([{ ...head, hosts: 1 }, frame, { done: true, results: 1 }]);
		await clientOf(await httpServer(answering(body))).ping(call);
		expect(rows.get(0)).toMatchObject({ rtt: { min: Float64Array.of(1) } });
	});

	it.each([
		['a mean below the lowest time', { min: [3], max: [4], jitter: [1] }, [2]],
		['a mean above the highest time', { min: [1], max: [1.5], jitter: [1] }, [2]],
		['a lowest time and no mean', { min: [1], max: [Number.NaN], jitter: [Number.NaN] }, [Number.NaN]],
	])('is refused with %s of a series', async (_, rtt, rttMs) => {
		const changes = Number.isNaN(rttMs[0]) ? blockOf([0], 'down', 'timeout') : blockOf([0], 'up');
		const frame = encodeBlock({ ...changes, sent: [5], rttMs, rtt });
		const { settings } = callOf(hosts).call;
		const { call } = callOf(['10.0.0.1'], { settings: { ...settings, count: 5 } });
		const body = columns([{ ...head, hosts: 1 }, frame, { done: true, results: 1 }]);
		await expect(clientOf(await httpServer(answering(body))).ping(call)).rejects.toMatchObject({
			kind: 'invalid',
			message: expect.stringMatching(/times of no answers|is beyond the others/),
		});
	});

	it('is taken as one JSON object', async () => {
		const results = hosts.map((host) => ({ host, status: 'up', sent: 1, received: 1, rttMs: 1 }));
		const text = JSON.stringify({ worker: 'x', results });
		const { call, rows } = callOf(hosts);
		await clientOf(await httpServer(answering(text, mediaTypes.json))).ping(call);
		expect([...rows.keys()].sort()).toEqual([0, 1, 2]);
	});

	it('may have frames of kinds that only a newer worker knows', async () => {
		const newer = Buffer.from([2, 0, 0, 0, 9, 0, 0, 0, 1, 2]);
		const body = columns([newer, ...pieces.slice(0, 2), newer, ...pieces.slice(2)]);
		const { call, rows } = callOf(hosts);
		await clientOf(await httpServer(answering(body))).ping(call);
		expect(rows.size).toBe(3);
	});

	it('tells at once that all was sent, when the worker says so before the end', async () => {
		const { promise, resolve } = Promise.withResolvers<void>();
		const url = await httpServer(async (_, response) => {
			response.setHeader('content-type', mediaTypes.frames).write(stream([{ sent: true, waitMs: 12 }]));
			await promise;
			response.end(columns(pieces.slice(1)));
		});
		const waits: number[] = [];
		const { call } = callOf(hosts, {
			onSent: (waitMs) => {
				waits.push(waitMs);
				resolve();
			},
		});
		await clientOf(url).ping(call);
		expect(waits).toEqual([12]);
	});

	it('keeps what was delivered, wherever it is cut, and blames the connection', async () => {
		for (let at = 0; at < whole.length; at += 1) {
			const url = await httpServer((_, response) => {
				response.writeHead(200, { 'content-type': mediaTypes.frames });
				response.flushHeaders();
				response.write(whole.subarray(0, at), () => response.destroy());
			});
			const { call, rows } = callOf(hosts);
			await expect(clientOf(url).ping(call), `cut at ${at}`).rejects.toMatchObject({ kind: 'broken' });
			const [first, second] = [2, 3].map((count) => columns(pieces.slice(0, count)).length);
			expect(rows.size, `cut at ${at}`).toBe(at < first! ? 0 : at < second! ? 2 : 3);
		}
	});

	it.each([
		['with a length', `Content-Length: ${whole.length}\r\n\r\n`],
		['without one, the connection closed', `Connection: close\r\n\r\n`],
		['in the middle of a chunk', `Transfer-Encoding: chunked\r\n\r\nfff\r\n`],
		[
			'in the middle of a chunk that says close',
			`Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n`,
		],
	])('is cut %s', async (_, head) => {
		const url = await rawServer((socket) => {
			socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${mediaTypes.frames}\r\n${head}`);
			socket.end(whole.subarray(0, whole.length - 10));
		});
		const { call, rows } = callOf(hosts);
		await expect(clientOf(url).ping(call)).rejects.toMatchObject({ kind: 'broken' });
		expect(rows.size).toBe(3);
	});

	it('is cut as JSON without a length', async () => {
		const url = await rawServer((socket) => {
			socket.end(
				'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"results":[',
			);
		});
		await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({ kind: 'broken' });
	});

	const end = { done: true, results: 3 };
	const block = (index: readonly number[], changes: Partial<ResultBlock> = {}): Uint8Array =>
		encodeBlock({ ...blockOf(index, 'up'), ...changes });
	/** Of one host that got a probe and did not answer. */
	const no = (status: Status, reason: Reason): Partial<ResultBlock> => ({
		status: [statusCode(status)],
		reason: [reasonCode(reason)],
		received: [0],
		rttMs: [Number.NaN],
	});
	it.each<[string, object[]]>([
		['a position beyond the request', [block([3])]],
		['a host twice in one block', [block([0, 0])]],
		['a host twice in two blocks', [block([0]), block([0])]],
		['an unknown status', [block([0], { status: [5] })]],
		['an unknown reason', [block([0], { reason: [99] })]],
		['a round-trip time far over the timeout', [block([0], { rttMs: [60_000] })]],
		['more answers than probes', [block([0], { received: [2] })]],
		['a host that is up without an answer', [block([0], { received: [0] })]],
		[
			'a host that is down without a probe',
			[block([0], { status: [1], reason: [1], sent: [0], received: [0] })],
		],
		['more probes than can be asked for', [block([0], { sent: [1_001] })]],
		['more probes than were asked for', [block([0], { sent: [3] })]],
		['a host that is up without a round-trip time', [block([0], { rttMs: [Number.NaN] })]],
		['a host that is up with a reason', [block([0], { reason: [1] })]],
		['a host that is down and answered', [block([0], { ...no('down', 'timeout'), received: [1] })]],
		['a host that is down with a round-trip time', [block([0], { ...no('down', 'timeout'), rttMs: [1] })]],
		['an error and an answer', [block([0], { ...no('error', 'internal'), received: [1] })]],
		['a probe to a host that is denied', [block([0], no('denied', 'loopback'))]],
		['a probe to a name without an address', [block([0], no('unresolved', 'dns-not-found'))]],
		['statistics of one probe', [block([0], { rtt: { min: [1], max: [1], jitter: [0] } })]],
		['no address', [block([0], { address: ['\u001b[2J'] })]],
		['a block that is too short', [cutPayload(block([0, 1]), 1)]],
		['text for a mark', [Buffer.concat([Buffer.from([7, 0, 0, 0, 1, 0, 0, 0]), Buffer.from('"hello"')])]],
		['half a mark', [cutPayload(Buffer.from(markFrame({ sent: true })), 3)]],
		['no frames', [Buffer.from('<html>hello</html>')]],
		['a frame without end', [Buffer.from([255, 255, 255, 127, 2, 0, 0, 0])]],
		['fewer hosts than it says', [block([0, 1]), end]],
		['fewer hosts than asked', [block([0, 1]), { done: true, results: 2 }]],
		['a frame of another kind after its end', [block([0, 1, 2]), end, Buffer.from([0, 0, 0, 0, 9, 0, 0, 0])]],
		['the head of another answer', [block([0]), head]],
		['something after its end', [block([0, 1, 2]), end, end]],
	])('is refused with %s', async (_, wrong) => {
		const { call } = callOf(hosts);
		await expect(clientOf(await httpServer(answering(stream(wrong)))).ping(call)).rejects.toMatchObject({
			name: 'WorkerFailure',
			kind: 'invalid',
		});
	});

	it.each<[string, object[]]>([
		['nothing at all before its results', [block([0])]],
		['a sign of life before its head', [{ alive: true }, ...pieces]],
		['an end before its head', [{ done: true, results: 0 }]],
		['a head that does not say how many hosts', [{ worker: 'x' }, ...pieces.slice(1)]],
		['a head that does not say who', [{ hosts: 3 }, ...pieces.slice(1)]],
		['a head with a number for a name', [{ ...head, request: 1 }, ...pieces.slice(1)]],
	])('is refused with %s', async (_, wrong) => {
		const { call, rows } = callOf(hosts);
		await expect(clientOf(await httpServer(answering(columns(wrong)))).ping(call)).rejects.toMatchObject({
			kind: 'invalid',
			message: expect.stringMatching(/no head|before it said whose/),
		});
		expect(rows.size).toBe(0);
	});

	it.each<[string, unknown[]]>([
		['a host that was not asked', [{ host: 'c.test', status: 'up' }]],
		[
			'a host twice',
			[
				{ host: 'a.test', status: 'up' },
				{ host: 'a.test', status: 'up' },
			],
		],
		['no host', [{ status: 'up' }]],
		['a property of all objects for a host', [{ host: '__proto__', status: 'up' }]],
		['an unknown status', [{ host: 'a.test', status: 'sideways' }]],
		['an unknown reason', [{ host: 'a.test', status: 'down', reason: 'whim' }]],
		['a reason that is a number', [{ host: 'a.test', status: 'down', reason: 1 }]],
		['no address', [{ host: 'a.test', status: 'up', address: 'x'.repeat(20) }]],
		[
			'statistics of one probe',
			[{ host: 'a.test', status: 'up', sent: 1, received: 1, rttMs: 1, rttMinMs: 1 }],
		],
		['no round-trip time', [{ host: 'a.test', status: 'up', sent: 1, received: 1 }]],
		['half a probe', [{ host: 'a.test', status: 'up', sent: 0.5 }]],
		['a round-trip time as text', [{ host: 'a.test', status: 'up', rttMs: '1' }]],
	])('is refused as objects with %s', async (_, results) => {
		const ndjson = clientOf(await httpServer(answering(lines(results), mediaTypes.ndjson)));
		await expect(ndjson.ping(callOf(hosts).call)).rejects.toMatchObject({ kind: 'invalid' });
		const json = clientOf(await httpServer(answering(JSON.stringify({ results }), mediaTypes.json)));
		await expect(json.ping(callOf(hosts).call)).rejects.toMatchObject({ kind: 'invalid' });
	});

	it.each([
		['another type', 'text/html', /text\/html: not a pingpool worker/],
		['the type of requests in columns', mediaTypes.columns, /columns: not a pingpool worker/],
		['no type', '', /no content type/],
	])('is refused with %s', async (_, type, message) => {
		const url = await httpServer((_request, response) => {
			if (type !== '') response.setHeader('content-type', type);
			response.end(whole);
		});
		await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({
			kind: 'invalid',
			message: expect.stringMatching(message),
		});
	});

	it('is refused when it is compressed', async () => {
		const url = await httpServer((_, response) => {
			response.writeHead(200, { 'content-type': mediaTypes.frames, 'content-encoding': 'gzip' });
			response.end(gzipSync(whole));
		});
		await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({ kind: 'invalid' });
	});

	it('is refused when it has no end', async () => {
		const url = await httpServer(async (_, response) => {
			response.setHeader('content-type', mediaTypes.ndjson);
			const blank = '\n'.repeat(16_384);
			const closed = new Promise((resolve) => response.once('close', resolve));
			while (!response.destroyed) {
				if (response.write(blank)) continue;
				await Promise.race([closed, new Promise((resolve) => response.once('drain', resolve))]);
			}
		});
		await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({
			kind: 'invalid',
			message: expect.stringMatching(/longer answer/),
		});
	});

	it('tells of every sign of life: its head, marks, blocks and the end', async () => {
		const marks = [{ alive: true }, { sent: true, waitMs: 3 }, { alive: true }];
		const body = columns([...pieces.slice(0, 2), ...marks, ...pieces.slice(2)]);
		const { call, signs, rows } = callOf(hosts);
		await clientOf(await httpServer(answering(body))).ping(call);
		expect(rows.size).toBe(3);
		// The head of the response, that of the frames, two blocks, and the end.
		expect(signs()).toBe(2 + 2 + marks.length + 1);
	});

	it.each<[string, string, (at: number) => string | Buffer]>([
		['bytes of a block', mediaTypes.frames, (at) => begun.subarray(at, at + 1)],
		['marks that nobody knows', mediaTypes.frames, (at) => columns([at === 0 ? head : { hello: 'there' }])],
		['marks that deny it', mediaTypes.frames, (at) => columns([at === 0 ? head : { alive: false }])],
		['empty lines', mediaTypes.ndjson, () => '\n'],
	])('is no sign of life in %s', async (_, type, drop) => {
		// All but the last byte of the first block.
		const drops = begun.length - 1;
		const url = await httpServer(async (_request, response) => {
			response.setHeader('content-type', type);
			for (let at = 0; at < drops; at += 1) {
				response.write(drop(at));
				await new Promise(setImmediate);
			}
			response.destroy();
		});
		const { call, signs } = callOf(hosts);
		await expect(clientOf(url).ping(call)).rejects.toMatchObject({ kind: 'broken' });
		// The head of the response, and that of the frames.
		expect(signs()).toBe(type === mediaTypes.frames ? 2 : 1);
	});

	it('may say of one host that it is alive for as long as a request can take', async () => {
		const marks = Buffer.concat(Array<Buffer>(14_400).fill(columns([{ alive: true }])));
		const start = columns([{ ...head, hosts: 1 }]);
		const end = columns([encodeBlock(blockOf([0], 'up')), { done: true, results: 1 }]);
		const { call, signs } = callOf(['10.0.0.1']);
		await clientOf(await httpServer(answering(Buffer.concat([start, marks, end])))).ping(call);
		expect(signs()).toBe(2 + 14_400 + 2);
	});

	it('stops at once when the caller aborts, and says why', async () => {
		const closed = Promise.withResolvers<void>();
		const url = await httpServer((_, response) => {
			response.once('close', () => closed.resolve());
			response.setHeader('content-type', mediaTypes.frames).write(begun);
		});
		const controller = new AbortController();
		const { call, rows } = callOf(hosts, { signal: controller.signal });
		const asked = clientOf(url).ping(call);
		const outcome = expect(asked).rejects.toThrow('stopped');
		while (rows.size === 0) await sleep(1);
		controller.abort(new Error('stopped'));
		await outcome;
		// So that a worker's probes stop as well.
		await closed.promise;
	});

	it('does not blame the worker for what its taker throws', async () => {
		const { call } = callOf(hosts, {
			onBlock: () => {
				throw new TypeError('our fault');
			},
		});
		await expect(clientOf(await httpServer(answering(whole))).ping(call)).rejects.toThrow(TypeError);
	});
});

describe('an answer that is no success', () => {
	const body = JSON.stringify({ error: { code: 'x', message: 'because \u001b[31mI say so' } });
	it.each([
		[301, 'invalid', false, /HTTP 301/],
		[400, 'rejected', false, /HTTP 400: because \\u\{1b\}\[31mI say so$/],
		[401, 'refused', false, /token/],
		[403, 'refused', false, /token/],
		[404, 'invalid', false, /not a pingpool worker/],
		[405, 'invalid', false, /not a pingpool worker/],
		[408, 'broken', false, /did not get all of the request in time \(HTTP 408\)/],
		[413, 'too-large', false, /takes no request of that size \(HTTP 413\): because/],
		[429, 'busy', false, /busy/],
		[500, 'broken', false, /HTTP 500: because/],
		// A gateway may have lost the worker in the middle of its work.
		[502, 'broken', true, /HTTP 502/],
		[503, 'broken', false, /HTTP 503: because/],
		[504, 'broken', true, /HTTP 504/],
		[204, 'invalid', false, /HTTP 204/],
	])('with status %i is %s', async (status, kind, probed, message) => {
		const url = await httpServer((_, response) => {
			response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(status === 204 ? '' : body);
		});
		await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({
			name: 'WorkerFailure',
			kind,
			probed,
			message: expect.stringMatching(message),
		});
	});

	it('401 is told from a token that is wrong where none was given', async () => {
		const url = await httpServer((_, response) => void response.writeHead(401).end());
		const client = new WorkerClient({ name: 'w', url, token: undefined, connections: 1 });
		closers.push(() => client.close());
		await expect(client.ping(callOf(hosts).call)).rejects.toMatchObject({
			kind: 'refused',
			message: 'wants a token, and there is none for it in its line or in PINGPOOL_TOKEN (HTTP 401)',
		});
	});

	it('may have a page of any length', async () => {
		const url = await httpServer((_, response) => void response.writeHead(502).end('x'.repeat(1_000_000)));
		await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({ kind: 'broken' });
	});

	/** By the clock of the worker, which is an hour off. */
	const workerMs = Date.now() - 3_600_000;
	const dated = (ms: number): string => new Date(workerMs + ms).toUTCString();
	it.each([
		['3', 3_000],
		['0', 0],
		['99999', 30_000],
		[dated(8_000), 8_000],
		[dated(86_400_000), 30_000],
		[dated(-86_400_000), 0],
	])('says with Retry-After: %j to come back later', async (retryAfter, retryAfterMs) => {
		for (const status of [429, 503]) {
			const url = await httpServer((_, response) => {
				response.writeHead(status, { date: dated(0), 'retry-after': retryAfter }).end();
			});
			await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({
				kind: 'busy',
				message: `is busy (HTTP ${status})`,
				retryAfterMs,
				probed: false,
			});
		}
	});

	it.each(['soon', '-1', ''])('says nothing useful with Retry-After: %j', async (retryAfter) => {
		for (const [status, expected] of [
			[429, { kind: 'busy', retryAfterMs: 1_000 }],
			[503, { kind: 'broken', retryAfterMs: undefined }],
		] as const) {
			const url = await httpServer((_, response) => {
				response.writeHead(status, retryAfter === '' ? {} : { 'retry-after': retryAfter }).end();
			});
			await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject(expected);
		}
	});
});

describe('a worker that can not be spoken to', () => {
	it('is unreachable when nothing listens', async () => {
		const url = `http://127.0.0.1:${await closedPort()}`;
		await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({
			kind: 'unreachable',
			message: 'can not be reached: the connection was refused (ECONNREFUSED)',
		});
	});

	it('is unreachable when its name does not resolve', async () => {
		await expect(clientOf('http://no-such-worker.invalid:1').ping(callOf(hosts).call)).rejects.toMatchObject({
			kind: 'unreachable',
		});
	});

	it('is invalid when it does not speak HTTP', async () => {
		const url = await rawServer((socket) => socket.end('220 mail.test ESMTP\r\n'));
		await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({
			kind: 'invalid',
			message: 'is not a pingpool worker (it does not speak HTTP)',
		});
	});

	it('has broken the connection when it closes it before a word', async () => {
		const url = await rawServer((socket) => socket.destroy());
		await expect(clientOf(url).ping(callOf(hosts).call)).rejects.toMatchObject({ kind: 'broken' });
	});

	it('has broken the connection when it speaks TLS and that is not expected, which is asked for', async () => {
		const server = createTlsServer({ ...(await makeSelfSigned()) });
		const port = await listening(server);
		try {
			const client = clientOf(`http://127.0.0.1:${port}`);
			await expect(client.capabilities(AbortSignal.timeout(20_000))).rejects.toMatchObject({
				kind: 'broken',
				message: expect.stringMatching(
					/^broke off the connection .*; is it https:\/\/ instead of http:\/\/\?$/,
				),
			});
		} finally {
			await new Promise((resolve) => server.close(resolve));
		}
	});

	it('is unreachable when TLS is expected and not spoken', async () => {
		const url = await httpServer(answering(whole));
		await expect(clientOf(url.replace('http:', 'https:')).ping(callOf(hosts).call)).rejects.toMatchObject({
			kind: 'unreachable',
			message:
				'can not be reached: it does not speak TLS; is it http:// instead of https://? (ERR_SSL_WRONG_VERSION_NUMBER)',
		});
	});
});

it('leaves nothing behind on the signal of a caller who makes many calls', async () => {
	const url = await httpServer(answering(whole));
	const client = clientOf(url);
	const controller = new AbortController();
	let listeners = 0;
	let listenersMax = 0;
	const { signal } = controller;
	const add = signal.addEventListener.bind(signal);
	const remove = signal.removeEventListener.bind(signal);
	signal.addEventListener = (...args: Parameters<typeof add>) => {
		listeners += 1;
		listenersMax = Math.max(listenersMax, listeners);
		add(...args);
	};
	signal.removeEventListener = (...args: Parameters<typeof remove>) => {
		listeners -= 1;
		remove(...args);
	};
	for (let i = 0; i < 50; i += 1) await client.ping(callOf(hosts, { signal }).call);
	expect(listeners).toBe(0);
	expect(listenersMax).toBe(1);
});
