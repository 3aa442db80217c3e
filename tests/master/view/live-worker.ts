import type { LiveWorker } from '../../../shared/dashboard-api.ts';
import { liveWorker as plainWorker } from '../../dashboard/live-fixture.ts';

/** A worker that does well, changed as a test wants it. */
export function liveWorker(changes: Partial<LiveWorker>): LiveWorker {
	return plainWorker(0, {
		name: 'worker-a',
		requests: 2,
		inFlight: 1_024,
		unsentHosts: 1_024,
		windowHosts: 2_048,
		chunkHosts: 512,
		done: 12_345,
		byStatus: { up: 12_000, down: 345, unresolved: 0, denied: 0, error: 0 },
		ratePerSecond: 1_234.5,
		latencyMs: { p50: 12.3, p99: 40 },
		...changes,
	});
}
