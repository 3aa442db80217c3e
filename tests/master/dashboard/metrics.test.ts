/** What a master says at /metrics of a run, at moments that a test makes up. */
import { describe, expect, it } from 'vitest';
import type { MetricsSource } from '../../../master/dashboard/metrics.ts';
import { createMetrics } from '../../../master/dashboard/metrics.ts';
import type { LiveRun, LiveWorker } from '../../../shared/dashboard-api.ts';
import { metricsWorkersMax } from '../../../shared/limits.ts';
import { faultsOf, samplesOf, sumOf, withoutPromtool } from '../../prometheus.ts';
import { testUnless } from '../../requirements.ts';
import { serve } from './dashboard-fixture.ts';
import { liveRun, liveWorker, rttHistogram } from './live-fixture.ts';

function sourceOf(run: LiveRun, workers: readonly LiveWorker[]): MetricsSource {
	return { moment: () => ({ run, workers, rttHistogram }) };
}

async function textOf(source: MetricsSource | undefined): Promise<string> {
	const response = await createMetrics(source).request('/metrics');
	expect(response.status).toBe(200);
	expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
	return response.text();
}

describe('the metrics of a master', () => {
	it('are the numbers of its run', async () => {
		const samples = samplesOf(await textOf(sourceOf(liveRun(), [liveWorker()])));
		const said = (name: string, labels?: Record<string, string>) =>
			sumOf(samples, `pingpool_master_${name}`, labels);
		const expected = {
			run_start_time_seconds: 1_700_000_000.5,
			run_eta_seconds: 6.5,
			hosts: 1_000,
			hosts_done: 600,
			hosts_pending: 50,
			hosts_in_flight: 150,
			hosts_per_second: 60,
			rows_total: 500,
			results_total: 500,
			result_reasons_total: 100,
			requests_total: 30,
			retries_total: 3,
			hedges_total: 2,
			request_failures_total: 4,
		};
		for (const [name, value] of Object.entries(expected)) expect([name, said(name)]).toEqual([name, value]);
		expect(said('run_info', { run: '7', probe: 'icmp' })).toBe(1);
		expect(said('run_state')).toBe(1);
		expect(said('run_state', { state: 'running' })).toBe(1);
		expect(said('results_total', { status: 'down' })).toBe(80);
		expect(said('result_reasons_total', { reason: 'timeout' })).toBe(79);
		expect(said('result_reasons_total', { reason: 'no-worker' })).toBe(0);
		expect(said('rtt_seconds_bucket', { le: '0.0000158' })).toBe(10);
		expect(said('rtt_seconds_bucket', { le: '0.0000251' })).toBe(110);
		expect(said('rtt_seconds_bucket', { le: '+Inf' })).toBe(410);
		expect(said('rtt_seconds_count')).toBe(410);
		// Each of the ten buckets at its middle.
		expect(said('rtt_seconds_sum')! / 410).toBeCloseTo(26e-6, 6);
	});

	it('are those of its workers, by name', async () => {
		const silent = liveWorker({ name: 'b', state: 'aside', load: null, latencyMs: null });
		const samples = samplesOf(await textOf(sourceOf(liveRun(), [liveWorker(), silent])));
		const said = (name: string, labels?: Record<string, string>) =>
			sumOf(samples, `pingpool_master_${name}`, labels);
		const worker = '10.0.0.5:8786';
		const expected = {
			requests_in_flight: 2,
			hosts_in_flight: 150,
			window_hosts: 200,
			chunk_hosts: 100,
			hosts_per_second: 60,
			results_total: 500,
			request_failures_total: 4,
			retries_total: 3,
			hedges_total: 2,
			cpu_cores: 0.25,
			memory_bytes: 1e8,
			event_loop_delay_seconds: 0.012,
			echo_requests_sent_total: 550,
			echo_replies_received_total: 410,
			echo_packets_dropped_total: 3,
			echo_replies_forged_total: 5,
		};
		for (const [name, value] of Object.entries(expected)) {
			expect([name, said(`worker_${name}`, { worker })]).toEqual([name, value]);
		}
		expect(said('worker_latency_seconds', { worker, percentile: '99' })).toBe(0.48);
		expect(said('worker_state', { worker, state: 'healthy' })).toBe(1);
		expect(said('worker_state', { worker: 'b', state: 'aside' })).toBe(1);
		expect(said('worker_state')).toBe(2);
		expect(said('workers', { state: 'aside' })).toBe(1);
		// What it does not say is not made up.
		expect(said('worker_cpu_cores', { worker: 'b' })).toBeUndefined();
		expect(said('worker_latency_seconds', { worker: 'b' })).toBeUndefined();
	});

	it('are read anew each time, and before the next one asks', async () => {
		let done = 100;
		const app = createMetrics({
			moment: () => {
				done += 1;
				return { run: liveRun({ done }), workers: [], rttHistogram };
			},
		});
		const doneOf = async (): Promise<number | undefined> => {
			const text = await (await app.request('/metrics')).text();
			return sumOf(samplesOf(text), 'pingpool_master_hosts_done');
		};
		expect(await doneOf()).toBe(101);
		expect((await Promise.all([doneOf(), doneOf(), doneOf()])).sort()).toEqual([102, 103, 104]);
	});

	it('say nothing of an end that nobody knows, nor of a run where there is none', async () => {
		const samples = samplesOf(await textOf(sourceOf(liveRun({ etaMs: null, runId: null }), [])));
		expect(sumOf(samples, 'pingpool_master_run_eta_seconds')).toBeUndefined();
		expect(sumOf(samples, 'pingpool_master_run_info', { run: '' })).toBe(1);
		const alone = samplesOf(await textOf(undefined));
		expect(alone.filter(({ name }) => name.startsWith('pingpool_')).map(({ name }) => name)).toEqual([
			'pingpool_master_build_info',
		]);
		expect(sumOf(alone, 'process_resident_memory_bytes')).toBeGreaterThan(10e6);
	});

	it('say each what it is, in words of its own', async () => {
		const text = await textOf(sourceOf(liveRun(), [liveWorker()]));
		const helps = [...text.matchAll(/^# HELP (pingpool_\S+) (.*)$/gm)].map(([, , help]) => help!);
		expect(helps.length).toBeGreaterThan(30);
		expect(new Set(helps).size).toBe(helps.length);
		expect(helps.filter((help) => help.split(' ').length < 3)).toEqual([]);
	});

	it('are numbers from the first scrape on, however soon the next one comes', async () => {
		const metrics = createMetrics(sourceOf(liveRun(), [liveWorker()]));
		for (let scrapes = 0; scrapes < 3; scrapes += 1) {
			const samples = samplesOf(await (await metrics.request('/metrics')).text());
			// Before anything was measured, the shortest time is the longest that there can be.
			const odd = samples.filter(
				({ name, value }) => Number.isNaN(value) || (/lag/.test(name) && value > 1e6),
			);
			expect(odd).toEqual([]);
			expect(sumOf(samples, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
		}
	});

	it('are behind the doors of the dashboard', async () => {
		const metrics = createMetrics(sourceOf(liveRun(), [liveWorker()]));
		await using open = await serve({ metrics });
		const response = await open.get('/metrics');
		expect(response.status).toBe(200);
		expect(response.headers.get('x-content-type-options')).toBe('nosniff');
		expect(sumOf(samplesOf(await response.text()), 'pingpool_master_hosts')).toBe(1_000);
		for (const headers of [
			{ host: 'rebound.example' },
			{ origin: 'http://elsewhere.example' },
			{ 'sec-fetch-site': 'cross-site' },
		]) {
			const refused = await open.get('/metrics', headers);
			expect(refused.status).toBeGreaterThanOrEqual(400);
			expect(await refused.text()).not.toContain('pingpool_');
		}
		const url = `http://127.0.0.1:${open.port}/metrics`;
		const head = await fetch(url, { method: 'HEAD' });
		expect([head.status, await head.text()]).toEqual([200, '']);
		const post = await fetch(url, { method: 'POST' });
		expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
		await using closed = await serve({ metrics, token: 'a-token-for-tests-only' });
		expect((await closed.get('/metrics')).status).toBe(401);
		const authorization = 'Bearer a-token-for-tests-only';
		expect((await closed.get('/metrics', { authorization })).status).toBe(200);
	});

	it('name so many workers at most, those that have left last, and count them all', async () => {
		const workers = Array.from({ length: metricsWorkersMax + 10 }, (_, index) =>
			liveWorker({ index, name: `w${index}`, state: index < 100 ? 'gone' : 'healthy' }),
		);
		const samples = samplesOf(await textOf(sourceOf(liveRun(), workers)));
		const named = samples.filter(({ name }) => name === 'pingpool_master_worker_chunk_hosts');
		expect(named.length).toBe(metricsWorkersMax);
		expect(named.some(({ labels }) => labels.worker === 'w265')).toBe(true);
		expect(named.some(({ labels }) => labels.worker === 'w99')).toBe(false);
		expect(sumOf(samples, 'pingpool_master_workers')).toBe(metricsWorkersMax + 10);
	});

	testUnless(withoutPromtool, 'are without fault to promtool, whatever a worker is called', async () => {
		const names = ['"}\n# HELP x', 'a\\b"c', '\u202eevil', '名前', 'x'.repeat(2_000), '\u202eevil'];
		const workers = names.map((name, index) => liveWorker({ index, name }));
		const text = await textOf(sourceOf(liveRun(), workers));
		expect(faultsOf(text)).toBe('');
		expect(faultsOf(await textOf(undefined))).toBe('');
		const shown = samplesOf(text)
			.filter(({ name }) => name === 'pingpool_master_worker_chunk_hosts')
			.map(({ labels }) => labels.worker);
		expect(shown).toEqual(['"}\\u{a}# HELP x', 'a\\b"c', '\\u{202e}evil', '名前', 'x'.repeat(2_000)]);
	});
});
