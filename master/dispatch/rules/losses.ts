/** What becomes of hosts that a request did not answer. */
import { selectHosts } from '../../../shared/host-column.ts';
import type { Random } from '../../../shared/random.ts';
import type { WorkerFailure } from '../worker-link.ts';
import { backoffMs } from './backoff.ts';
import type { Chunk } from './chunk.ts';
import { dispatchesMax } from './chunk.ts';
import type { Flight } from './flight.ts';
import type { Ledger } from './ledger.ts';
import type { Suspects } from './suspects.ts';

/** Rows of a flight's chunk that have no answer, from it or from anybody. */
export function unansweredRows({ chunk, answered }: Flight, ledger: Ledger): number[] {
	const rows: number[] = [];
	for (let row = 0; row < answered.length; row += 1) {
		if (answered[row] === 0 && !ledger.has(chunk.positions[row]!)) rows.push(row);
	}
	return rows;
}

/** Whether one of the hosts asked for may be why the worker failed. */
export function isCrash({ kind }: WorkerFailure): boolean {
	return kind === 'broken' || kind === 'rejected';
}

/** Whether a request that ended so is one of those that a host may be in. What a worker will never take must not go
 * around forever, although nothing was probed. */
export function isDispatch(failure: WorkerFailure | undefined, hosts: number): boolean {
	if (failure === undefined || failure.probed || failure.kind === 'rejected') return true;
	return failure.kind === 'too-large' && hosts === 1;
}

/** Requests that may have reached a probe with these hosts: a hedge reckons with what it stands in for, until that is
 * known never to have arrived. */
export function dispatchesOf({ dispatches, hedgeOf }: Chunk, neverArrived: ReadonlySet<number>): number {
	return dispatches - hedgeOf.filter((id) => neverArrived.has(id)).length;
}

export interface LossOptions {
	/** flights that were hedged, and then turned out never to have reached a worker */
	readonly neverArrived: ReadonlySet<number>;
	/** why the flight ended; `undefined` when the worker had trouble of its own with these hosts only */
	readonly failure: WorkerFailure | undefined;
	readonly suspects: Suspects;
	readonly random: Random;
	readonly nowMs: number;
}

/**
 * Some rows of a flight's chunk, to be asked again.
 *
 * @returns `undefined` when they have been in as many requests as a host may be
 */
export function chunkAgain(
	flight: Flight,
	rows: readonly number[],
	{ neverArrived, failure, suspects, random, nowMs }: LossOptions,
): Chunk | undefined {
	const { lane, chunk } = flight;
	const isTooLarge = failure?.kind === 'too-large' && chunk.hosts.length > 1;
	const isCounted = isDispatch(failure, chunk.hosts.length);
	const dispatches = dispatchesOf(chunk, neverArrived) + (isCounted ? 1 : 0);
	if (dispatches >= dispatchesMax) return undefined;
	const isSuspicious = failure !== undefined && isCounted && isCrash(failure) && !flight.hasBeenSurvived;
	const crashes = chunk.crashes + (isSuspicious ? 1 : 0);
	return {
		probe: chunk.probe,
		positions: Uint32Array.from(rows, (row) => chunk.positions[row]!),
		hosts: selectHosts(chunk.hosts, rows),
		isFresh: false,
		dispatches,
		crashes,
		// One that only found it too large gets it again, in pieces.
		failedOn: isTooLarge ? chunk.failedOn : new Set([...chunk.failedOn, lane.name]),
		notBeforeMs: nowMs + (failure !== undefined && isCounted ? backoffMs(dispatches, random) : 0),
		hostsMax: crashes > 0 ? suspects.pieceHosts(rows.length, dispatches) : Number.POSITIVE_INFINITY,
		hedgeOf: chunk.hedgeOf.filter((id) => !neverArrived.has(id)),
	};
}
