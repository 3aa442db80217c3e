import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { lingerBytesMax, requestsAheadMax } from '../../shared/limits.ts';
import { ConnectionGuard } from '../../worker/connection-guard.node.ts';
import type { HttpDoorOptions } from '../../worker/http-door.node.ts';
import { HttpDoor } from '../../worker/http-door.node.ts';
import type { Disturbance } from '../../worker/request-log.ts';
import { listening } from '../servers.ts';
import { exchange } from './raw-exchange.ts';

const get = 'GET / HTTP/1.1\r\nHost: worker\r\n\r\n';

async function doored(listener: RequestListener, options: Partial<HttpDoorOptions> = {}) {
	const disturbances: Disturbance[] = [];
	const guard = new ConnectionGuard({ connectionsMax: 100, strangersPerAddressMax: 100 });
	const door = new HttpDoor({ guard, listener, disturbed: (what) => disturbances.push(what), ...options });
	const sockets: Socket[] = [];
	let parsed = 0;
	const server = createServer({ requireHostHeader: false, maxHeaderSize: 8192, ...door.serverOptions() });
	guard.watch(server);
	door.watch(server);
	server.on('connection', (socket) => sockets.push(socket));
	server.on('request', () => {
		parsed += 1;
	});
	const port = await listening(server);
	return {
		port,
		door,
		disturbances,
		sockets,
		parsed: () => parsed,
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

const answerAtOnce: RequestListener = (_, response) => {
	response.writeHead(200, { 'content-length': 2 }).end('ok');
};

describe('requests that are sent ahead', () => {
	it('are served one at a time, in their order', async () => {
		const served: (string | undefined)[] = [];
		let running = 0;
		let most = 0;
		await using server = await doored((request, response) => {
			served.push(request.url);
			running += 1;
			most = Math.max(most, running);
			setImmediate(() => {
				running -= 1;
				answerAtOnce(request, response);
			});
		});
		const paths = Array.from({ length: requestsAheadMax }, (_, i) => `/${i}`);
		const sent = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: worker\r\n\r\n`).join('');
		const { statuses } = await exchange(server.port, sent, { answers: paths.length });
		expect(statuses).toEqual(paths.map(() => 200));
		expect(served).toEqual(paths);
		expect(most).toBe(1);
	});

	it('end the connection when there are too many, and are not even parsed', async () => {
		await using server = await doored(answerAtOnce);
		const { ended } = await exchange(server.port, get.repeat(1_900));
		expect(ended).toBe(true);
		expect(server.disturbances).toEqual(['ahead']);
		expect(server.parsed()).toBeLessThanOrEqual(requestsAheadMax + 1);
	});

	it('are not served behind one that closes the connection', async () => {
		const served: (string | undefined)[] = [];
		await using server = await doored((request, response) => {
			served.push(request.url);
			response.writeHead(401, { connection: 'close', 'content-length': 0 }).end();
		});
		const { statuses, ended } = await exchange(
			server.port,
			`POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n${get}${get}`,
		);
		expect([statuses, ended, served]).toEqual([[401], true, ['/first']]);
	});
});

describe('a body that nobody reads', () => {
	it('is not read: the answer comes, and the connection ends within a few bytes', async () => {
		await using server = await doored((_, response) => {
			response.writeHead(401, { connection: 'close', 'content-length': 0 }).end();
		});
		const { statuses, ended } = await exchange(
			server.port,
			'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000000\r\n\r\n',
			{
				connected(socket) {
					const piece = Buffer.alloc(65_536);
					const more = (): void => {
						while (socket.writable && socket.write(piece));
					};
					socket.on('drain', more);
					more();
				},
			},
		);
		expect(ended).toBe(true);
		// A reset may overtake the answer for who goes on sending; who does not has read it.
		expect([[401], []]).toContainEqual(statuses);
		expect(server.sockets[0]!.bytesRead).toBeLessThan(lingerBytesMax + 4 * 65_536);
	});

	it('lets the caller read the answer, when it waits', async () => {
		await using server = await doored((_, response) => {
			response.writeHead(413, { connection: 'close', 'content-length': 5 }).end('large');
		});
		const { text, ended } = await exchange(
			server.port,
			'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000000\r\n\r\nsome',
		);
		expect(text).toMatch(/^HTTP\/1\.1 413 [\s\S]*large$/);
		expect(ended).toBe(true);
	});
});

describe('an answer that nobody reads', () => {
	it('ends after its time, though the connection is open', async () => {
		const closed = Promise.withResolvers<boolean>();
		const large = Buffer.alloc(32 * 1024 * 1024);
		await using server = await doored(
			(_, response) => {
				response.once('close', () => closed.resolve(response.writableFinished));
				response.writeHead(200, { 'content-length': large.length }).end(large);
			},
			{ answerMsMax: 100 },
		);
		const socket = connect(server.port, '127.0.0.1', () => socket.write(get));
		socket.pause().on('error', () => undefined);
		expect(await closed.promise).toBe(false);
		socket.destroy();
	});
});

describe('100 Continue', () => {
	const asking = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
	let reading: (response: ServerResponse) => void = () => undefined;
	const echo = (request: IncomingMessage, response: ServerResponse): void => {
		reading(response);
		request.on('data', () => undefined).on('end', () => answerAtOnce(request, response));
	};

	it('is sent when the body is about to be read', async () => {
		await using server = await doored(echo);
		reading = (response) => server.door.reading(response);
		const { statuses } = await exchange(server.port, asking, {
			answers: 2,
			connected: (socket) => socket.once('data', () => socket.write('{}')),
		});
		expect(statuses).toEqual([100, 200]);
	});

	it('is not sent to who is refused', async () => {
		await using server = await doored((_, response) => {
			response.writeHead(401, { connection: 'close', 'content-length': 0 }).end();
		});
		expect((await exchange(server.port, asking)).statuses).toEqual([401]);
	});

	it('is all that can be expected', async () => {
		await using server = await doored(answerAtOnce);
		const { statuses, ended } = await exchange(server.port, asking.replace('100-continue', 'wonders'));
		expect([statuses, ended]).toEqual([[417], true]);
	});
});

describe('headers', () => {
	it.each([
		['twice the same', 'Authorization: Bearer one\r\nauthorization: Bearer two\r\n'],
		['two hosts', 'Host: other\r\n'],
		['two codings', 'Content-Encoding: identity\r\nContent-Encoding: gzip\r\n'],
		['too many of them', 'a: b\r\n'.repeat(64)],
	])('are refused: %s', async (_, headers) => {
		await using server = await doored(answerAtOnce);
		const { statuses, text, ended } = await exchange(
			server.port,
			`GET / HTTP/1.1\r\nHost: worker\r\n${headers}\r\n`,
		);
		expect([statuses, ended]).toEqual([[400], true]);
		expect(text).toContain('"code":"bad-request"');
		expect(server.disturbances).toEqual(['headers']);
	});

	it('are refused without Host, but of HTTP/1.0', async () => {
		await using server = await doored(answerAtOnce);
		expect((await exchange(server.port, 'GET / HTTP/1.1\r\n\r\n')).statuses).toEqual([400]);
		expect((await exchange(server.port, 'GET / HTTP/1.0\r\n\r\n')).statuses).toEqual([200]);
	});
});

describe('what is no HTTP', () => {
	it('gets a bare status and the end of the connection', async () => {
		await using server = await doored(answerAtOnce);
		const { text, ended } = await exchange(server.port, 'SSH-2.0-OpenSSH_9.2\r\n');
		expect(text).toBe('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
		expect(ended).toBe(true);
		expect(server.disturbances).toEqual(['no-http']);
	});

	it('puts no status into an answer that has begun', async () => {
		const begun = Promise.withResolvers<ServerResponse>();
		await using server = await doored((_, response) => {
			response.writeHead(200, { 'content-length': 100 }).write('half');
			begun.resolve(response);
		});
		const { text } = await exchange(server.port, get, {
			connected: (socket) => void begun.promise.then(() => socket.write('garbage\r\n\r\n')),
		});
		expect(text.match(/HTTP\/1\.1/g) ?? []).toHaveLength(1);
		expect(text).not.toContain('400');
	});
});
