/**
 * What strangers do to a worker, each kind alone: they open connections from addresses 127.0.1.x at a stated rate,
 * hold a stated number of them, and have no token. Their own rate is bounded, because on one machine with the worker
 * they would otherwise measure themselves: what is proven is what such a rate does to the worker.
 */
import type { Socket } from 'node:net';

export interface Attack {
	readonly name: string;
	/** what it does, for a table */
	readonly title: string;
	/** connections that are opened a second */
	readonly perSecond: number;
	/** … and held at a time: beyond, the oldest is closed */
	readonly held: number;
	/** once, when it is connected */
	act(socket: Socket): void;
	/** once a second while it is held. Default: nothing */
	drip?(socket: Socket): void;
}

const head = 'POST /ping HTTP/1.1\r\nHost: worker\r\n';
const wrongToken = 'Authorization: Bearer not-a-token-of-this-worker\r\n';
const megabyte = Buffer.alloc(1024 * 1024, 0x20);
const health = 'GET /health HTTP/1.1\r\nHost: worker\r\n\r\n';

/** Takes what comes and forgets it. */
function ignore(socket: Socket): Socket {
	return socket.resume();
}

export const attacks: readonly Attack[] = [
	{
		name: 'idle',
		title: 'connections that say nothing',
		perSecond: 500,
		held: 3_000,
		act: ignore,
	},
	{
		name: 'slow-heads',
		title: 'request heads of a line a second',
		perSecond: 300,
		held: 2_000,
		act: (socket) => ignore(socket).write(head),
		drip: (socket) => socket.write('X-More: to come\r\n'),
	},
	{
		name: 'slow-bodies',
		title: 'bodies of a byte a second, behind a wrong token',
		perSecond: 300,
		held: 2_000,
		act: (socket) => ignore(socket).write(`${head}${wrongToken}Content-Length: 1000000\r\n\r\n{`),
		drip: (socket) => socket.write(' '),
	},
	{
		name: 'slow-readers',
		title: '16 requests at a time, whose answers nobody reads',
		perSecond: 100,
		held: 1_000,
		act: (socket) => socket.pause().write(health.repeat(16)),
	},
	{
		name: 'floods',
		title: 'connections that are opened and closed',
		perSecond: 1_000,
		held: 0,
		act: (socket) => socket.destroy(),
	},
	{
		name: 'tokens',
		title: 'guesses of the token',
		perSecond: 300,
		held: 100,
		act: (socket) => ignore(socket).write(`${head}${wrongToken}Content-Length: 2\r\n\r\n{}`),
	},
	{
		name: 'oversized',
		title: 'bodies of a gigabyte',
		perSecond: 50,
		held: 20,
		act(socket) {
			ignore(socket).write(`${head}${wrongToken}Content-Length: 1000000000\r\n\r\n`);
			const more = (): void => {
				if (socket.writable && socket.bytesWritten < 1e9 && socket.write(megabyte)) setImmediate(more);
			};
			socket.on('drain', more);
			more();
		},
	},
	{
		name: 'compressed',
		title: 'compressed bodies',
		perSecond: 300,
		held: 100,
		act: (socket) =>
			ignore(socket).write(
				`${head}${wrongToken}Content-Encoding: gzip\r\nContent-Length: 4000\r\n\r\n${'\x1f\x8b'.repeat(1_000)}`,
				'latin1',
			),
	},
	{
		name: 'garbage',
		title: '64 KB of pipelined garbage',
		perSecond: 200,
		held: 100,
		act: (socket) => ignore(socket).write(`${health}GET / HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(1_000)),
	},
];

/** An attack by its name. */
export function attackNamed(name: string): Attack {
	const attack = attacks.find((one) => one.name === name);
	if (attack === undefined) throw new Error(`no attack is named ${name}`);
	return attack;
}
