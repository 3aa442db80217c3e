/** Loopback listeners that misbehave in a stated way. */
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';

export interface Listener extends AsyncDisposable {
	readonly port: number;
	/** connections so far */
	readonly connections: () => number;
	/** the most that were open at a time */
	readonly openMax: () => number;
	/** what the clients have sent, by connection */
	readonly received: string[];
}

/** @param serve gets each connection and its number, from 0; without it they are left silent */
export function listen(
	serve: (socket: Socket, number: number) => void = () => undefined,
	host = '127.0.0.1',
): Promise<Listener> {
	return listenWith(createServer(), serve, host);
}

/** The same on a server that was made elsewhere, such as one for TLS. */
export async function listenWith(
	server: Server,
	serve: (socket: Socket, number: number) => void,
	host = '127.0.0.1',
	port = 0,
): Promise<Listener> {
	const sockets = new Set<Socket>();
	const received: string[] = [];
	let connections = 0;
	let openMax = 0;
	server.on('connection', (socket: Socket) => {
		const number = connections;
		connections += 1;
		sockets.add(socket);
		openMax = Math.max(openMax, sockets.size);
		socket.on('error', () => undefined);
		socket.on('close', () => sockets.delete(socket));
		received[number] = '';
		socket.on('data', (chunk) => {
			received[number] += chunk.toString('latin1');
		});
		serve(socket, number);
	});
	await new Promise<void>((resolve) => server.listen(port, host, 2_048, resolve));
	return {
		port: (server.address() as { port: number }).port,
		connections: () => connections,
		openMax: () => openMax,
		received,
		async [Symbol.asyncDispose]() {
			for (const socket of sockets) socket.destroy();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
	};
}
