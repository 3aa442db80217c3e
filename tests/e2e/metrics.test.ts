/** What Prometheus would read of a run that goes on, from its master and its worker: the same numbers, and no host. */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { faultsOf, samplesOf, sumOf, withoutPromtool } from '../prometheus.ts';
import { notLong, testUnless, withoutEcho } from '../requirements.ts';
import { token, Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

async function metricsOf(url: string, headers: Record<string, string> = {}): Promise<string> {
	const response = await fetch(`${url}/metrics`, { headers });
	expect(response.status).toBe(200);
	return response.text();
}

testUnless(
	notLong() ?? withoutEcho() ?? withoutPromtool,
	'a run of 8,192 hosts is at /metrics of master and worker, in numbers alone',
	async () => {
		// By itself the run would go on for longer than anybody takes to look at it.
		const { url, running } = await space.worker(['--rate', '100', '--prefix-rate', '0']);
		await using _worker = running;
		space.write('workers.txt', [url]);
		space.write('hosts.txt', '127.45.0.0/19');
		const headers = { authorization: `Bearer ${token}` };
		await using master = space.start(['master', '--workers', 'workers.txt', '--dashboard', '127.0.0.1:0'], {
			env: { PINGPOOL_TOKEN: token },
		});
		const [, dashboard] = await master.says(/dashboard: (http:\/\/127\.0\.0\.1:\d+)/);
		let text = '';
		let done = 0;
		await vi.waitFor(
			async () => {
				text = await metricsOf(dashboard!);
				const samples = samplesOf(text);
				done = sumOf(samples, 'pingpool_master_hosts_done')!;
				expect(done).toBeGreaterThanOrEqual(100);
				// What a worker says of its load comes now and then.
				const sent = sumOf(samples, 'pingpool_master_worker_echo_requests_sent_total', { worker: url });
				expect(sent).toBeGreaterThan(0);
			},
			{ timeout: 60_000, interval: 50 },
		);
		const ofWorker = await metricsOf(url, headers);
		const samples = [...samplesOf(text), ...samplesOf(ofWorker)];
		expect(sumOf(samples, 'pingpool_master_hosts')).toBe(8_192);
		expect(sumOf(samples, 'pingpool_master_run_state', { state: 'running' })).toBe(1);
		expect(sumOf(samples, 'pingpool_master_rtt_seconds_count')).toBe(done);
		// The worker was asked later.
		const sent = sumOf(samples, 'pingpool_worker_echo_requests_sent_total')!;
		expect(sent).toBeGreaterThanOrEqual(done);
		expect(sumOf(samples, 'pingpool_worker_results_total', { status: 'up' })).toBeGreaterThanOrEqual(done);
		const said = sumOf(samples, 'pingpool_master_worker_echo_requests_sent_total', { worker: url })!;
		expect(said).toBeLessThanOrEqual(sent);
		expect(sumOf(samples, 'pingpool_master_worker_memory_bytes', { worker: url })).toBeGreaterThan(10e6);
		for (const one of [text, ofWorker]) {
			expect(faultsOf(one)).toBe('');
			expect(one).not.toContain('127.45.');
			expect(one).not.toContain(token);
		}
		master.child.kill('SIGINT');
		expect(await master.exited).toBe(130);
		const stored = space.count('SELECT count(*) FROM results');
		expect(stored).toBeGreaterThanOrEqual(done);
		expect(
			sumOf(samplesOf(await metricsOf(url, headers)), 'pingpool_worker_results_total', { status: 'up' }),
		).toBeGreaterThanOrEqual(stored);
	},
);
