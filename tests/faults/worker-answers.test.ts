/** Faults 14 to 17 and 29: answers that lie, end too soon, or do not end at all, over real connections. */
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import { createRandom } from '../../shared/random.ts';
import {
	answering,
	callOf,
	clientOf,
	columns,
	head,
	hosts,
	httpServer,
	rawServer,
	whole,
} from '../master/worker-client-fixture.ts';
import { recordingProbe, testApp, upBlock } from '../worker/app-fixture.ts';
import { failureOf, headOf, requestsServer } from './raw-worker.ts';

const zeros = Buffer.alloc(64 * 1024);

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
	])('%s', async (name, cut) => {
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
	});

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
	});
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
