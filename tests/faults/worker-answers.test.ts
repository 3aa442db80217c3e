/** What a worker can answer and do while it answers (faults 11 to 18, 23, 25, 28 and 29 of the list in README.md),
 * against the client that asks it, over real connections. */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { getRequestListener } from '@hono/node-server';
import { describe, expect, it } from 'vitest';
import type { PingCall } from '../../master/dispatch/worker-link.ts';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import { encodeBlock } from '../../shared/columns.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import { createRandom } from '../../shared/random.ts';
import { blockOf, capabilities } from '../master/dispatch/fake-link.ts';
import type { Got } from '../master/worker-client-fixture.ts';
import {
	answering,
	callOf,
	clientOf,
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
} from '../master/worker-client-fixture.ts';
import type { TestApp } from '../worker/app-fixture.ts';
import { recordingProbe, testApp, token, upBlock } from '../worker/app-fixture.ts';

const never = new AbortController().signal;
const zeros = Buffer.alloc(64 * 1024);

async function failureOf(pinging: Promise<void>): Promise<WorkerFailure> {
	const error = await pinging.then(
		() => new Error('it was taken'),
		(reason: unknown) => reason,
	);
	if (error instanceof WorkerFailure) return error;
	throw error;
}

/** Writes without end until the other side closes. @returns the bytes that were taken */
async function writeOn(socket: Socket, piece: Buffer): Promise<number> {
	let gone = false;
	const closed = new Promise<void>((resolve) => {
		socket.once('close', () => {
			gone = true;
			resolve();
		});
	});
	while (!gone) {
		if (socket.write(piece)) await new Promise(setImmediate);
		else await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))]);
	}
	return socket.bytesWritten - socket.writableLength;
}

function headOf(type: string, more = ''): string {
	return `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${more}\r\n`;
}

/** Real workers at one address, one life after the other. */
async function livesOf(...apps: TestApp[]): Promise<{ url: string; next: () => void }> {
	let life = 0;
	const listeners = apps.map(({ app }) => getRequestListener(app.fetch, { overrideGlobalObjects: false }));
	const url = await listen(createServer((request, response) => void listeners[life]!(request, response)));
	return {
		url,
		next() {
			life += 1;
		},
	};
}

describe('11: a worker that is started anew', () => {
	it('says so before its first result, and its results count', async () => {
		const { url, next } = await livesOf(testApp(), testApp());
		const client = clientOf(url, token);
		await client.capabilities(never);
		const events: string[] = [];
		const ping = async (): Promise<Got> => {
			const got = callOf(hosts, {
				settings: { ...callOf(hosts).call.settings, port: 9 },
				onRestarted: () => events.push('restarted'),
				onBlock: ({ length }) => events.push(`${length} rows`),
			});
			await client.ping(got.call);
			return got;
		};
		await ping();
		expect(events.splice(0)).toEqual(['3 rows']);
		next();
		await ping();
		expect(events.splice(0)).toEqual(['restarted', '3 rows']);
		await client.capabilities(never);
		await ping();
		expect(events).toEqual(['3 rows']);
	});

	it('is not told of, when nobody has read capabilities before', async () => {
		const { url } = await livesOf(testApp());
		const { call, rows, restarts } = callOf(hosts);
		await clientOf(url, token).ping(call);
		expect([rows.size, restarts()]).toEqual([3, 0]);
	});
});

