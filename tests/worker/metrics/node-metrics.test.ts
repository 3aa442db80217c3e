/** What a real worker says at /metrics, and of what it says nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reasons, statuses } from '../../../shared/outcome.ts';
import { probeNames } from '../../../shared/target.ts';
import { ceilings, ProbeGate } from '../../../worker/rates/probe-gate.ts';
import type { PrometheusSample } from '../../prometheus.ts';
import { faultsOf, samplesOf, sumOf, withoutPromtool } from '../../prometheus.ts';
import { testUnless, withoutEcho } from '../../requirements.ts';
import type { ServedWorker } from '../../security/served-worker.ts';
import { serveWorker, token } from '../../security/served-worker.ts';
import { recordingProbe, testApp, upBlock } from '../app-fixture.ts';
import { exchange } from '../raw-exchange.ts';
import { countedMetrics, echoCounts } from './metrics-fixture.ts';

const whyNoEcho = withoutEcho();
const headers = { authorization: `Bearer ${token}` };

async function textOf({ url }: ServedWorker): Promise<string> {
	const response = await fetch(`${url}/metrics`, { headers });
	expect(response.status).toBe(200);
	expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
	expect(response.headers.get('cache-control')).toBe('no-store');
	return response.text();
}

async function ping({ url }: ServedWorker, body: object): Promise<void> {
	const response = await fetch(`${url}/ping`, { method: 'POST', headers, body: JSON.stringify(body) });
	expect(response.status).toBe(200);
	await response.arrayBuffer();
}

/** All words that may be a label's value, numbers apart. */
const words = new Set<string>([
	...probeNames,
	...statuses,
	...reasons,
	...['ok', 'cancelled', 'unauthorized', 'busy', 'bad-request', 'too-large', 'internal'],
	...['stranger', 'idle', 'busy', 'prefix', 'caller', '+Inf', 'none', 'icmp+tcp+http', 'tcp+http'],
	...['no-http', 'headers', 'slow', 'ahead', 'tls', 'displaced'],
	...['late', 'duplicate', 'forged', 'corrupted', 'truncated', 'datagram', 'raw', 'command'],
]);

describe('the metrics of a worker', () => {
	let worker: ServedWorker;
	beforeAll(async () => {
		worker = await serveWorker([
			'--allow',
			'127.0.0.0/8',
			'--icmp',
			whyNoEcho === undefined ? 'auto' : 'off',
		]);
	});
	afterAll(() => worker?.[Symbol.asyncDispose]());

	it('count requests, hosts, round-trip times and disturbances', async () => {
		const before = samplesOf(await textOf(worker));
		const open = Number(new URL(worker.url).port);
		await ping(worker, {
			hosts: [`tcp://127.0.0.1:${open}`, 'tcp://127.0.0.1:1', '224.0.0.1'],
			probe: 'http',
		});
		await fetch(`${worker.url}/ping`, { method: 'POST', headers, body: '{}' });
		await fetch(`${worker.url}/ping`, { method: 'POST', body: '{}' });
		await exchange(worker.port, 'nonsense\r\n\r\n');
		const after = samplesOf(await textOf(worker));
		const grown = (name: string, labels: Record<string, string> = {}): number =>
			sumOf(after, name, labels)! - sumOf(before, name, labels)!;
		const results = 'pingpool_worker_results_total';
		expect(grown(results)).toBe(3);
		expect(grown(results, { probe: 'tcp', status: 'up', reason: '' })).toBe(1);
		expect(grown(results, { probe: 'tcp', status: 'down', reason: 'refused' })).toBe(1);
		expect(grown(results, { probe: 'http', status: 'denied', reason: 'multicast' })).toBe(1);
		expect(grown('pingpool_worker_rtt_seconds_count', { probe: 'tcp' })).toBe(1);
		expect(grown('pingpool_worker_rtt_seconds_count', { probe: 'http' })).toBe(0);
		const requests = 'pingpool_worker_requests_total';
		expect(grown(requests, { code: 'ok' })).toBe(1);
		expect(grown(requests, { code: 'bad-request' })).toBe(1);
		expect(grown(requests, { code: 'unauthorized' })).toBe(1);
		expect(grown('pingpool_worker_request_duration_seconds_count')).toBe(1);
		expect(grown('pingpool_worker_disturbances_total', { kind: 'no-http' })).toBe(1);
		expect(sumOf(after, 'pingpool_worker_connections')).toBeGreaterThan(0);
		expect(sumOf(after, 'process_resident_memory_bytes')).toBeGreaterThan(10e6);
		expect(sumOf(after, 'pingpool_worker_build_info')).toBe(1);
	});

	testUnless(whyNoEcho, 'count echo requests and their replies', async () => {
		await ping(worker, { hosts: ['127.0.0.1', '127.0.0.2'], count: 2, intervalMs: 1 });
		const samples = samplesOf(await textOf(worker));
		expect(sumOf(samples, 'pingpool_worker_echo_requests_sent_total')).toBe(4);
		expect(sumOf(samples, 'pingpool_worker_echo_replies_received_total')).toBe(4);
		expect(sumOf(samples, 'pingpool_worker_echo_replies_ignored_total', { reason: 'forged' })).toBe(0);
		expect(sumOf(samples, 'pingpool_worker_results_total', { probe: 'icmp', status: 'up' })).toBe(2);
	});

	it('name no host, no address and no caller, and have as many series however many hosts there were', async () => {
		const before = samplesOf(await textOf(worker));
		const hosts = Array.from(
			{ length: 2_000 },
			(_, i) =>
				// Denied for their port, so before anybody looks a name up.
				[`tcp://secret-${i}.example.test:25`, `tcp://127.0.1.${i % 250}:25`, `tcp://[2001:db8::${i}]:25`].at(
					i % 3,
				)!,
		);
		await ping(worker, { hosts });
		const text = await textOf(worker);
		const after = samplesOf(text);
		expect(text).not.toMatch(/secret|example|127\.0|2001:db8/);
		const own = (samples: readonly PrometheusSample[]) =>
			samples.filter(({ name }) => name.startsWith('pingpool_'));
		expect(own(after).length).toBe(own(before).length);
		const kept = ['version', 'node', 'le'];
		const values = own(after).flatMap(({ labels }) =>
			Object.entries(labels).flatMap(([name, value]) => (kept.includes(name) ? [] : [value])),
		);
		expect(values.filter((value) => !words.has(value))).toEqual([]);
		const grown = (samples: readonly PrometheusSample[]): number =>
			sumOf(samples, 'pingpool_worker_results_total', { status: 'denied', reason: 'port' })!;
		expect(grown(after) - grown(before)).toBe(2_000);
	});

	it('answer HEAD with no body, and no other method', async () => {
		const head = await fetch(`${worker.url}/metrics`, { method: 'HEAD', headers });
		expect(head.status).toBe(200);
		expect(await head.text()).toBe('');
		for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
			const response = await fetch(`${worker.url}/metrics`, { method, headers });
			expect(response.status).toBe(405);
			expect(response.headers.get('allow')).toBe('GET, HEAD');
		}
	});

	testUnless(withoutPromtool, 'are without fault to promtool', async () => {
		expect(faultsOf(await textOf(worker))).toBe('');
	});
});

