/** What is counted of requests, over an app whose probes answer as they are told. */
import { expect, it } from 'vitest';
import { reasons, statuses } from '../../../shared/outcome.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import type { ProbeName } from '../../../shared/target.ts';
import { probeNames } from '../../../shared/target.ts';
import { ResultTally } from '../../../worker/metrics/result-tally.ts';
import type { WorkerMetrics } from '../../../worker/metrics/worker-metrics.ts';
import { linesOf, recordingProbe, testApp, token, upBlock } from '../app-fixture.ts';

/** Everything that was counted, as `probe status reason`. */
function countsOf(tally: ResultTally): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const probe of probeNames) {
		for (const [statusAt, status] of statuses.entries()) {
			for (const [reasonAt, reason] of reasons.entries()) {
				const hosts = tally.hostsOf(probe, statusAt, reasonAt);
				if (hosts > 0) counts[`${probe} ${status} ${reason}`.trim()] = hosts;
			}
		}
	}
	return counts;
}

function downBlock(positions: readonly number[]): ResultBlock {
	const block = upBlock(positions.map((index) => ({ index }) as never));
	return {
		...block,
		status: positions.map(() => statuses.indexOf('down')),
		reason: positions.map(() => reasons.indexOf('timeout')),
		received: positions.map(() => 0),
		rttMs: positions.map(() => Number.NaN),
	};
}

function tallied() {
	const tally = new ResultTally();
	const metrics: WorkerMetrics = {
		asked: (plan) => tally.taker(plan),
		render: async ({ requestsInFlight, hostsInFlight }) => ({
			type: 'text/plain',
			text: `${requestsInFlight} ${hostsInFlight}`,
		}),
	};
	const tcp = recordingProbe('tcp', async ({ hosts, report }) => {
		report(downBlock(hosts.map(({ index }) => index)));
	});
	return { tally, ...testApp({ metrics, probes: [recordingProbe('icmp'), tcp] }) };
}

it('counts the hosts of one probe, with those that were denied', async () => {
	const { tally, ping } = tallied();
	await linesOf(await ping({ hosts: ['192.0.2.1', '192.0.2.2', '224.0.0.1', '2001:db8::1'] }));
	expect(countsOf(tally)).toEqual({ 'icmp up': 3, 'icmp denied multicast': 1 });
	expect(tally.rtts('icmp').sumSeconds).toBeCloseTo((3 * 1.23456) / 1e3, 9);
	expect(tally.rtts('tcp').sumSeconds).toBe(0);
});

it('knows which probe each host of a mixed request was for, copies of a host included', async () => {
	const { tally, ping } = tallied();
	const hosts = [
		'192.0.2.1',
		'tcp://192.0.2.1:80',
		'192.0.2.2',
		'tcp://192.0.2.1:80',
		'http://192.0.2.9/',
		'192.0.2.1',
		'tcp://192.0.2.3:25',
	];
	await linesOf(await ping({ hosts }));
	const probes: Record<ProbeName, number> = { icmp: 3, tcp: 3, http: 1 };
	const counts = countsOf(tally);
	expect(counts).toEqual({
		'icmp up': probes.icmp,
		'tcp down timeout': 2,
		'tcp denied port': 1,
		'http error no-probe': probes.http,
	});
});

it('adds up over requests, and /metrics is told what is in flight', async () => {
	const { tally, ping, app } = tallied();
	for (let i = 0; i < 3; i += 1) await linesOf(await ping({ hosts: ['192.0.2.1'] }));
	expect(countsOf(tally)).toEqual({ 'icmp up': 3 });
	const headers = { authorization: `Bearer ${token}` };
	expect(await (await app.request('/metrics', { headers })).text()).toBe('0 0');
	expect((await app.request('/metrics')).status).toBe(401);
	expect((await testApp().app.request('/metrics', { headers })).status).toBe(404);
});