describe('13: an answer that is not ours', () => {
	const forms = [mediaTypes.frames, mediaTypes.ndjson, mediaTypes.json];
	const bodies: Record<string, string | Buffer> = {
		[mediaTypes.frames]: columns([{ ...head, request: '0123456789abcdef' }, ...pieces.slice(1)]),
		[mediaTypes.ndjson]: lines([
			...hosts.map((host) => ({ host, status: 'up', sent: 1, received: 1, rttMs: 1 })),
			{ done: true, results: 3 },
		]),
		[mediaTypes.json]: JSON.stringify({
			worker: 'x',
			results: hosts.map((host) => ({ host, status: 'up', sent: 1, received: 1, rttMs: 1 })),
		}),
	};

	/** A server whose worker says that it names requests, and answers with `headers`. */
	async function clientOfServer(requestIds: boolean, headers: Record<string, string>, body: string | Buffer) {
		const url = await httpServer((request, response) => {
			if (request.url === '/capabilities') response.end(JSON.stringify(capabilities({ requestIds })));
			else response.writeHead(200, headers).end(body);
		});
		const client = clientOf(url);
		await client.capabilities(never);
		return client;
	}

	it.each(forms)('is refused when another request is named in its header (%s)', async (type) => {
		for (const requestIds of [true, false]) {
			const headers = { 'content-type': type, 'pingpool-request': '0123456789abcdef' };
			const { call, rows, signs } = callOf(hosts);
			const client = await clientOfServer(requestIds, headers, bodies[type]!);
			expect(await failureOf(client.ping(call))).toMatchObject({
				kind: 'invalid',
				message: 'answered another request than ours',
			});
			expect([rows.size, signs()]).toEqual([0, 0]);
		}
	});

	it.each(forms)('is refused when it names none, from a worker that does (%s)', async (type) => {
		const { call, rows } = callOf(hosts);
		const body = type === mediaTypes.frames ? whole : bodies[type]!;
		const client = await clientOfServer(true, { 'content-type': type }, body);
		expect(await failureOf(client.ping(call))).toMatchObject({
			kind: 'invalid',
			message: 'does not say which request it answers',
		});
		expect(rows.size).toBe(0);
	});

	it.each(forms)('23: is taken without a name from a worker of an earlier version (%s)', async (type) => {
		const { call, rows } = callOf(hosts);
		const body = type === mediaTypes.frames ? whole : bodies[type]!;
		await (await clientOfServer(false, { 'content-type': type }, body)).ping(call);
		expect(rows.size).toBe(3);
	});

	it('is refused when the head of its frames names another request, whatever its header says', async () => {
		const url = await httpServer((request, response) => {
			response.setHeader('pingpool-request', request.headers['pingpool-request']!);
			return answering(bodies[mediaTypes.frames]!)(request, response, '');
		});
		const { call, rows } = callOf(hosts);
		expect(await failureOf(clientOf(url).ping(call))).toMatchObject({ kind: 'invalid' });
		expect(rows.size).toBe(0);
	});

	it('is refused when it is for another number of hosts', async () => {
		const { call, rows } = callOf([...hosts, 'c.test']);
		expect(await failureOf(clientOf(await httpServer(answering(whole))).ping(call))).toMatchObject({
			kind: 'invalid',
			message: 'answered another request than ours',
		});
		expect(rows.size).toBe(0);
	});

	it.each(forms)(
		'is refused when a proxy replays what a real worker said to someone else (%s)',
		async (type) => {
			const worker = testApp();
			const { url } = await livesOf(worker);
			let kept: { headers: Headers; body: Buffer } | undefined;
			const proxy = await httpServer(async (request, response, body) => {
				const headers = new Headers({ accept: type });
				for (const name of ['authorization', 'content-type', 'pingpool-request']) {
					const value = request.headers[name];
					if (typeof value === 'string') headers.set(name, value);
				}
				const init = { method: request.method!, headers, ...(request.method === 'POST' && { body }) };
				const real = await fetch(url + request.url, init);
				const answer = { headers: real.headers, body: Buffer.from(await real.arrayBuffer()) };
				if (request.method === 'POST') kept ??= answer;
				const { headers: said, body: bytes } = request.method === 'POST' ? kept! : answer;
				for (const name of ['content-type', 'pingpool-request']) {
					const value = said.get(name);
					if (value !== null) response.setHeader(name, value);
				}
				response.end(bytes);
			});
			const client = clientOf(proxy, token);
			await client.capabilities(never);
			const first = callOf(hosts);
			await client.ping(first.call);
			expect(first.rows.size).toBe(3);
			const second = callOf(['d.test', 'e.test', 'f.test']);
			expect(await failureOf(client.ping(second.call))).toMatchObject({
				kind: 'invalid',
				message: 'answered another request than ours',
			});
			expect(second.rows.size).toBe(0);
		},
	);
});