it('say what is in flight, and what waits, while it is', async () => {
	const { metrics, rates } = countedMetrics();
	const reported = Promise.withResolvers<void>();
	const goOn = Promise.withResolvers<void>();
	const probe = recordingProbe('icmp', async ({ hosts, report }) => {
		report(upBlock(hosts.slice(0, 1)));
		reported.resolve();
		await goOn.promise;
		report(upBlock(hosts.slice(1)));
	});
	const { app, ping } = testApp({ metrics, probes: [probe] });
	const answer = Promise.resolve(ping({ hosts: ['2001:db8::1', '2001:db8::2'] }));
	await reported.promise;
	// Of each ceiling, one probe leaves at once.
	for (let probes = 0; probes < 3; probes += 1) rates.gate.pass(1, -1, 0);
	for (let probes = 0; probes < 4; probes += 1) rates.gate.pass(-1, 1, 0);
	rates.gate.release(ceilings.caller, -1, 1);
	const response = await app.request('/metrics', { headers });
	const samples = samplesOf(await response.text());
	const said = (name: string, labels?: Record<string, string>) =>
		sumOf(samples, `pingpool_worker_${name}`, labels);
	expect(said('requests_in_flight')).toBe(1);
	expect(said('requests_in_flight_max')).toBe(8);
	expect(said('hosts_in_flight')).toBe(2);
	expect(said('results_total', { status: 'up' })).toBe(1);
	expect(said('connections')).toBe(6);
	expect(said('connections_max')).toBe(9);
	expect(said('probes_waiting', { ceiling: 'prefix' })).toBe(2);
	expect(said('probes_waiting', { ceiling: 'caller' })).toBe(2);
	expect(said('probes_held_total', { ceiling: 'prefix' })).toBe(2);
	expect(said('probes_held_total', { ceiling: 'caller' })).toBe(3);
	for (const reason of ['late', 'duplicate', 'forged', 'corrupted', 'truncated'] as const) {
		expect(said('echo_replies_ignored_total', { reason })).toBe(echoCounts[reason]);
	}
	expect(said('echo_packets_dropped_total')).toBe(6);
	expect(said('echo_sends_blocked_total')).toBe(7);
	goOn.resolve();
	expect((await answer).status).toBe(200);
});

it('count what waited in a thread that has ended', () => {
	const { rates } = countedMetrics();
	const thread = rates.forThread();
	const gate = new ProbeGate(thread.setup, () => 0);
	for (let probes = 0; probes < 3; probes += 1) gate.pass(1, -1, 0);
	rates.gate.pass(1, -1, 0);
	expect(rates.held('prefix')).toEqual({ waiting: 3, ever: 3 });
	thread.ended();
	thread.ended();
	expect(rates.held('prefix')).toEqual({ waiting: 1, ever: 3 });
});
