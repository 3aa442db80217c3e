/** The worker in real workerd, as `wrangler dev` runs it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeRequest } from '../../shared/columns.ts';
import { capabilitiesSchema, mediaTypes } from '../../shared/protocol.ts';
import type { Running } from '../process.ts';
import { notLong, testUnless } from '../requirements.ts';
import { closedPort, listening } from '../servers.ts';
import { columnsIn, columnsOf, linesOf, resultsIn, token } from './app-fixture.ts';
import { startMsMax, startWrangler } from './wrangler.ts';

/** For servers in this process, which answer when it has its turn. */
const patient = { timeoutMs: 60_000, attempts: 1 };

describe('in the runtime of Cloudflare', () => {
	let folder: string;
	let worker: Running;
	let url: string;
	let httpServer: Server;
	let httpPort: number;
	let hits = 0;
	/** lets the silent page answer */
	const speak = Promise.withResolvers<void>();
	/** of the last request to it */
	let headers: IncomingHttpHeaders = {};

	async function start(vars: string): Promise<[Running, string]> {
		const file = join(folder, `vars-${vars.length}`);
		writeFileSync(file, vars);
		return startWrangler(file, folder);
	}

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), 'pingpool-cloudflare-'));
		httpServer = createHttpServer((request, response) => {
			hits += 1;
			headers = request.headers;
			if (request.url === '/silent') {
				void speak.promise.then(() => response.writeHead(503).end());
				return;
			}
			response.writeHead(request.url === '/broken' ? 503 : 302, { location: '/elsewhere' }).end('body');
		});
		httpPort = await listening(httpServer);
		[worker, url] = await start(
			`PINGPOOL_TOKEN=${token}\nPINGPOOL_ALLOW=127.0.0.0/8\nPINGPOOL_PROBES=20\nPINGPOOL_CONTACT=abuse@a.test\n`,
		);
	}, startMsMax + 10_000);

	afterAll(async () => {
		await worker?.[Symbol.asyncDispose]();
		httpServer?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	function ping(body: unknown, init: { accept?: string; token?: string; name?: string } = {}) {
		return fetch(`${url}/ping`, {
			method: 'POST',
			body: JSON.stringify(body),
			headers: {
				authorization: `Bearer ${init.token ?? token}`,
				...(init.accept && { accept: init.accept }),
				...(init.name && { 'pingpool-request': init.name }),
			},
		});
	}

	it('says what it can do', async () => {
		expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
		const response = await fetch(`${url}/capabilities`, { headers: { authorization: `Bearer ${token}` } });
		expect(capabilitiesSchema.parse(await response.json())).toMatchObject({
			runtime: 'cloudflare',
			probes: ['tcp', 'http'],
			icmp: null,
			hostsPerRequestMax: 20,
			probesPerRequestMax: 20,
			requestForms: [mediaTypes.json, mediaTypes.columns],
			heartbeatMs: 250,
			requestIds: true,
		});
	});

	it('connects and fetches, by address and by name', async () => {
		const closed = await closedPort();
		const before = hits;
		const hosts = [
			`tcp://127.0.0.1:${httpPort}`,
			`http://127.0.0.1:${httpPort}/`,
			`http://127.0.0.1:${httpPort}/broken`,
			`tcp://localhost:${httpPort}`,
			`tcp://127.0.0.1:${closed}`,
			'127.0.0.1',
			'tcp://169.254.169.254:80',
			'tcp://127.0.0.1:25',
			'http://name.invalid:25/',
		];
		const response = await ping({ hosts, ...patient });
		const { results } = (await response.json()) as { results: Record<string, unknown>[] };
		expect(results.map(({ host }) => host)).toEqual(hosts);
		expect(results.slice(0, 4)).toMatchObject([
			{ status: 'up', address: '127.0.0.1' },
			{ status: 'up' },
			{ status: 'down', reason: 'http-5xx' },
			{ status: 'up' },
		]);
		// The runtime does not say that a connection was refused, so the host is not blamed.
		expect(results[4]).toMatchObject({ status: 'error', reason: 'connect-failed' });
		expect(results.slice(5)).toMatchObject([
			{ status: 'error', reason: 'no-probe' },
			{ status: 'denied', reason: 'link-local' },
			{ status: 'denied', reason: 'port' },
			{ status: 'denied', reason: 'port' },
		]);
		// Two requests: the redirect was not followed.
		expect(hits - before).toBe(2);
	});

	it('fetches as itself, with nothing of the caller', async () => {
		const hosts = [`http://127.0.0.1:${httpPort}/a%0d%0ab?c`];
		const { results } = (await (await ping({ hosts, ...patient })).json()) as { results: unknown[] };
		expect(results).toMatchObject([{ status: 'up' }]);
		expect(headers['user-agent']).toMatch(
			/^pingpool\/[0-9.]+ \(host availability probe; contact abuse@a\.test\)$/,
		);
		expect(headers).not.toHaveProperty('authorization');
		expect(headers).not.toHaveProperty('cookie');
	});

	it('streams', async () => {
		const hosts = [`tcp://127.0.0.1:${httpPort}`, `http://127.0.0.1:${httpPort}/`];
		const ndjson = await linesOf(await ping({ hosts, ...patient }, { accept: 'application/x-ndjson' }));
		expect(ndjson.at(-1)).toMatchObject({ done: true, results: 2 });
		expect(new Set(ndjson.slice(0, 2).map(({ host }) => host))).toEqual(new Set(hosts));
		const columns = await columnsOf(await ping({ hosts, ...patient }, { accept: mediaTypes.frames }), 2);
		expect(columns.marks[0]).toMatchObject({ hosts: 2 });
		expect(columns.marks.at(-1)).toMatchObject({ done: true, results: 2 });
		expect(resultsIn(columns.blocks).map(({ status }) => status)).toEqual(['up', 'up']);
	});

	it('says that it is alive while a host keeps it waiting, and which request it answers', async () => {
		const request = { hosts: [`http://127.0.0.1:${httpPort}/silent`], ...patient };
		const response = await ping(request, { accept: mediaTypes.frames, name: '0123456789abcdef' });
		expect(response.headers.get('pingpool-request')).toBe('0123456789abcdef');
		const pieces: Uint8Array[] = [];
		let signs = 0;
		for await (const piece of response.body!) {
			pieces.push(piece);
			signs += Buffer.from(piece).toString('latin1').split('"alive":true').length - 1;
			if (signs >= 3) speak.resolve();
		}
		const { marks, blocks } = columnsIn(Buffer.concat(pieces), 1);
		expect(marks[0]).toMatchObject({ hosts: 1, request: '0123456789abcdef' });
		expect(marks.filter((mark) => mark.alive === true).length).toBeGreaterThanOrEqual(3);
		expect(marks.at(-1)).toEqual({ done: true, results: 1 });
		expect(resultsIn(blocks)).toMatchObject([{ status: 'down', reason: 'http-5xx' }]);
	});

	it('takes requests in columns', async () => {
		const response = await fetch(`${url}/ping`, {
			method: 'POST',
			body: encodeRequest(
				{ probe: 'tcp', port: httpPort, ...patient },
				Uint32Array.of(0x7f000001, 0xe0000001),
			),
			headers: { authorization: `Bearer ${token}`, 'content-type': mediaTypes.columns },
		});
		const { results } = (await response.json()) as { results: unknown[] };
		expect(results).toMatchObject([
			{ host: '127.0.0.1', status: 'up', address: '127.0.0.1' },
			{ host: '224.0.0.1', status: 'denied', reason: 'multicast' },
		]);
	});

	it('refuses who has no token, and more than its plan allows', async () => {
		expect((await ping({ hosts: ['192.0.2.1'] }, { token: 'some-other-token-here' })).status).toBe(401);
		const hosts = Array.from({ length: 11 }, (_, i) => `tcp://127.0.0.${i + 1}:9`);
		expect((await ping({ hosts, attempts: 2 })).status).toBe(413);
	});

	testUnless(
		notLong(),
		'says what is missing when it has no token, and does nothing else',
		async () => {
			const [bare, bareUrl] = await start('PINGPOOL_TOKEN=\n');
			try {
				for (const path of ['/health', '/capabilities', '/ping']) {
					const response = await fetch(bareUrl + path);
					expect(response.status).toBe(503);
					expect(await response.text()).toMatch(/PINGPOOL_TOKEN is not set.*\.dev\.vars\.example/);
				}
			} finally {
				await bare[Symbol.asyncDispose]();
			}
		},
		startMsMax,
	);
});