describe('14: times that can not be', () => {
	it.each(['-1', '-1e-9', '1e308', '1e999', '"NaN"', '11001', '[1]', 'true'])('rttMs %s', async (rtt) => {
		const body = `{"worker":"x","results":[{"host":"10.0.0.1","status":"up","sent":1,"received":1,"rttMs":${rtt}}]}`;
		const { call, rows } = callOf(['10.0.0.1']);
		const client = clientOf(await httpServer(answering(body, mediaTypes.json)));
		expect(await failureOf(client.ping(call))).toMatchObject({ kind: 'invalid' });
		expect(rows.size).toBe(0);
	});

	it('none at all', async () => {
		for (const rttMs of ['null', 'NaN', '-Infinity']) {
			const body = `{"worker":"x","results":[{"host":"10.0.0.1","status":"up","sent":1,"received":1,"rttMs":${rttMs}}]}`;
			const client = clientOf(await httpServer(answering(body, mediaTypes.json)));
			const { call, rows } = callOf(['10.0.0.1']);
			// What is no JSON is taken for an answer that was cut.
			expect(['invalid', 'broken']).toContain((await failureOf(client.ping(call))).kind);
			expect(rows.size).toBe(0);
		}
	});
});

/** What a real worker answers to five hosts, of which two are reported apart. */
async function realAnswer(names: readonly string[]): Promise<Buffer> {
	const probe = recordingProbe('icmp', async ({ hosts: some, report, left }) => {
		report(upBlock(some.slice(0, 2)));
		await new Promise((resolve) => setTimeout(resolve, 60));
		left(some.length, 1);
		report(upBlock(some.slice(2)));
	});
	const response = await testApp({ probes: [probe] }).ping({ hosts: names }, { accept: mediaTypes.frames });
	return Buffer.from(await response.arrayBuffer());
}

const five = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'];

/** A server that answers every request, on one connection or more, as it is told. */
function requestsServer(onRequest: (socket: Socket, request: number) => void): Promise<string> {
	let requests = 0;
	return listen(
		createTcpServer((socket) => {
			socket.on('error', () => undefined);
			let text = '';
			socket.on('data', (data) => {
				text += data.toString('latin1');
				if (!text.endsWith('}')) return;
				text = '';
				onRequest(socket, requests);
				requests += 1;
			});
		}),
	);
}

describe('15: a body cut at any byte', () => {
	type Cut = (socket: Socket, bytes: Buffer, all: number) => void;
	const chunked = (bytes: Buffer): string => `${bytes.length.toString(16)}\r\n`;
	it.each<[string, Cut]>([
		[
			'with a length, the connection closed',
			(socket, bytes, all) => {
				socket.write(headOf(mediaTypes.frames, `Content-Length: ${all}\r\n`));
				socket.end(bytes);
			},
		],
		[
			'without a length, the connection closed',
			(socket, bytes) => {
				socket.write(headOf(mediaTypes.frames, 'Connection: close\r\n'));
				socket.end(bytes);
			},
		],
		[
			'in a chunk, ended as if it were whole',
			(socket, bytes) => {
				socket.write(headOf(mediaTypes.frames, 'Transfer-Encoding: chunked\r\n'));
				socket.end(
					bytes.length === 0
						? '0\r\n\r\n'
						: Buffer.concat([Buffer.from(chunked(bytes)), bytes, Buffer.from('\r\n0\r\n\r\n')]),
				);
			},
		],
		[
			'29: the connection reset',
			(socket, bytes, all) => {
				socket.write(headOf(mediaTypes.frames, `Content-Length: ${all}\r\n`));
				// A reset throws away what the other side has not read yet, so that less may arrive.
				if (bytes.length === 0) socket.resetAndDestroy();
				else socket.write(bytes, () => socket.resetAndDestroy());
			},
		],
	])(
		'%s',
		async (name, cut) => {
			const bytes = await realAnswer(five);
			const cutAt: number[] = [];
			const url = await requestsServer((socket, request) => {
				cutAt.push(request);
				cut(socket, bytes.subarray(0, request), bytes.length);
			});
			const client = clientOf(url);
			const rowsAt: number[] = [];
			for (let at = 0; at < bytes.length; at += 1) {
				const { call, rows } = callOf(five);
				const failure = await failureOf(client.ping(call));
				expect(failure, `cut at ${at}`).toMatchObject({ kind: 'broken', probed: true });
				expect([0, 2, 5], `cut at ${at}`).toContain(rows.size);
				rowsAt.push(rows.size);
			}
			expect(cutAt.length).toBe(bytes.length);
			if (name.startsWith('29')) return;
			// Every block is taken as soon as its last byte is there, and never before.
			expect(rowsAt).toEqual(rowsAt.toSorted((a, b) => a - b));
			expect(new Set(rowsAt)).toEqual(new Set([0, 2, 5]));
			expect(rowsAt.at(-1)).toBe(5);
		},
		20_000,
	);

	it('with any bytes of it changed, is taken or refused, and no row is out of range', async () => {
		const bytes = await realAnswer(five);
		const seed = 20_261_122;
		const random = createRandom(seed);
		const wrong: Buffer[] = [];
		const url = await requestsServer((socket, request) => {
			const changed = Buffer.from(bytes);
			for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
				changed[random.below(changed.length)]! ^= 1 << random.below(8);
			}
			wrong[request] = changed;
			socket.end(
				Buffer.concat([
					Buffer.from(headOf(mediaTypes.frames, `Content-Length: ${changed.length}\r\n`)),
					changed,
				]),
			);
		});
		const client = clientOf(url);
		const outcomes = new Set<string>();
		for (let round = 0; round < 300; round += 1) {
			const { call, rows } = callOf(five, {
				onBlock: (block) => {
					for (let row = 0; row < block.length; row += 1) {
						expect(block.index[row]).toBeLessThan(five.length);
						expect(rows.has(block.index[row]!)).toBe(false);
						rows.set(block.index[row]!, block);
						if (!Number.isNaN(block.rttMs[row])) expect(block.rttMs[row]).toBeLessThanOrEqual(11_000);
					}
				},
			});
			const outcome = await client.ping(call).then(
				() => 'taken',
				(error: unknown) => (error instanceof WorkerFailure ? error.kind : String(error)),
			);
			expect(['taken', 'invalid', 'broken'], `seed ${seed}, round ${round}`).toContain(outcome);
			outcomes.add(outcome);
		}
		expect(outcomes).toContain('invalid');
	}, 20_000);
});

