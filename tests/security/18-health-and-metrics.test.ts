/** Requirement 18, from outside: /health says only that the worker is well, and there is nothing else to read. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange } from '../worker/raw-exchange.ts';
import type { ServedWorker } from './served-worker.ts';
import { serveWorker, token } from './served-worker.ts';

describe('18: health and metrics', () => {
	let worker: ServedWorker;
	beforeAll(async () => {
		worker = await serveWorker();
	});
	afterAll(() => worker?.[Symbol.asyncDispose]());

	it('/health says that it is well, to everybody, and nothing else', async () => {
		const { text } = await exchange(
			worker.port,
			'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
		);
		const [head, said] = text.split('\r\n\r\n');
		expect(said).toBe('{"status":"ok"}');
		const names = head!
			.split('\r\n')
			.slice(1)
			.map((line) => line.split(':')[0]!.toLowerCase());
		expect(names.sort()).toEqual(
			[
				'cache-control',
				'connection',
				'content-length',
				'content-type',
				'date',
				'x-content-type-options',
			].sort(),
		);
	});

	it.each(['/metrics', '/', '/debug', '/status', '/health/', '/health/more', '/ping/..', '//health'])(
		'%s does not exist, with and without a token',
		async (path) => {
			for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
				const { statuses } = await exchange(
					worker.port,
					`GET ${path} HTTP/1.1\r\nHost: a\r\n${Object.entries(headers)
						.map(([name, value]) => `${name}: ${value}\r\n`)
						.join('')}\r\n`,
					{ answers: 1 },
				);
				expect(statuses).toEqual([404]);
			}
		},
	);
});
