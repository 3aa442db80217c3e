import { describe, expect, it } from 'vitest';
import { parseCidr } from '../../shared/ip.ts';
import { createTargetPolicy } from '../../shared/policy.ts';
import { capabilitiesSchema, errorBodySchema, mediaTypes } from '../../shared/protocol.ts';
import type { RequestLog } from '../../worker/request-log.ts';
import {
	columnsIn,
	columnsOf,
	linesOf,
	recordingProbe,
	resultsIn,
	testApp,
	token,
	upBlock,
} from './app-fixture.ts';

async function errorOf(response: Response) {
	return errorBodySchema.parse(await response.json()).error;
}

describe('routes', () => {
	it('says that it is well to everybody, and nothing more', async () => {
		const response = await testApp().app.request('/health');
		expect(response.status).toBe(200);
		expect(await response.json()).toEqual({ status: 'ok' });
	});

	it('says what it can do to who has the token', async () => {
		const { app, capabilities } = testApp();
		expect((await app.request('/capabilities')).status).toBe(401);
		const response = await app.request('/capabilities', { headers: { authorization: `Bearer ${token}` } });
		expect(capabilitiesSchema.parse(await response.json())).toEqual(capabilities);
	});

	it('answers what does not exist with 404, as JSON', async () => {
		const response = await testApp().app.request('/pings', { method: 'POST' });
		expect(response.status).toBe(404);
		expect((await errorOf(response)).code).toBe('not-found');
	});

	it.each([
		['GET', '/ping', 'POST'],
		['DELETE', '/ping', 'POST'],
		['OPTIONS', '/ping', 'POST'],
		['POST', '/health', 'GET, HEAD'],
		['PUT', '/capabilities', 'GET, HEAD'],
	])('answers %s %s with 405 and Allow: %s', async (method, path, allow) => {
		const response = await testApp().app.request(path, { method });
		expect(response.status).toBe(405);
		expect(response.headers.get('allow')).toBe(allow);
		expect((await errorOf(response)).code).toBe('method-not-allowed');
	});

	it('answers a fault of its own with 500 and without a word of it', async () => {
		const faults: unknown[] = [];
		const secretFault = (): never => {
			throw new Error('secret detail');
		};
		const { ping } = testApp({
			fault: (error) => faults.push(error),
			policy: { check: secretFault, checkIpv4: secretFault, checkPort: secretFault, current: secretFault },
		});
		const response = await ping({ hosts: ['192.0.2.1'] });
		expect(response.status).toBe(500);
		expect(await response.json()).toEqual({
			error: { code: 'internal', message: 'the worker met a fault of its own' },
		});
		expect(faults).toHaveLength(1);
	});
});

