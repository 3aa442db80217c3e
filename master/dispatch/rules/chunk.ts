/** Hosts that go out together, and what is known of them from requests before. */
import type { HostColumn } from '../../../shared/host-column.ts';
import { sliceHosts } from '../../../shared/host-column.ts';
import type { ProbeName } from '../../../shared/target.ts';
import type { Dealt } from './target-queue.ts';

/** Requests that may reach a probe with one host in them. After as many, the host is an error. */
export const dispatchesMax = 3;

export interface Chunk {
	readonly probe: ProbeName;
	/** positions in the run, parallel to `hosts` */
	readonly positions: Uint32Array;
	readonly hosts: HostColumn;
	/** whether nobody was asked for it yet */
	readonly isFresh: boolean;
	/** requests so far that may have reached a probe with these hosts in them */
	readonly dispatches: number;
	/** of those, requests that a worker died of or would not read: one of the hosts may be why */
	readonly crashes: number;
	/** workers that failed at it, to be avoided while there are others */
	readonly failedOn: ReadonlySet<string>;
	/** monotonic time before which it is not to be sent again */
	readonly notBeforeMs: number;
	/** the most hosts of it that go out together */
	readonly hostsMax: number;
	/** ids of flights that are late and have these hosts as well, for which this stands in */
	readonly hedgeOf: readonly number[];
}

/** Hosts that have not been asked for yet. */
export function freshChunk(probe: ProbeName, { positions, hosts }: Dealt): Chunk {
	return {
		probe,
		positions,
		hosts,
		isFresh: true,
		dispatches: 0,
		crashes: 0,
		failedOn: new Set(),
		notBeforeMs: 0,
		hostsMax: Number.POSITIVE_INFINITY,
		hedgeOf: [],
	};
}

/** Whether a host of it may be what a worker died of. */
export function isSuspect(chunk: Chunk): boolean {
	return chunk.crashes > 0;
}

/** Whether it must have a worker to itself: if that dies as well, nobody else may be blamed or lost. */
export function isAlone(chunk: Chunk): boolean {
	return isSuspect(chunk) && chunk.dispatches === dispatchesMax - 1;
}

/** Hosts `from` to `to - 1` of a chunk. */
export function sliceChunk(chunk: Chunk, from: number, to: number): Chunk {
	return {
		...chunk,
		positions: chunk.positions.slice(from, to),
		hosts: sliceHosts(chunk.hosts, from, to),
	};
}
