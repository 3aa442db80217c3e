/** Requests in columns: what a master sends instead of a text for each bare IPv4 address. */
import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../../shared/columns.ts';
import { formatIpv4 } from '../../shared/ip.ts';
import { errorBodySchema, mediaTypes } from '../../shared/protocol.ts';
import { createRandom } from '../../shared/random.ts';
import type { HostResult } from '../../shared/results.ts';
import { columnsOf, columnsProbe, linesOf, recordingProbe, resultsIn, testApp } from './app-fixture.ts';

const headers = { 'content-type': mediaTypes.columns };

async function refusal(response: Response) {
	return { status: response.status, ...errorBodySchema.parse(await response.json()).error };
}

/** A body of a request with wrong bytes: `length` as the length of the settings, then `rest`. */
function rawBody(length: number, ...rest: (string | readonly number[])[]): Uint8Array {
	const bytes = rest.flatMap((part) =>
		typeof part === 'string' ? [...new TextEncoder().encode(part)] : part,
	);
	const body = new Uint8Array([0, 0, 0, 0, ...bytes]);
	new DataView(body.buffer).setUint32(0, length, true);
	return body;
}

describe('a request in columns', () => {
	it('is answered in every form, duplicates and denied addresses included', async () => {
		const ipv4 = Uint32Array.of(0x0a000001, 0x0a000002, 0x0a000001, 0xe0000001, 0x0a000001);
		const up = { status: 'up', sent: 1, received: 1 };
		const denied = { status: 'denied', reason: 'multicast', sent: 0, received: 0 };
		const named = Array.from(ipv4, (value) => {
			const host = formatIpv4(value);
			return value === 0xe0000001 ? { host, ...denied } : { host, address: host, ...up, rttMs: 1.235 };
		});
		const icmp = columnsProbe('icmp');
		const { ping, capabilities } = testApp({ probes: [icmp] });
		const body = encodeRequest({ timeoutMs: 700 }, ipv4);

		const json = await ping(body, { headers });
		expect(await json.json()).toEqual({ worker: capabilities.instance, results: named });

		const lines = await linesOf(await ping(body, { headers, accept: mediaTypes.ndjson }));
		expect(lines.pop()).toEqual({ done: true, results: 5 });
		expect(lines).toHaveLength(5);
		expect(new Set(lines)).toEqual(new Set(named));

		const { marks, blocks } = await columnsOf(await ping(body, { headers, accept: mediaTypes.frames }), 5);
		expect(marks).toEqual([
			{ worker: capabilities.instance, hosts: 5 },
			{ done: true, results: 5 },
		]);
		expect(resultsIn(blocks)).toMatchObject(named.map(({ status, sent }) => ({ status, sent })));

		expect(icmp.ipv4Batches.map(({ ipv4: asked }) => [...asked])).toEqual(
			Array(3).fill([0x0a000001, 0x0a000002]),
		);
		expect(icmp.ipv4Batches[0]!.settings).toMatchObject({ timeoutMs: 700, attempts: 2 });
		expect(icmp.batches).toEqual([]);
	});

	it('is the request that the same addresses are as JSON (seeded)', async () => {
		const seed = Number(process.env.SEED ?? 4_711);
		const random = createRandom(seed);
		for (let round = 0; round < 40; round += 1) {
			const pool = 1 + random.below(500);
			const ipv4 = Uint32Array.from({ length: 1 + random.below(400) }, () =>
				random.below(20) === 0 ? random.below(2 ** 32) : 0x0a00_0000 + random.below(pool),
			);
			const [columns, json] = [columnsProbe('icmp'), columnsProbe('icmp')];
			const [one, other] = [testApp({ probes: [columns] }), testApp({ probes: [json] })];
			const answer = await columnsOf(
				await one.ping(encodeRequest({}, ipv4), { headers, accept: mediaTypes.frames }),
				ipv4.length,
			);
			const hosts = Array.from(ipv4, formatIpv4);
			const { results } = (await (await other.ping({ hosts })).json()) as { results: HostResult[] };
			const context = `seed ${seed}, round ${round}`;
			expect(
				results.map(({ host }) => host),
				context,
			).toEqual(hosts);
			const outcomes = (list: readonly HostResult[]) => list.map(({ status, reason }) => reason ?? status);
			expect(outcomes(resultsIn(answer.blocks)), context).toEqual(outcomes(results));
			const asked = (probe: typeof json) =>
				probe.ipv4Batches.map((batch) => [[...batch.index], [...batch.ipv4]]);
			expect(asked(columns), context).toEqual(asked(json));
			const values = columns.ipv4Batches.flatMap((batch) => [...batch.ipv4]);
			expect(new Set(values).size, context).toBe(values.length);
		}
	});

	it('goes to a probe that takes no columns as hosts, with the port of the request', async () => {
		const tcp = recordingProbe('tcp');
		const body = encodeRequest({ probe: 'tcp', port: 443 }, Uint32Array.of(0x0a000001, 0x7f000001));
		const response = await testApp({ probes: [tcp] }).ping(body, { headers });
		const { results } = (await response.json()) as { results: HostResult[] };
		expect(results.map(({ status, reason }) => reason ?? status)).toEqual(['up', 'loopback']);
		expect(tcp.batches[0]!.hosts).toMatchObject([
			{ index: 0, port: 443, address: { family: 4, value: 0x0a000001 }, target: { text: '10.0.0.1' } },
		]);
	});

	it('says no-probe where the probe is not offered', async () => {
		const response = await testApp({ probes: [recordingProbe('tcp')] }).ping(
			encodeRequest({}, Uint32Array.of(1)),
			{ headers },
		);
		expect(await response.json()).toMatchObject({ results: [{ status: 'error', reason: 'no-probe' }] });
	});

	it('is known by its media type, whatever its case and parameters', async () => {
		const body = encodeRequest({}, Uint32Array.of(0x0a000001));
		const type = ` ${mediaTypes.columns.toUpperCase()} ; version=1`;
		expect((await testApp().ping(body, { headers: { 'content-type': type } })).status).toBe(200);
		expect((await testApp().ping(body, { headers: { 'content-type': 'application/json' } })).status).toBe(
			400,
		);
	});

	const settings = '{"count":1}';
	it.each<[string, Uint8Array, string, string]>([
		['no bytes', new Uint8Array(), '', 'lengths'],
		['half a length', new Uint8Array(3), '', 'lengths'],
		['settings beyond its end', rawBody(100, settings), '', 'lengths'],
		['settings of four gigabytes', rawBody(0xffff_ffff, settings), '', 'lengths'],
		['half an address', rawBody(settings.length, settings, [1, 2]), '', 'lengths'],
		['no settings', rawBody(0, [1, 0, 0, 10]), '', 'not JSON'],
		['settings that are no JSON', rawBody(5, '{"a"}', [1, 0, 0, 10]), '', 'not JSON'],
		['settings that are cut off', rawBody(4, '{"a:', [1, 0, 0, 10]), '', 'ends within a text'],
		['settings that are no UTF-8', rawBody(4, [0x22, 0xff, 0xff, 0x22], [1, 0, 0, 10]), '', 'not JSON'],
		['settings that are a list', rawBody(2, '[]', [1, 0, 0, 10]), '', 'object'],
		['a wrong setting', rawBody(11, '{"count":0}', [1, 0, 0, 10]), 'count', '>=1'],
		['an unknown setting', rawBody(7, '{"x":1}', [1, 0, 0, 10]), 'x', 'no field'],
		['hosts among its settings', encodeRequest({ hosts: ['::1'] }, Uint32Array.of(1)), 'hosts', 'no field'],
		['no address', encodeRequest({}, new Uint32Array()), 'hosts', 'at least one host'],
		['a tcp probe without a port', encodeRequest({ probe: 'tcp' }, Uint32Array.of(1)), 'hosts[0]', 'port'],
	])('with %s is refused', async (_, body, path, words) => {
		const error = await refusal(await testApp().ping(body, { headers }));
		expect(error).toMatchObject({ status: 400, code: 'bad-request', details: { path } });
		expect(error.message).toContain(words);
	});

	it('is refused or answered whole, but never a fault, wherever it is cut and whatever it holds (seeded)', async () => {
		const seed = Number(process.env.SEED ?? 815);
		const random = createRandom(seed);
		const whole = encodeRequest({ count: 1 }, Uint32Array.of(0x0a000001, 0x0a000002, 0x0a000003));
		const faults: unknown[] = [];
		const { ping } = testApp({ fault: (error) => faults.push(error) });
		const bodies = Array.from(whole, (_, length) => whole.slice(0, length));
		for (let round = 0; round < 200; round += 1) {
			const damaged = round % 2 === 0 ? whole.slice() : new Uint8Array(random.below(40));
			for (let at = 0; at < damaged.length; at += 1) {
				if (round % 2 === 1 || random.below(10) === 0) damaged[at] = random.below(256);
			}
			bodies.push(damaged);
		}
		for (const body of bodies) {
			const { status } = await ping(body, { headers });
			expect([200, 400], `seed ${seed}, body ${body}`).toContain(status);
		}
		expect(faults).toEqual([]);
	});

	it('is held to the ceilings of hosts, probes and bytes, before its settings are looked at', async () => {
		const body = encodeRequest({ attempts: 2, nonsense: true }, new Uint32Array(3));
		const few = await refusal(await testApp({}, { hostsPerRequestMax: 2 }).ping(body, { headers }));
		expect(few).toMatchObject({
			status: 413,
			code: 'too-large',
			details: { path: 'hosts', hostsPerRequestMax: 2 },
		});
		const sound = encodeRequest({ attempts: 2 }, Uint32Array.of(1, 2, 3));
		const probes = await refusal(await testApp({}, { probesPerRequestMax: 5 }).ping(sound, { headers }));
		expect(probes).toMatchObject({ status: 413, details: { path: 'hosts', probesPerRequestMax: 5 } });
		const bytes = await refusal(await testApp({}, { bodyBytesMax: 20 }).ping(sound, { headers }));
		expect(bytes).toMatchObject({ status: 413, details: { path: '', bodyBytesMax: 20 } });
		const busy = await refusal(await testApp({}, { hostsInFlightMax: 2 }).ping(sound, { headers }));
		expect(busy).toMatchObject({ status: 429, code: 'busy' });
	});

	it('needs the token before anything of it is read', async () => {
		const response = await testApp().app.request('/ping', {
			method: 'POST',
			body: new Uint8Array(3),
			headers,
		});
		expect(response.status).toBe(401);
	});

	it('is offered among the forms of requests', () => {
		expect(testApp().capabilities.requestForms).toEqual([mediaTypes.json, mediaTypes.columns]);
	});
});
