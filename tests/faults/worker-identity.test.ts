/** Faults 11, 13 and 23: whose answer an answer is, and from which life of a worker. */
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../../shared/protocol.ts';
import { capabilities } from '../master/dispatch/fake-link.ts';
import type { Got } from '../master/worker-client-fixture.ts';
import {
	answering,
	callOf,
	clientOf,
	columns,
	head,
	hosts,
	httpServer,
	lines,
	listen,
	pieces,
	whole,
} from '../master/worker-client-fixture.ts';
import type { TestApp } from '../worker/app-fixture.ts';
import { testApp, token } from '../worker/app-fixture.ts';
import { failureOf } from './raw-worker.ts';

const never = new AbortController().signal;

/** Real workers at one address, one life after the other. */
async function livesOf(...apps: TestApp[]): Promise<{ url: string; next: () => void }> {
	let life = 0;
	const listeners = apps.map(({ app }) => getRequestListener(app.fetch, { overrideGlobalObjects: false }));
	const url = await listen(createServer((request, response) => void listeners[life]!(request, response)));
	return {
		url,
		next() {
			life += 1;
		},
	};
}

describe('11: a worker that is started anew', () => {
	it('says so before its first result, and its results count', async () => {
		const { url, next } = await livesOf(testApp(), testApp());
		const client = clientOf(url, token);
		await client.capabilities(never);
		const events: string[] = [];
		const ping = async (): Promise<Got> => {
			const got = callOf(hosts, {
				settings: { ...callOf(hosts).call.settings, port: 9 },
				onRestarted: () => events.push('restarted'),
				onBlock: ({ length }) => events.push(`${length} rows`),
			});
			await client.ping(got.call);
			return got;
		};
		await ping();
		expect(events.splice(0)).toEqual(['3 rows']);
		next();
		await ping();
		expect(events.splice(0)).toEqual(['restarted', '3 rows']);
		await client.capabilities(never);
		await ping();
		expect(events).toEqual(['3 rows']);
	});

	it('is not told of in the runtime of Cloudflare, which has many lives of a worker at a time', async () => {
		const { url, next } = await livesOf(testApp({}, { runtime: 'cloudflare' }), testApp());
		const client = clientOf(url, token);
		await client.capabilities(never);
		next();
		const { call, rows, restarts } = callOf(hosts);
		await client.ping(call);
		expect([rows.size, restarts()]).toEqual([3, 0]);
	});

	it('is not told of, when nobody has read capabilities before', async () => {
		const { url } = await livesOf(testApp());
		const { call, rows, restarts } = callOf(hosts);
		await clientOf(url, token).ping(call);
		expect([rows.size, restarts()]).toEqual([3, 0]);
	});
});

describe('13: an answer that is not ours', () => {
	const forms = [mediaTypes.frames, mediaTypes.ndjson, mediaTypes.json];
	const bodies: Record<string, string | Buffer> = {
		[mediaTypes.frames]: columns([{ ...head, request: '0123456789abcdef' }, ...pieces.slice(1)]),
		[mediaTypes.ndjson]: lines([
			...hosts.map((host) => ({ host, status: 'up', sent: 1, received: 1, rttMs: 1 })),
			{ done: true, results: 3 },
		]),
		[mediaTypes.json]: JSON.stringify({
			worker: 'x',
			results: hosts.map((host) => ({ host, status: 'up', sent: 1, received: 1, rttMs: 1 })),
		}),
	};

	/** A server whose worker says that it names requests, and answers with `headers`. */
	async function clientOfServer(requestIds: boolean, headers: Record<string, string>, body: string | Buffer) {
		const url = await httpServer((request, response) => {
			if (request.url === '/capabilities') response.end(JSON.stringify(capabilities({ requestIds })));
			else response.writeHead(200, headers).end(body);
		});
		const client = clientOf(url);
		await client.capabilities(never);
		return client;
	}

	it.each(forms)('is refused when another request is named in its header (%s)', async (type) => {
		for (const requestIds of [true, false]) {
			const headers = { 'content-type': type, 'pingpool-request': '0123456789abcdef' };
			const { call, rows, signs } = callOf(hosts);
			const client = await clientOfServer(requestIds, headers, bodies[type]!);
			expect(await failureOf(client.ping(call))).toMatchObject({
				kind: 'invalid',
				message: 'answered another request than ours',
			});
			expect([rows.size, signs()]).toEqual([0, 0]);
		}
	});

	it.each(forms)('is refused when it names none, from a worker that does (%s)', async (type) => {
		const { call, rows } = callOf(hosts);
		const body = type === mediaTypes.frames ? whole : bodies[type]!;
		const client = await clientOfServer(true, { 'content-type': type }, body);
		expect(await failureOf(client.ping(call))).toMatchObject({
			kind: 'invalid',
			message: 'does not say which request it answers',
		});
		expect(rows.size).toBe(0);
	});

	it.each(forms)('23: is taken without a name from a worker of an earlier version (%s)', async (type) => {
		const { call, rows } = callOf(hosts);
		const body = type === mediaTypes.frames ? whole : bodies[type]!;
		await (await clientOfServer(false, { 'content-type': type }, body)).ping(call);
		expect(rows.size).toBe(3);
	});

	it('is refused when the head of its frames names another request, whatever its header says', async () => {
		const url = await httpServer((request, response) => {
			response.setHeader('pingpool-request', request.headers['pingpool-request']!);
			return answering(bodies[mediaTypes.frames]!)(request, response, '');
		});
		const { call, rows } = callOf(hosts);
		expect(await failureOf(clientOf(url).ping(call))).toMatchObject({ kind: 'invalid' });
		expect(rows.size).toBe(0);
	});

	it('is refused when it is for another number of hosts', async () => {
		const { call, rows } = callOf([...hosts, 'c.test']);
		expect(await failureOf(clientOf(await httpServer(answering(whole))).ping(call))).toMatchObject({
			kind: 'invalid',
			message: 'answered another request than ours',
		});
		expect(rows.size).toBe(0);
	});

	it.each(forms)(
		'is refused when a proxy replays what a real worker said to someone else (%s)',
		async (type) => {
			const worker = testApp();
			const { url } = await livesOf(worker);
			let kept: { headers: Headers; body: Buffer } | undefined;
			const proxy = await httpServer(async (request, response, body) => {
				const headers = new Headers({ accept: type });
				for (const name of ['authorization', 'content-type', 'pingpool-request']) {
					const value = request.headers[name];
					if (typeof value === 'string') headers.set(name, value);
				}
				const init = { method: request.method!, headers, ...(request.method === 'POST' && { body }) };
				const real = await fetch(url + request.url, init);
				const answer = { headers: real.headers, body: Buffer.from(await real.arrayBuffer()) };
				if (request.method === 'POST') kept ??= answer;
				const { headers: said, body: bytes } = request.method === 'POST' ? kept! : answer;
				for (const name of ['content-type', 'pingpool-request']) {
					const value = said.get(name);
					if (value !== null) response.setHeader(name, value);
				}
				response.end(bytes);
			});
			const client = clientOf(proxy, token);
			await client.capabilities(never);
			const first = callOf(hosts);
			await client.ping(first.call);
			expect(first.rows.size).toBe(3);
			const second = callOf(['d.test', 'e.test', 'f.test']);
			expect(await failureOf(client.ping(second.call))).toMatchObject({
				kind: 'invalid',
				message: 'answered another request than ours',
			});
			expect(second.rows.size).toBe(0);
		},
	);
});