describe('16: a body without end', () => {
	it.each([
		[
			'of a gigabyte that it announces',
			`Content-Length: ${2 ** 30}\r\n`,
			mediaTypes.ndjson,
			Buffer.alloc(65_536, 10),
		],
		['that announces nothing', 'Connection: close\r\n', mediaTypes.ndjson, Buffer.alloc(65_536, 10)],
		['in one line', 'Connection: close\r\n', mediaTypes.ndjson, Buffer.alloc(65_536, 120)],
		['in one JSON object', `Content-Length: ${2 ** 30}\r\n`, mediaTypes.json, Buffer.alloc(65_536, 32)],
		[
			'of signs of life',
			'Connection: close\r\n',
			mediaTypes.frames,
			Buffer.concat(Array<Buffer>(2_000).fill(columns([{ alive: true }]))),
		],
		[
			'of frames that nobody knows',
			'Connection: close\r\n',
			mediaTypes.frames,
			Buffer.concat(Array<Buffer>(2_000).fill(Buffer.from([1, 0, 0, 0, 9, 0, 0, 0, 7]))),
		],
		['in one frame', 'Connection: close\r\n', mediaTypes.frames, zeros],
	])('%s is given up after a few megabytes', async (name, more, type, piece) => {
		const taken = Promise.withResolvers<number>();
		const url = await rawServer(async (socket) => {
			socket.write(headOf(type, more));
			if (type === mediaTypes.frames) socket.write(columns([head]));
			if (name === 'in one frame') socket.write(Buffer.from([255, 255, 31, 0, 9, 0, 0, 0]));
			taken.resolve(await writeOn(socket, piece));
		});
		const { call } = callOf(hosts);
		expect(await failureOf(clientOf(url).ping(call))).toMatchObject({ kind: 'invalid' });
		expect(await taken.promise).toBeLessThan(16 * 1024 * 1024);
	});

	const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
	it.each([
		['says so', { 'content-encoding': 'gzip' }],
		['does not say so', {}],
	])('that is a compressed bomb and %s is not unpacked', async (_, headers) => {
		const url = await httpServer((_request, response) => {
			response.writeHead(200, { 'content-type': mediaTypes.frames, ...headers }).end(bomb);
		});
		const before = process.memoryUsage().rss;
		expect(await failureOf(clientOf(url).ping(callOf(hosts).call))).toMatchObject({ kind: 'invalid' });
		expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024);
	});

	it('behind a head without end', async () => {
		const taken = Promise.withResolvers<number>();
		const url = await rawServer(async (socket) => {
			socket.write('HTTP/1.1 200 OK\r\n');
			taken.resolve(await writeOn(socket, Buffer.from(`X-Filler: ${'x'.repeat(1_000)}\r\n`)));
		});
		expect(await failureOf(clientOf(url).ping(callOf(hosts).call))).toMatchObject({
			kind: 'invalid',
			message: 'sent a longer head than a pingpool worker would',
		});
		expect(await taken.promise).toBeLessThan(16 * 1024 * 1024);
	});
});

