/** Workers that answer as a test tells them, over real HTTP, and the client that asks them. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { afterEach } from 'vitest';
import type { PingCall } from '../../master/dispatch/worker-link.ts';
import { WorkerClient } from '../../master/worker-client.ts';
import { encodeBlock } from '../../shared/columns.ts';
import { markFrame } from '../../shared/frames.ts';
import { hostColumn } from '../../shared/host-column.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import type { ResultBlock } from '../../shared/results.ts';
import { blockOf } from './dispatch/fake-link.ts';

export const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
});

export type Answer = (
	request: IncomingMessage,
	response: ServerResponse,
	body: string,
) => void | Promise<void>;

export async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	closers.push(() => {
		if ('closeAllConnections' in server) server.closeAllConnections();
		server.close();
	});
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A real server that answers as it is told. */
export function httpServer(answer: Answer): Promise<string> {
	return listen(
		createServer(async (request, response) => {
			let body = '';
			for await (const part of request.setEncoding('utf8')) body += part;
			await answer(request, response, body);
		}),
	);
}

/** A real server that speaks whatever it is told, once a request has begun. */
export function rawServer(onRequest: (socket: Socket) => void): Promise<string> {
	return listen(
		createTcpServer((socket) => {
			socket.on('error', () => undefined);
			socket.once('data', () => onRequest(socket));
		}),
	);
}

export function clientOf(url: string, token: string | undefined = 'a-token'): WorkerClient {
	const client = new WorkerClient({ name: 'w', url, token, connections: 4 });
	closers.push(() => client.close());
	return client;
}

export interface Got {
	readonly rows: Map<number, ResultBlock>;
	readonly waits: number[];
	/** signs of life so far */
	readonly signs: () => number;
	/** times that the answer was said to be from another life of the worker */
	readonly restarts: () => number;
	readonly call: PingCall;
}

export function callOf(texts: readonly string[], changes: Partial<PingCall> = {}): Got {
	const rows = new Map<number, ResultBlock>();
	const waits: number[] = [];
	let signs = 0;
	let restarts = 0;
	const call: PingCall = {
		request: randomBytes(8).toString('hex'),
		hosts: hostColumn(texts),
		probe: 'icmp',
		settings: { count: 1, attempts: 2, timeoutMs: 1_000, intervalMs: 1_000, refusedIsUp: false },
		onBlock: (block) => {
			for (let row = 0; row < block.length; row += 1) rows.set(block.index[row]!, block);
		},
		onSent: (waitMs) => waits.push(waitMs),
		onAlive: () => {
			signs += 1;
		},
		onRestarted: () => {
			restarts += 1;
		},
		onLoad: () => {},
		signal: new AbortController().signal,
		...changes,
	};
	return { rows, waits, signs: () => signs, restarts: () => restarts, call };
}

export const hosts = ['10.0.0.1', 'a.test', 'b.test:80'];

/** Frames: blocks as they stand, other objects as marks. */
export function columns(pieces: readonly object[]): Buffer {
	return Buffer.concat(pieces.map((piece) => (piece instanceof Uint8Array ? piece : markFrame(piece))));
}

export const head = { worker: 'x', hosts: hosts.length };

/** A stream of frames to a request for `hosts`, without its end. */
export function stream(frames: readonly object[]): Buffer {
	return columns([head, ...frames]);
}

export function lines(objects: readonly unknown[]): string {
	return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
}

export const pieces = [
	head,
	encodeBlock(blockOf([2, 0], 'up')),
	encodeBlock(blockOf([1], 'down', 'timeout')),
	{ done: true, results: 3, waitMs: 7 },
];
export const whole = columns(pieces);

/** its first results */
export const begun = columns(pieces.slice(0, 2));

export function answering(body: string | Buffer, type: string = mediaTypes.frames): Answer {
	return (_, response) => void response.setHeader('content-type', type).end(body);
}
