/** Fault 28, a connection that ends under a request, and callers who end one themselves. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { PingCall } from '../../master/dispatch/worker-link.ts';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import { encodeBlock } from '../../shared/columns.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import { blockOf } from '../master/dispatch/fake-link.ts';
import { callOf, clientOf, hosts, httpServer, stream, whole } from '../master/worker-client-fixture.ts';
import { failureOf, headOf, requestsServer } from './raw-worker.ts';

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
