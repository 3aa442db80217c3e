/** Requirement 18, from outside: /health says only that the worker is well, /metrics is for those who show the token
 * and for programs of its machine, and names nobody, and there is nothing else to read. */
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

	it('/metrics is for those who show the token', async () => {
		const ask = (line: string, headers: string): Promise<{ statuses: readonly number[]; text: string }> =>
			exchange(worker.port, `${line} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`, { answers: 1 });
		for (const headers of [
			'',
			'Authorization: Bearer another-token-of-somebody\r\n',
			'X-Forwarded-For: 127.0.0.1\r\n',
		]) {
			for (const method of ['GET', 'HEAD']) {
				const { statuses, text } = await ask(`${method} /metrics`, headers);
				expect(statuses).toEqual([401]);
				expect(text).not.toContain('pingpool_');
			}
		}
		const { statuses, text } = await ask('GET /metrics', `Authorization: Bearer ${token}\r\n`);
		expect(statuses).toEqual([200]);
		expect(text).toContain('\npingpool_worker_results_total{');
		expect(text).not.toContain(token);
		expect(text).not.toContain('127.0.0.1');
		expect((await ask(`GET /metrics?token=${token}`, '')).statuses).toEqual([401]);
	});

	it('/metrics is for programs of this machine as well, without a token, and for nobody through them', async () => {
		const ask = async (headers: Record<string, string>): Promise<number> => {
			const lines = Object.entries({ Host: `127.0.0.1:${worker.port}`, ...headers });
			const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
			const asked = await exchange(worker.port, `GET /metrics HTTP/1.1\r\n${head}\r\n`, { answers: 1 });
			return asked.statuses[0]!;
		};
		expect(await ask({})).toBe(200);
		expect(await ask({ Host: 'localhost' })).toBe(200);
		for (const headers of [
			{ Authorization: 'Bearer another-token-of-somebody' },
			{ Authorization: '' },
			{ Origin: 'http://127.0.0.1:8787' },
			{ 'Sec-Fetch-Site': 'cross-site' },
			{ Host: 'rebound.example' },
			{ 'X-Forwarded-For': '127.0.0.1' },
			{ 'X-Real-IP': '192.0.2.7' },
			{ Forwarded: 'for=127.0.0.1' },
			{ Via: '1.1 proxy' },
		]) {
			expect(await ask(headers), JSON.stringify(headers)).toBe(401);
		}
		// What it can do, and everything else, stays behind the token.
		const capabilities = 'GET /capabilities HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
		expect((await exchange(worker.port, capabilities, { answers: 1 })).statuses).toEqual([401]);
	});

	it('/metrics of a worker without a token is for programs of this machine, and no web page', async () => {
		await using open = await serveWorker(['--no-auth'], {});
		const ask = async (headers: Record<string, string>): Promise<number> => {
			const lines = Object.entries({ Host: `127.0.0.1:${open.port}`, ...headers });
			const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
			const { statuses } = await exchange(open.port, `GET /metrics HTTP/1.1\r\n${head}\r\n`, { answers: 1 });
			return statuses[0]!;
		};
		expect(await ask({})).toBe(200);
		expect(await ask({ Origin: 'http://127.0.0.1:8787' })).toBe(401);
		expect(await ask({ 'Sec-Fetch-Site': 'cross-site' })).toBe(401);
		expect(await ask({ Host: 'rebound.example' })).toBe(401);
	});

	it.each([
		'/metrics/',
		'/metrics/more',
		'/',
		'/debug',
		'/status',
		'/health/',
		'/health/more',
		'/ping/..',
		'//health',
	])('%s does not exist, with and without a token', async (path) => {
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
	});
});
