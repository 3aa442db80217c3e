/**
 * Requirement 12: of a worker, a master reads no more than an honest one would send, whatever part of HTTP carries
 * it. Bodies, heads, compression and drips are in tests/faults/worker-answers.test.ts, contents there and in
 * tests/master/worker-client.test.ts; here is what is left of HTTP.
 */
import { describe, expect, it } from 'vitest';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import { failureOf, headOf } from '../faults/raw-worker.ts';
import { callOf, clientOf, hosts, rawServer, whole } from '../master/worker-client-fixture.ts';

/**
 * A worker that writes without end what starts like this, until the other side closes.
 *
 * @param onTaken told, once, when a few megabytes have gone
 */
function floodOf(start: string, piece: string | Buffer, onTaken = (): void => undefined): Promise<string> {
	const bytes = Buffer.from(piece);
	return rawServer((socket) => {
		socket.write(start, 'latin1');
		const more = (): void => {
			if (socket.bytesWritten > takenBytes) onTaken();
			while (!socket.destroyed && socket.write(bytes));
		};
		socket.on('drain', more);
		more();
	});
}

const takenBytes = 4 * 1024 * 1024;

const chunked = headOf(mediaTypes.frames, 'Transfer-Encoding: chunked\r\n');
const wholeChunk = `${whole.length.toString(16)}\r\n${whole.toString('latin1')}\r\n`;

describe('12: a flood in what is no body', () => {
	it.each([
		[
			'headers without end',
			'HTTP/1.1 200 OK\r\n',
			'a:\r\n'.repeat(1_000),
			'sent a longer head than a pingpool worker would',
		],
		[
			'one header without end',
			'HTTP/1.1 200 OK\r\nX: ',
			Buffer.alloc(65_536, 'x'),
			'sent a longer head than a pingpool worker would',
		],
		[
			'trailers instead of an answer',
			`${chunked}0\r\n`,
			'X: y\r\n'.repeat(1_000),
			'sent a longer head than a pingpool worker would',
		],
		[
			'trailers behind a good answer',
			`${chunked}${wholeChunk}0\r\n`,
			'X: y\r\n'.repeat(1_000),
			'sent a longer head than a pingpool worker would',
		],
		[
			'extensions of small chunks',
			chunked,
			`1;${'x'.repeat(500)}\r\n\0\r\n`.repeat(100),
			'sent what is no stream of frames',
		],
	])('%s: the worker is out', async (_, start, piece, message) => {
		const { call } = callOf(hosts);
		expect(await failureOf(clientOf(await floodOf(start, piece)).ping(call))).toMatchObject({
			kind: 'invalid',
			message,
		});
	});

	it('of "100 Continue" that was not asked for: the connection is closed', async () => {
		const url = await floodOf('HTTP/1.1 ', '100 Continue\r\n\r\nHTTP/1.1 '.repeat(1_000));
		const { call, signs } = callOf(hosts);
		expect(await failureOf(clientOf(url).ping(call))).toMatchObject({ kind: 'broken' });
		expect(signs()).toBe(0);
	});

	it('of answers that nobody asked for, behind a good one: the good one counts', async () => {
		const url = await floodOf(
			`${headOf(mediaTypes.frames, `Content-Length: ${whole.length}\r\n`)}${whole.toString('latin1')}`,
			'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'.repeat(1_000),
		);
		const { call, rows } = callOf(hosts);
		await clientOf(url).ping(call);
		expect(rows.size).toBe(hosts.length);
		// The next one gets a connection of its own, and its own answer.
		const again = callOf(hosts);
		await clientOf(url).ping(again.call);
		expect(again.rows.size).toBe(hosts.length);
	});

	it.each([
		['interim answers', 'HTTP/1.1 ', `103 Early Hints\r\nX: ${'y'.repeat(100)}\r\n\r\nHTTP/1.1 `.repeat(500)],
		['a status line', 'HTTP/1.1 200 ', Buffer.alloc(65_536, 'x')],
		['the extension of a chunk', `${chunked}1;`, Buffer.alloc(65_536, 'x')],
		['the length of a chunk', `${chunked}0`, Buffer.alloc(65_536, '0')],
	])('of %s: is kept nowhere and is no sign of life, so that its time runs out', async (_, start, piece) => {
		const taken = Promise.withResolvers<void>();
		const url = await floodOf(start, piece, taken.resolve);
		const controller = new AbortController();
		const { call, signs, rows } = callOf(hosts, { signal: controller.signal });
		const pinging = clientOf(url).ping(call);
		const givenUp = new WorkerFailure('broken', 'said nothing for 10 s');
		const before = process.memoryUsage().rss;
		const failing = failureOf(pinging);
		await taken.promise;
		controller.abort(givenUp);
		expect(await failing).toBe(givenUp);
		// The head of the response, at most.
		expect(signs()).toBeLessThanOrEqual(1);
		expect(rows.size).toBe(0);
		expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 * 1024);
	});
});

describe('12: contents that only look small', () => {
	const answering = (type: string, body: Buffer | string) =>
		rawServer((socket) => {
			socket.write(headOf(type, `Content-Length: ${Buffer.byteLength(body)}\r\n`));
			socket.end(body);
		});

	it.each([
		['lists in lists', `{"done":true,"results":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
		['objects in objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
		['an object that has no text', '{"done":true,"results":{"toString":1,"valueOf":1}}'],
		['a prototype', '{"__proto__":{"done":true,"alive":true},"constructor":1}'],
		['a number beyond all numbers', `{"done":true,"results":1${'0'.repeat(60_000)}}`],
		['a long text', JSON.stringify({ done: true, results: 'x'.repeat(60_000) })],
		['many keys', `{${Array.from({ length: 6_000 }, (_, i) => `"k${i}":1`).join(',')}}`],
	])('%s: the worker is out, and the message short', async (_, line) => {
		for (const [type, body] of [
			[mediaTypes.ndjson, `${line}\n`],
			[mediaTypes.json, `{"results":[${line},${line}]}`],
		] as const) {
			const { call, rows } = callOf(hosts);
			const failure = await failureOf(clientOf(await answering(type, body)).ping(call));
			expect(failure.kind).toBe('invalid');
			expect(failure.message.length).toBeLessThan(200);
			expect(rows.size).toBe(0);
		}
	});
});
