/** A run at one moment, as a monitor would give it. */
import type { LiveRun, LiveWorker, RttHistogram } from '../../../shared/dashboard-api.ts';

export function liveRun(changes: Partial<LiveRun> = {}): LiveRun {
	return {
		runId: 7,
		state: 'running',
		startedAtMs: 1_700_000_000_500,
		elapsedMs: 10_000,
		total: 1_000,
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
		hosts: 'hosts.txt',
		db: 'hosts.db',
		probe: 'icmp',
		timeoutMs: 1_000,
		count: 1,
		...changes,
	};
}

export function liveWorker(changes: Partial<LiveWorker> = {}): LiveWorker {
	return {
		index: 0,
		name: '10.0.0.5:8786',
		state: 'healthy',
		why: null,
		asideUntilAtMs: null,
		runtime: 'node',
		version: '0.1.0',
		probes: ['icmp', 'tcp', 'http'],
		icmp: 'datagram',
		requests: 2,
		inFlight: 150,
		unsentHosts: 0,
		windowHosts: 200,
		chunkHosts: 100,
		done: 500,
		byStatus: { up: 400, down: 80, unresolved: 10, denied: 6, error: 4 },
		ratePerSecond: 60,
		latencyMs: { p50: 120, p99: 480 },
		failures: 4,
		failureReasons: [],
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
	};
}

/** Some edges of a decade, as close as the monitor's. */
export const rttHistogram: RttHistogram = {
	edgesMs: [0.01, 0.0112, 0.0126, 0.0141, 0.0158, 0.0178, 0.02, 0.0224, 0.0251, 0.0282],
	counts: [1, 2, 3, 4, 10, 20, 30, 40, 100, 200],
};