describe('the body', () => {
	it.each([
		['{"hosts":["10.0.0.1"]', 'JSON', ''],
		['', 'it is empty', ''],
		['[]', 'expected object', ''],
		['{}', 'hosts', 'hosts'],
		['{"hosts":[]}', 'hosts', 'hosts'],
		['{"hosts":["a", 3]}', 'hosts[1]', 'hosts[1]'],
		['{"hosts":["10.0.0.1"],"count":0}', 'count', 'count'],
		['{"hosts":["10.0.0.1"],"timeout":5}', 'timeout', 'timeout'],
		['{"hosts":["10.0.0.1"],"__proto__":{}}', '__proto__', '__proto__'],
		['{"hosts":["10.0.0.1","10.0.0.999"]}', '999 is over 255', 'hosts[1]'],
		['{"hosts":["10.0.0.0/8"]}', 'hosts[0]', 'hosts[0]'],
		['{"hosts":["10.0.0.1"],"probe":"tcp"}', 'port', 'hosts[0]'],
		['{"hosts":["10.0.0.1"],"count":1000,"intervalMs":60000}', 'longer', 'count'],
	])('refuses %s with the path of what is wrong', async (body, message, path) => {
		const response = await testApp().ping(body);
		expect(response.status).toBe(400);
		const error = await errorOf(response);
		expect(error.code).toBe('bad-request');
		expect(error.message).toContain(message);
		expect(error.details?.path).toBe(path);
	});

	it('refuses bytes that are no UTF-8', async () => {
		const { app } = testApp();
		const body = new Uint8Array([0x7b, 0xff, 0x7d]);
		const headers = { authorization: `Bearer ${token}` };
		const response = await app.request('/ping', { method: 'POST', body, headers });
		expect(response.status).toBe(400);
		expect((await errorOf(response)).message).toContain('UTF-8');
	});

	it('takes the content types that curl sends, and none', async () => {
		for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json']) {
			const response = await testApp().ping({ hosts: ['192.0.2.1'] }, { headers: { 'content-type': type } });
			expect(response.status).toBe(200);
		}
	});

	it('refuses compressed bodies', async () => {
		const response = await testApp().ping('{}', { headers: { 'content-encoding': 'gzip' } });
		expect(response.status).toBe(415);
		expect((await errorOf(response)).code).toBe('unsupported-media-type');
	});

	it('counts bytes as they stream in and stops reading at the ceiling', async () => {
		const { app } = testApp({}, { bodyBytesMax: 1000 });
		let pulled = 0;
		let cancelled = false;
		const body = new ReadableStream<Uint8Array>({
			pull(controller) {
				pulled += 1;
				controller.enqueue(new Uint8Array(100).fill(32));
			},
			cancel() {
				cancelled = true;
			},
		});
		const headers = { authorization: `Bearer ${token}` };
		const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit;
		const response = await app.request('/ping', init);
		expect(response.status).toBe(413);
		expect((await errorOf(response)).details).toEqual({ path: '', bodyBytesMax: 1000 });
		expect(pulled).toBeLessThan(15);
		expect(cancelled).toBe(true);
	});

	it('refuses a Content-Length over the ceiling before it reads', async () => {
		const { app } = testApp({}, { bodyBytesMax: 1000 });
		const body = new ReadableStream<Uint8Array>({
			pull() {
				throw new Error('read');
			},
		});
		const headers = { authorization: `Bearer ${token}`, 'content-length': '1001' };
		const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit;
		expect((await app.request('/ping', init)).status).toBe(413);
	});

	it('names the ceiling of hosts and of probes', async () => {
		const hosts = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
		const few = await testApp({}, { hostsPerRequestMax: 2 }).ping({ hosts });
		expect(few.status).toBe(413);
		expect((await errorOf(few)).details).toEqual({ path: 'hosts', hostsPerRequestMax: 2 });
		const { ping } = testApp({}, { probesPerRequestMax: 5 });
		const probes = await ping({ hosts, attempts: 2 });
		expect(probes.status).toBe(413);
		expect((await errorOf(probes)).details).toEqual({ path: 'hosts', probesPerRequestMax: 5 });
		expect((await ping({ hosts, attempts: 1 })).status).toBe(200);
		expect((await ping({ hosts, attempts: 1, count: 2 })).status).toBe(413);
	});
});

