/** Requirement 3, from outside: what is refused is refused before its body is read, and the body never is. */
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lingerBytesMax } from '../../shared/limits.ts';
import { exchange } from '../worker/raw-exchange.ts';
import type { ServedWorker } from './served-worker.ts';
import { authorization, body, host, serveWorker } from './served-worker.ts';

/** Refusals of every kind, of a body that is announced and not sent. */
const refusals: [name: string, head: string, status: number][] = [
	['no token', `POST /ping HTTP/1.1\r\n${host}`, 401],
	['a wrong token', `POST /ping HTTP/1.1\r\n${host}Authorization: Bearer ${'x'.repeat(43)}\r\n`, 401],
	['a token of another kind', `POST /ping HTTP/1.1\r\n${host}Authorization: Basic eDp5\r\n`, 401],
	['no token and a compressed body', `POST /ping HTTP/1.1\r\n${host}Content-Encoding: gzip\r\n`, 401],
	['another path', `POST /elsewhere HTTP/1.1\r\n${host}`, 404],
	['another method', `PUT /ping HTTP/1.1\r\n${host}`, 405],
	['a body for /capabilities', `POST /capabilities HTTP/1.1\r\n${host}${authorization}`, 405],
	['a body over the ceiling', `POST /ping HTTP/1.1\r\n${host}${authorization}`, 413],
	['a compressed body', `POST /ping HTTP/1.1\r\n${host}${authorization}Content-Encoding: zstd\r\n`, 415],
];

/** Sends as fast as the other end takes it, until it takes no more. */
function pour(socket: Socket): void {
	const piece = Buffer.alloc(256 * 1024, 0x20);
	const more = (): void => {
		while (socket.writable && socket.write(piece));
	};
	socket.on('drain', more);
	more();
}

describe('03: the token is judged before the body is read', () => {
	let worker: ServedWorker;
	beforeAll(async () => {
		worker = await serveWorker();
	});
	afterAll(() => worker?.[Symbol.asyncDispose]());

	it.each(refusals)('answers %s while the body has not been sent', async (_, head, status) => {
		const { statuses, text, ended } = await exchange(
			worker.port,
			`${head}Content-Length: 4000000000\r\n\r\n`,
		);
		expect([statuses, ended]).toEqual([[status], true]);
		expect(text).toMatch(/^connection: close\r$/im);
	});

	it.each(refusals.filter(([, , status]) => status === 401))(
		'asks nobody to continue who has %s',
		async (_, head) => {
			const { statuses } = await exchange(
				worker.port,
				`${head}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
			);
			expect(statuses).toEqual([401]);
		},
	);

	it('asks who has the token to continue, and reads', async () => {
		const { statuses } = await exchange(
			worker.port,
			`POST /ping HTTP/1.1\r\n${host}${authorization}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
			{ answers: 2, connected: (socket) => socket.once('data', () => socket.write(body)) },
		);
		expect(statuses).toEqual([100, 200]);
	});

	it.each([
		['announced', 'Content-Length: 4000000000\r\n\r\n'],
		['in chunks without end', 'Transfer-Encoding: chunked\r\n\r\nffffffff\r\n'],
	])('reads nothing of gigabytes that are sent nevertheless (%s)', async (_, rest) => {
		let sender: Socket | undefined;
		const { ended } = await exchange(worker.port, `POST /ping HTTP/1.1\r\n${host}${rest}`, {
			connected(socket) {
				sender = socket;
				pour(socket);
			},
		});
		expect(ended).toBe(true);
		// What the two kernels hold between the ends, and what the worker reads while it waits for the end.
		expect(sender!.bytesWritten - sender!.writableLength).toBeLessThan(16 * 1024 * 1024 + lingerBytesMax);
	});
});
