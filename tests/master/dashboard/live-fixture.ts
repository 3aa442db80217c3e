/** A run at one moment, as a monitor would give it. */
import type { LiveRun, LiveWorker, RttHistogram } from '../../../shared/dashboard-api.ts';
import { liveRun as plainRun, liveWorker as plainWorker } from '../../dashboard/live-fixture.ts';

export function liveRun(changes: Partial<LiveRun> = {}): LiveRun {
	return plainRun({
		startedAtMs: 1_700_000_000_500,
		done: 600,
		doneBefore: 100,
		byStatus: { up: 400, down: 80, unresolved: 10, denied: 6, error: 4 },
		byReason: { timeout: 79, refused: 1, 'dns-not-found': 10, multicast: 6, internal: 4 },
		inFlight: 150,
		pending: 50,
		ratePerSecond: 60,
		etaMs: 6_500,
		requests: 30,
		retries: 3,
		hedges: 2,
		failures: 4,
		rtt: { p50: 1, p90: 2, p95: 3, p99: 4, max: 5 },
		...changes,
	});
}

export function liveWorker(changes: Partial<LiveWorker> = {}): LiveWorker {
	return plainWorker(0, {
		name: '10.0.0.5:8786',
		probes: ['icmp', 'tcp', 'http'],
		requests: 2,
		inFlight: 150,
		windowHosts: 200,
		done: 500,
		byStatus: { up: 400, down: 80, unresolved: 10, denied: 6, error: 4 },
		ratePerSecond: 60,
		latencyMs: { p50: 120, p99: 480 },
		failures: 4,
		retries: 3,
		hedges: 2,
		load: {
			cpu: 0.25,
			memoryBytes: 1e8,
			eventLoopDelayMs: 12,
			sent: 550,
			received: 410,
			dropped: 3,
			forged: 5,
		},
		...changes,
	});
}

/** Some edges of a decade, as close as the monitor's. */
export const rttHistogram: RttHistogram = {
	edgesMs: [0.01, 0.0112, 0.0126, 0.0141, 0.0158, 0.0178, 0.02, 0.0224, 0.0251, 0.0282],
	counts: [1, 2, 3, 4, 10, 20, 30, 40, 100, 200],
};
