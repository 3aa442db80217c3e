/** Loopback servers and ports of tests. */
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer as createTcpServer } from 'node:net';

/** Lets a server listen on a free loopback port. @returns the port */
export async function listening(server: Server): Promise<number> {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return (server.address() as AddressInfo).port;
}

/**
 * A loopback port that nobody listens on, nor will as long as this process lives: a connection of ours has it for its
 * own end. (One that was only free a moment ago is soon given to others: tests start hundreds of servers.)
 */
export async function closedPort(): Promise<number> {
	const far = createTcpServer((socket) => socket.on('error', () => undefined).unref());
	const farPort = await listening(far);
	try {
		for (;;) {
			const localPort = await freePort();
			const socket = connect({ port: farPort, host: '127.0.0.1', localPort, localAddress: '127.0.0.1' });
			const isOurs = await new Promise<boolean>((resolve) => {
				socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
			});
			// Else somebody else was given it in between.
			if (!isOurs) continue;
			socket.on('error', () => undefined).unref();
			return localPort;
		}
	} finally {
		// Ends when the connection does, which this process does not wait for.
		far.close();
		far.unref();
	}
}

/** A loopback port that nobody listened on a moment ago. */
async function freePort(): Promise<number> {
	const server = createTcpServer();
	const port = await listening(server);
	await new Promise((resolve) => server.close(resolve));
	return port;
}

/** A server that is no pingpool worker. */
export interface ForeignServer extends AsyncDisposable {
	readonly port: number;
	/** requests, or connections, so far */
	hits(): number;
}

/** @param kind `web` answers 200 with a page, or 500 to /broken; `noise` speaks no HTTP; `silence` says nothing */
export async function foreignServer(kind: 'web' | 'noise' | 'silence'): Promise<ForeignServer> {
	let hits = 0;
	const server =
		kind === 'web'
			? createServer((request, response) => {
					hits += 1;
					response.writeHead(request.url === '/broken' ? 500 : 200).end('<h1>It works!</h1>');
				})
			: createTcpServer((socket) => {
					hits += 1;
					socket.on('error', () => undefined).resume();
					if (kind === 'noise') socket.end('SSH-2.0-OpenSSH_9.2\r\n');
				});
	const port = await listening(server);
	return {
		port,
		hits: () => hits,
		async [Symbol.asyncDispose]() {
			if ('closeAllConnections' in server) server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
