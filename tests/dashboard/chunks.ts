/** Chunks for tests of the task stream. */
import type { LiveChunk } from '../../shared/dashboard-api.ts';

/** A chunk that went well, in the run's second second. */
export function chunk(changes: Partial<LiveChunk> & { readonly id: number }): LiveChunk {
	return {
		request: `r-${changes.id}`,
		worker: 0,
		probe: 'icmp',
		kind: 'first',
		end: 'ok',
		startMs: 1_000,
		sentMs: null,
		endMs: 2_000,
		hosts: 100,
		answered: 100,
		notUp: 0,
		failure: null,
		...changes,
	};
}