describe('17: an answer that drips', () => {
	it.each<[string, string, Buffer]>([
		['its body', headOf(mediaTypes.frames, `Content-Length: ${whole.length}\r\n`), whole],
		['its head', '', Buffer.from(headOf(mediaTypes.frames))],
	])(
		'byte by byte in %s shows no sign of life, and ends when its caller gives it up',
		async (_, first, rest) => {
			const gone = Promise.withResolvers<void>();
			const half = Promise.withResolvers<void>();
			const url = await rawServer(async (socket) => {
				socket.once('close', () => gone.resolve());
				socket.setNoDelay(true).write(first);
				// Up to the middle of the first block, or of the head.
				for (let at = 0; at < 60; at += 1) {
					await new Promise<void>((resolve) => socket.write(rest.subarray(at, at + 1), () => resolve()));
				}
				half.resolve();
			});
			const givenUp = new WorkerFailure('broken', 'said nothing for 10 s');
			const controller = new AbortController();
			const { call, rows, signs } = callOf(hosts, { signal: controller.signal });
			const failing = failureOf(clientOf(url).ping(call));
			await half.promise;
			controller.abort(givenUp);
			expect(await failing).toBe(givenUp);
			expect(rows.size).toBe(0);
			// The heads of the response and of the frames, at most.
			expect(signs()).toBeLessThanOrEqual(2);
			await gone.promise;
		},
	);
});

describe('28: a connection that was kept and is closed', () => {
	const answer = Buffer.concat([
		Buffer.from(headOf(mediaTypes.frames, `Content-Length: ${whole.length}\r\n`)),
		whole,
	]);

	it.each<[string, (socket: Socket) => void]>([
		['closed', (socket) => void socket.end()],
		['reset', (socket) => void socket.resetAndDestroy()],
	])('under a request (%s) may have carried it; the next one gets a new one', async (_, close) => {
		const sockets = new Set<Socket>();
		const url = await requestsServer((socket, request) => {
			sockets.add(socket);
			if (request === 1) close(socket);
			else socket.write(answer);
		});
		const client = clientOf(url);
		await client.ping(callOf(hosts).call);
		expect(await failureOf(client.ping(callOf(hosts).call))).toMatchObject({
			kind: 'broken',
			probed: true,
			message: expect.stringMatching(/^broke off the connection/),
		});
		const { call, rows } = callOf(hosts);
		await client.ping(call);
		expect([rows.size, sockets.size]).toEqual([3, 2]);
	});

	it('between two requests costs nothing', async () => {
		const closed = Promise.withResolvers<void>();
		const url = await requestsServer((socket, request) => {
			socket.write(answer);
			if (request > 0) return;
			socket.once('close', () => closed.resolve());
			setImmediate(() => socket.end());
		});
		const client = clientOf(url);
		await client.ping(callOf(hosts).call);
		await closed.promise;
		const { call, rows } = callOf(hosts);
		await client.ping(call);
		expect(rows.size).toBe(3);
	});
});

it('a caller who gives a worker up gets back his own reason, whenever he does', async () => {
	const reason = new WorkerFailure('broken', 'was silent for 3 s');
	const moments: [string, (controller: AbortController) => Partial<PingCall>][] = [
		['before it is asked', () => ({ signal: AbortSignal.abort(reason) })],
		['at its head', (controller) => ({ onAlive: () => controller.abort(reason) })],
		['at its first results', (controller) => ({ onBlock: () => controller.abort(reason) })],
	];
	const url = await httpServer((_, response) => {
		response.setHeader('content-type', mediaTypes.frames).write(stream([encodeBlock(blockOf([0], 'up'))]));
	});
	for (const [moment, changes] of moments) {
		const controller = new AbortController();
		const { call } = callOf(hosts, { signal: controller.signal, ...changes(controller) });
		expect(await failureOf(clientOf(url).ping(call)), moment).toBe(reason);
	}
});
