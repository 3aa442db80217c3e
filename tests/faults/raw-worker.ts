/** Workers that say on their connections, byte by byte, what a test wants, and what a call to them fails with. */
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import { listen } from '../master/worker-client-fixture.ts';

/** What a call fails with, which must be the worker's failure. */
export async function failureOf(pinging: Promise<void>): Promise<WorkerFailure> {
	const error = await pinging.then(
		() => new Error('it was taken'),
		(reason: unknown) => reason,
	);
	if (error instanceof WorkerFailure) return error;
	throw error;
}

/** The start of a good answer. */
export function headOf(type: string, more = ''): string {
	return `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${more}\r\n`;
}

/** A server that answers every request, on one connection or more, as it is told. */
export function requestsServer(onRequest: (socket: Socket, request: number) => void): Promise<string> {
	let requests = 0;
	return listen(
		createServer((socket) => {
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
