/**
 * Hosts that wait to go out: for the first time, in a queue per probe, and again, in a list of chunks. What has
 * been answered meanwhile (by a request that was given up too early, or one that was hedged) is left out when
 * its turn comes.
 */
import { selectHosts } from '../../../shared/host-column.ts';
import type { ProbeName } from '../../../shared/target.ts';
import { probeNames } from '../../../shared/target.ts';
import type { Chunk } from './chunk.ts';
import { freshChunk, sliceChunk } from './chunk.ts';
import type { Ledger } from './ledger.ts';
import type { Dealt } from './target-queue.ts';
import { fitting, TargetQueue } from './target-queue.ts';

/** How much a chunk may hold. */
export interface ChunkBounds {
	/** the most hosts that the taker wants of a probe */
	readonly hostsOf: (probe: ProbeName) => number;
	/** the most bytes of hosts, as JSON strings with their commas; one host goes in any case */
	readonly bytesMax: number;
}

export class Pending {
	readonly #ledger: Ledger;
	readonly #queues = new Map<ProbeName, TargetQueue>(probeNames.map((probe) => [probe, new TargetQueue()]));
	#again: Chunk[] = [];

	constructor(ledger: Ledger) {
		this.#ledger = ledger;
	}

	/** Hosts that wait to go out for the first time. */
	get freshHosts(): number {
		let hosts = 0;
		for (const queue of this.#queues.values()) hosts += queue.size;
		return hosts;
	}

	/** Hosts that wait to go out again. */
	get againHosts(): number {
		let hosts = 0;
		for (const chunk of this.#again) hosts += chunk.hosts.length;
		return hosts;
	}

	/** Positions of all that waits; of what waits to go out again, some may have an answer by now. */
	positions(): Uint32Array[] {
		const fresh = [...this.#queues.values()].flatMap((queue) => queue.positions());
		return [...fresh, ...this.#again.map((chunk) => chunk.positions)];
	}

	/** Takes in hosts for the first time; those with an answer are left out. @returns how many are new */
	add(probe: ProbeName, dealt: Dealt): number {
		const open = openOf(dealt, this.#ledger);
		this.#queues.get(probe)!.push(open);
		return open.hosts.length;
	}

	/** Takes in what has to go out again. */
	addAgain(chunk: Chunk): void {
		this.#again.push(chunk);
	}

	/** The next hosts that nobody was asked for, of the probe of which the smallest share has gone out: a few that take
	 * long (TCP, HTTP) must not be left for the end because they are few. */
	takeFresh(probes: ReadonlySet<ProbeName>, { hostsOf, bytesMax }: ChunkBounds): Chunk | undefined {
		let next: ProbeName | undefined;
		let leastShare = 1;
		for (const [probe, { takenShare }] of this.#queues) {
			if (takenShare >= leastShare || !probes.has(probe)) continue;
			next = probe;
			leastShare = takenShare;
		}
		if (next === undefined) return undefined;
		return freshChunk(next, this.#queues.get(next)!.take(hostsOf(next), bytesMax, next));
	}

	/** The next hosts to ask again, of those that `may` go. */
	takeAgain(may: (chunk: Chunk) => boolean, { hostsOf, bytesMax }: ChunkBounds): Chunk | undefined {
		for (let at = 0; at < this.#again.length; ) {
			const held = this.#again[at]!;
			if (!may(held)) {
				at += 1;
				continue;
			}
			const chunk = this.#withoutAnswered(held);
			if (chunk === undefined) {
				this.#again.splice(at, 1);
				continue;
			}
			const hostsMax = Math.min(chunk.hostsMax, hostsOf(chunk.probe));
			const size = fitting(chunk.hosts, 0, hostsMax, bytesMax, chunk.probe);
			if (size === chunk.hosts.length) {
				this.#again.splice(at, 1);
				return chunk;
			}
			this.#again[at] = sliceChunk(chunk, size, chunk.hosts.length);
			return sliceChunk(chunk, 0, size);
		}
		return undefined;
	}

	/** Takes out everything of a probe, without what has been answered. */
	takeAll(probe: ProbeName): Dealt[] {
		const queue = this.#queues.get(probe)!;
		const again = this.#again.filter((chunk) => chunk.probe === probe);
		this.#again = this.#again.filter((chunk) => chunk.probe !== probe);
		return [...queue.takeAll(), ...again]
			.map((dealt) => openOf(dealt, this.#ledger))
			.filter(({ hosts }) => hosts.length > 0);
	}

	/** Monotonic time at which the next put-off chunk may go; `undefined` when none is put off. */
	nextAgainMs(nowMs: number): number | undefined {
		let next: number | undefined;
		for (const { notBeforeMs } of this.#again) {
			if (notBeforeMs > nowMs && notBeforeMs < (next ?? Number.POSITIVE_INFINITY)) next = notBeforeMs;
		}
		return next;
	}

	#withoutAnswered(chunk: Chunk): Chunk | undefined {
		const open = openOf(chunk, this.#ledger);
		if (open.hosts.length === 0) return undefined;
		return open.hosts.length === chunk.hosts.length ? chunk : { ...chunk, ...open };
	}
}

/** Hosts without an answer. */
export function openOf({ positions, hosts }: Dealt, ledger: Ledger): Dealt {
	const rows: number[] = [];
	for (let row = 0; row < positions.length; row += 1) if (!ledger.has(positions[row]!)) rows.push(row);
	if (rows.length === positions.length) return { positions, hosts };
	return { positions: Uint32Array.from(rows, (row) => positions[row]!), hosts: selectHosts(hosts, rows) };
}
