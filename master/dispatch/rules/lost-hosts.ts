/**
 * Where hosts go that a request has not answered, or may not answer in time: out again, to a hedge, or, when they have
 * been in as many requests as a host may be, into the run as errors. Nobody else is to have them then: whoever calls
 * this gives them away.
 */
import { selectHosts } from '../../../shared/host-column.ts';
import type { Random } from '../../../shared/random.ts';
import { unsentBlock } from '../../../shared/results.ts';
import type { WorkerFailure } from '../worker-link.ts';
import { backoffMs } from './backoff.ts';
import type { Chunk } from './chunk.ts';
import { dispatchesMax } from './chunk.ts';
import type { Flight } from './flight.ts';
import type { Ledger } from './ledger.ts';
import { chunkAgain, dispatchesOf, unansweredRows } from './losses.ts';
import type { Pending } from './pending.ts';
import { openOf } from './pending.ts';
import type { Step } from './rules-io.ts';
import type { Suspects } from './suspects.ts';
import type { Dealt } from './target-queue.ts';

export interface LostHostsParts {
	readonly ledger: Ledger;
	readonly random: Random;
	readonly pending: Pending;
	readonly suspects: Suspects;
	/** requests under way, by id */
	readonly flights: ReadonlyMap<number, Flight>;
	readonly onStep: (step: Step) => void;
}

export class LostHosts {
	readonly #parts: LostHostsParts;
	/** flights that were hedged, and then failed without having reached their worker */
	readonly #neverArrived = new Set<number>();

	constructor(parts: LostHostsParts) {
		this.#parts = parts;
	}

	/** Requests that may have reached a probe with these hosts. */
	dispatchesOf(chunk: Chunk): number {
		return dispatchesOf(chunk, this.#neverArrived);
	}

	/** What a flight owns and has no answer for goes out again, or is an error. */
	giveBack(flight: Flight, failure: WorkerFailure | undefined, nowMs: number): void {
		const { ledger, random, suspects, pending } = this.#parts;
		const rows = unansweredRows(flight, ledger);
		if (rows.length === 0) return;
		const again = chunkAgain(flight, rows, {
			neverArrived: this.#neverArrived,
			failure,
			suspects,
			random,
			nowMs,
		});
		if (again !== undefined) pending.addAgain(again);
		else this.giveUp(flight.chunk, new Set(rows.map((row) => flight.chunk.positions[row]!)));
	}

	/** A chunk with what a flight owns and has no answer for is to take over from it. It may still answer. */
	hedge(flight: Flight): void {
		const { lane, chunk } = flight;
		flight.isOwner = false;
		const open = openOf(chunk, this.#parts.ledger);
		if (open.hosts.length === 0) return;
		this.#parts.pending.addAgain({
			...chunk,
			...open,
			dispatches: chunk.dispatches + 1,
			isFresh: false,
			failedOn: new Set([...chunk.failedOn, lane.name]),
			hedgeOf: [...chunk.hedgeOf, flight.id],
		});
		this.#parts.onStep({ type: 'late', id: flight.id });
	}

	/** A flight that was hedged never reached its worker: what it was the last hope of was in one request less than was
	 * thought. As the others were lost, each of these hosts goes alone. */
	neverArrived({ id, lane, chunk, lastHopeOf }: Flight, nowMs: number): void {
		this.#neverArrived.add(id);
		const rows = [...chunk.positions.keys()].filter((row) => lastHopeOf.has(chunk.positions[row]!));
		lastHopeOf.clear();
		if (rows.length === 0) return;
		this.#parts.pending.addAgain({
			...chunk,
			positions: Uint32Array.from(rows, (row) => chunk.positions[row]!),
			hosts: selectHosts(chunk.hosts, rows),
			isFresh: false,
			dispatches: dispatchesMax - 1,
			crashes: chunk.crashes + 1,
			failedOn: new Set([...chunk.failedOn, lane.name]),
			notBeforeMs: nowMs + backoffMs(dispatchesMax - 1, this.#parts.random),
			hostsMax: 1,
			hedgeOf: chunk.hedgeOf.filter((late) => !this.#neverArrived.has(late)),
		});
	}

	/** Positions of a chunk that are not to be asked again are errors, unless a late flight may still answer for them. */
	giveUp(chunk: Chunk, positions: Set<number>): void {
		if (positions.size === 0) return;
		for (const id of chunk.hedgeOf) {
			const late = this.#parts.flights.get(id);
			if (late === undefined) continue;
			for (const [row, position] of late.chunk.positions.entries()) {
				if (late.answered[row] === 0 && positions.delete(position)) late.lastHopeOf.add(position);
			}
		}
		const rows = [...chunk.positions.keys()].filter((row) => positions.has(chunk.positions[row]!));
		this.record(chunk, rows, 'worker-failed');
	}

	/** Keeps an error for hosts that no worker answers for. */
	record({ positions, hosts }: Dealt, rows: readonly number[], reason: 'worker-failed' | 'no-worker'): void {
		const kept = rows.filter((row) => this.#parts.ledger.add(positions[row]!));
		if (kept.length === 0) return;
		const block = unsentBlock(kept, 'error', reason);
		this.#parts.onStep({ type: 'record', rows: { worker: 'master', positions, hosts, block } });
	}
}