describe('forms of the answer', () => {
	const hosts = ['192.0.2.1', '10.255.255.300.example', '[2001:db8::1]', 'web.example:443', '224.0.0.1'];
	const request = { hosts };
	function app() {
		const { ping, capabilities } = testApp({
			resolver: {
				resolve: async (name) =>
					name === 'web.example' ? { address: { family: 4, value: 0xc0000209 } } : { reason: 'dns-timeout' },
			},
			probes: [
				recordingProbe('icmp'),
				recordingProbe('tcp', async ({ hosts: some, report }) =>
					report({ ...upBlock(some, 2), address: some.map(() => '192.0.2.9') }),
				),
			],
		});
		return { ping, capabilities };
	}
	const expected = [
		{ host: hosts[0], status: 'up', address: '192.0.2.1', sent: 1, received: 1, rttMs: 1.235 },
		{ host: hosts[1], status: 'unresolved', reason: 'dns-timeout', sent: 0, received: 0 },
		{ host: hosts[2], status: 'up', address: '2001:db8::1', sent: 1, received: 1, rttMs: 1.235 },
		{ host: hosts[3], status: 'up', address: '192.0.2.9', sent: 1, received: 1, rttMs: 2 },
		{ host: hosts[4], status: 'denied', reason: 'multicast', sent: 0, received: 0 },
	];

	it('is one object in the order asked, unless something else is asked for', async () => {
		for (const accept of [undefined, '*/*', 'application/json', 'text/html', 'application/x-ndjson;q=0']) {
			const { ping, capabilities } = app();
			const response = await ping(request, accept === undefined ? {} : { accept });
			expect(response.headers.get('content-type')).toContain('application/json');
			expect(await response.json()).toEqual({ worker: capabilities.instance, results: expected });
		}
	});

	it('is one object a line with Accept: application/x-ndjson', async () => {
		const response = await app().ping(request, { accept: 'application/x-ndjson' });
		expect(response.headers.get('content-type')).toBe('application/x-ndjson');
		const lines = await linesOf(response);
		expect(lines.pop()).toEqual({ done: true, results: 5 });
		expect(lines).toHaveLength(5);
		expect(new Set(lines)).toEqual(new Set(expected));
	});

	it('is frames for who prefers them', async () => {
		const { ping, capabilities } = app();
		const response = await ping(request, {
			accept: 'application/vnd.pingpool.frames, application/x-ndjson;q=0.5',
		});
		expect(response.headers.get('content-type')).toBe('application/vnd.pingpool.frames');
		const { marks, blocks } = await columnsOf(response, hosts.length);
		expect(marks[0]).toEqual({ worker: capabilities.instance, hosts: 5 });
		expect(marks.at(-1)).toEqual({ done: true, results: 5 });
		const results = resultsIn(blocks);
		expect(results).toHaveLength(5);
		for (const [index, { status, reason, sent }] of expected.entries()) {
			expect(results[index]).toMatchObject({ status, sent, ...(reason && { reason }) });
		}
		// An address as which the host was written is left out; the one that a name resolved to is not.
		const addresses = results.map(({ address }) => address);
		expect(addresses).toEqual([undefined, undefined, undefined, '192.0.2.9', undefined]);
	});

	it.each([mediaTypes.json, mediaTypes.ndjson, mediaTypes.frames])(
		'says which request it is to, when that has a name (%s)',
		async (accept) => {
			const { ping, capabilities } = app();
			const named = await ping(request, { accept, headers: { 'pingpool-request': '0123456789abcdef' } });
			expect(named.headers.get('pingpool-request')).toBe('0123456789abcdef');
			if (accept === mediaTypes.frames) {
				const { marks } = await columnsOf(named, hosts.length);
				const worker = capabilities.instance;
				expect(marks[0]).toEqual({ worker, hosts: 5, request: '0123456789abcdef' });
			}
			for (const name of ['', 'x'.repeat(65), 'a, b', '"']) {
				const other = await ping(request, { accept, headers: { 'pingpool-request': name } });
				expect(other.status).toBe(200);
				expect(other.headers.has('pingpool-request')).toBe(false);
			}
		},
	);

	it('is no binary form for a master of an earlier version, to which the type of columns meant lines', async () => {
		const accept = `${mediaTypes.columns}, ${mediaTypes.ndjson};q=0.5`;
		const response = await app().ping(request, { accept });
		expect(response.headers.get('content-type')).toBe(mediaTypes.ndjson);
		expect(await linesOf(response)).toHaveLength(6);
		const only = await app().ping(request, { accept: mediaTypes.columns });
		expect(only.headers.get('content-type')).toContain(mediaTypes.json);
	});

	it('reports statistics when several probes were sent', async () => {
		const probe = recordingProbe('icmp', async ({ hosts: some, report }) =>
			report({
				...upBlock(some, 2.00049),
				sent: [3],
				received: [2],
				rtt: { min: [1.00049], max: [3], jitter: [2] },
			}),
		);
		const response = await testApp({ probes: [probe] }).ping({ hosts: ['192.0.2.1'], count: 3 });
		const { results } = (await response.json()) as { results: unknown[] };
		expect(results).toEqual([
			{
				host: '192.0.2.1',
				status: 'up',
				address: '192.0.2.1',
				sent: 3,
				received: 2,
				rttMs: 2,
				rttMinMs: 1,
				rttAvgMs: 2,
				rttMaxMs: 3,
				jitterMs: 2,
				lossPercent: 33.333,
			},
		]);
		expect(probe.batches[0]!.settings).toMatchObject({ count: 3, timeoutMs: 1000 });
	});

	it.each(['application/x-ndjson', 'application/vnd.pingpool.frames'])(
		'streams a result before the last one is known (%s)',
		async (accept) => {
			const finish = Promise.withResolvers<void>();
			const probe = recordingProbe('icmp', async ({ hosts: some, report, left }) => {
				left(1, 12.3456);
				report(upBlock(some.slice(0, 1)));
				await finish.promise;
				left(1, 3);
				report(upBlock(some.slice(1)));
			});
			const response = await testApp({ probes: [probe] }).ping(
				{ hosts: ['192.0.2.1', '192.0.2.2'] },
				{ accept },
			);
			const isColumns = accept === mediaTypes.frames;
			const read = (bytes: Uint8Array) => {
				if (isColumns) {
					const { marks, blocks } = columnsIn(bytes, 2);
					return { marks, results: resultsIn(blocks).length };
				}
				const lines = new TextDecoder().decode(bytes).trimEnd().split('\n');
				const marks = lines.filter((line) => !line.includes('"host"')).map((line) => JSON.parse(line));
				return { marks, results: lines.length - marks.length };
			};
			let bytes = new Uint8Array();
			let finished = false;
			for await (const chunk of response.body!) {
				bytes = Uint8Array.of(...bytes, ...chunk);
				if (finished || read(bytes).results === 0) continue;
				expect(read(bytes).results).toBe(1);
				expect(read(bytes).marks).toHaveLength(isColumns ? 1 : 0);
				finished = true;
				finish.resolve();
			}
			expect(finished).toBe(true);
			const { marks, results } = read(bytes);
			expect(results).toBe(2);
			expect(marks.at(-1)).toEqual({ done: true, results: 2 });
			expect(marks.slice(0, -1)).toEqual(
				isColumns ? [expect.objectContaining({ hosts: 2 }), { sent: true, waitMs: 12.346 }] : [],
			);
		},
	);

	it('cuts large answers into blocks that a reader can keep', async () => {
		const many = Array.from({ length: 5000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
		const response = await testApp().ping({ hosts: many }, { accept: 'application/vnd.pingpool.frames' });
		const { blocks } = await columnsOf(response, many.length);
		expect(blocks.map(({ length }) => length)).toEqual([1024, 1024, 1024, 1024, 904]);
		expect(blocks.flatMap(({ index }) => Array.from(index))).toEqual([...many.keys()]);
	});
});

describe('what may be probed', () => {
	const policy = createTargetPolicy({ deny: [parseCidr('10.9.0.0/16')!] });

	it('is checked after names are resolved', async () => {
		const tcp = recordingProbe('tcp');
		const { ping } = testApp({
			probes: [tcp],
			policy,
			resolver: { resolve: async () => ({ address: { family: 4, value: 0x0a09_0001 } }) },
		});
		const response = await ping({ hosts: ['inside.example:22', '10.9.1.1:22'] });
		const { results } = (await response.json()) as { results: unknown[] };
		expect(results).toMatchObject([
			{ status: 'denied', reason: 'deny-list' },
			{ status: 'denied', reason: 'deny-list' },
		]);
		expect(tcp.batches).toEqual([]);
	});
});

describe('ceilings', () => {
	it('refuses requests beyond the ceiling until one has ended', async () => {
		let finish: () => void = () => undefined;
		const probe = recordingProbe('icmp', async ({ hosts, report }) => {
			await new Promise<void>((resolve) => {
				finish = resolve;
			});
			report(upBlock(hosts));
		});
		const { ping } = testApp({ probes: [probe], requestsInFlightMax: 1 });
		const first = await ping({ hosts: ['192.0.2.1'] }, { accept: 'application/x-ndjson' });
		const second = await ping('never parsed');
		expect(second.status).toBe(429);
		expect(second.headers.get('retry-after')).toBe('1');
		expect((await errorOf(second)).code).toBe('busy');
		finish();
		await first.text();
		const third = ping({ hosts: ['192.0.2.1'] }, { accept: 'application/x-ndjson' });
		const { status, body } = await third;
		expect(status).toBe(200);
		await body?.cancel();
		expect((await ping('{}')).status).toBe(400);
	});

	it('holds hosts until the answer is read, and lets them go when its reader leaves', async () => {
		const { ping } = testApp({}, { hostsInFlightMax: 3 });
		const hosts = ['192.0.2.1', '192.0.2.2'];
		const first = await ping({ hosts }, { accept: 'application/x-ndjson' });
		const second = await ping({ hosts });
		expect(second.status).toBe(429);
		expect((await errorOf(second)).details).toEqual({ hostsInFlightMax: 3 });
		await first.body?.cancel();
		for (const accept of [mediaTypes.json, mediaTypes.ndjson, mediaTypes.frames]) {
			const answered = await ping({ hosts }, { accept });
			expect(answered.status).toBe(200);
			expect((await ping({ hosts })).status).toBe(429);
			await answered.arrayBuffer();
		}
		expect((await ping({ hosts })).status).toBe(200);
	});

	it('counts the places of each caller apart', async () => {
		const { ping } = testApp(
			{ callerOf: ({ req }) => req.header('x-test-caller'), requestsInFlightMax: 3 },
			{ hostsInFlightMax: 3 },
		);
		const from = (caller: string, hosts: string[], accept: string = mediaTypes.json) =>
			ping({ hosts }, { accept, headers: { 'x-test-caller': caller } });
		const held = await from('192.0.2.1', ['198.51.100.1', '198.51.100.2', '198.51.100.3'], mediaTypes.ndjson);
		expect((await from('192.0.2.1', ['198.51.100.4'])).status).toBe(429);
		// All together have a third more than one.
		expect((await from('192.0.2.2', ['198.51.100.4'])).status).toBe(200);
		expect((await from('192.0.2.2', ['198.51.100.4', '198.51.100.5'])).status).toBe(429);
		await held.body?.cancel();
		expect((await from('192.0.2.1', ['198.51.100.4'])).status).toBe(200);
	});
});

describe('a caller that goes away', () => {
	it.each(['application/json', 'application/x-ndjson'])('stops its probes (%s)', async (accept) => {
		const gone = new AbortController();
		const stopped = Promise.withResolvers<unknown>();
		const probe = recordingProbe('icmp', ({ signal }) => {
			gone.abort('gone');
			return new Promise((_, reject) => {
				signal.addEventListener('abort', () => {
					stopped.resolve(signal.reason);
					reject(signal.reason);
				});
				if (signal.aborted) stopped.resolve(signal.reason);
			});
		});
		const logged: RequestLog[] = [];
		const { ping } = testApp({ probes: [probe], log: (entry) => logged.push(entry) });
		const response = await ping({ hosts: ['192.0.2.1'] }, { accept, signal: gone.signal });
		await response.text().catch(() => undefined);
		expect(await stopped.promise).toBe('gone');
		expect(logged).toMatchObject([{ outcome: 'cancelled', hosts: 1 }]);
	});

	it('is noticed when it only stops reading the stream', async () => {
		const stopped = Promise.withResolvers<void>();
		const probe = recordingProbe('icmp', ({ signal }) => {
			signal.addEventListener('abort', () => stopped.resolve());
			return new Promise(() => undefined);
		});
		const { ping } = testApp({ probes: [probe] });
		const response = await ping({ hosts: ['192.0.2.1'] }, { accept: 'application/x-ndjson' });
		await response.body?.cancel();
		await stopped.promise;
	});
});

describe('the log', () => {
	it('has one entry per request to /ping and per refused token: who, how many, how many denied, what became of it', async () => {
		const logged: RequestLog[] = [];
		const { ping, app } = testApp({ callerOf: () => 'caller', log: (entry) => logged.push(entry) });
		await (
			await ping({ hosts: ['192.0.2.1', '224.0.0.1'] }, { headers: { 'pingpool-request': 'a-name' } })
		).text();
		await ping('nonsense');
		await app.request('/ping', { method: 'POST', headers: { authorization: 'Bearer wrong-token-here' } });
		await app.request('/capabilities');
		expect(logged).toMatchObject([
			{ caller: 'caller', request: 'a-name', token: 1, outcome: 'ok', hosts: 2, denied: 1, probes: ['icmp'] },
			{ outcome: 'bad-request', hosts: 0, token: 1 },
			{ outcome: 'unauthorized', hosts: 0, token: 0 },
			{ outcome: 'unauthorized', token: 0, request: undefined },
		]);
		expect(JSON.stringify(logged)).not.toContain('token-');
	});
});
