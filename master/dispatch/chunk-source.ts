/**
 * Where chunks come from: the target list, read as capacity frees, and what has to be asked again.
 *
 * Targets are read in windows of `shuffleWindow`, each window is shuffled, so that one subnet is not hit at
 * once while rows still reach the database nearly in key order, and dealt into one queue per probe, bare IPv4
 * addresses first. No more than one window is held beyond what is in flight, whatever the length of the list.
 */
import type { HostColumn } from '../../shared/host-column.ts';
import { sliceHosts } from '../../shared/host-column.ts';
import type { Random } from '../../shared/random.ts';
import type { ProbeName } from '../../shared/target.ts';
import { probeNames } from '../../shared/target.ts';
import type { TargetBatch } from '../targets/target-list.ts';
import { ShuffleWindow } from './shuffle-window.ts';
import { fitting, TargetQueue } from './target-queue.ts';

/** Targets that belong together on their way to one worker. */
export interface Chunk {
	readonly probe: ProbeName;
	/** positions in the run, parallel to `hosts` */
	readonly positions: Uint32Array;
	readonly hosts: HostColumn;
	/** requests so far that may have reached a worker with these hosts in them */
	readonly tries: number;
	/** workers that failed at it, to be avoided while there are others */
	readonly failedOn: ReadonlySet<string>;
	/** monotonic time before which it is not to be sent again */
	readonly notBeforeMs: number;
}

export interface ChunkSourceOptions {
	readonly batches: AsyncIterable<TargetBatch>;
	readonly random: Random;
	/** targets that are shuffled together. Default: 16,384 */
	readonly shuffleWindow?: number;
}

/** How much a chunk may hold. */
export interface ChunkSize {
	/** the most hosts that the taker wants of a probe */
	readonly sizeOf: (probe: ProbeName) => number;
	/** the most bytes of hosts, as JSON strings with their commas; one host goes in any case */
	readonly bytesMax: number;
}

/** Who asks for a chunk. */
export interface ChunkTaker {
	readonly name: string;
	readonly probes: ReadonlySet<ProbeName>;
}

export class ChunkSource {
	readonly #iterator: AsyncIterator<TargetBatch>;
	readonly #random: Random;
	readonly #shuffleWindow: number;
	readonly #queues = new Map<ProbeName, TargetQueue>(probeNames.map((probe) => [probe, new TargetQueue()]));
	#retries: Chunk[] = [];
	#pending: TargetBatch | undefined;
	#ended = false;
	#filling: Promise<void> | undefined;
	#failure: { error: unknown } | undefined;

	constructor({ batches, random, shuffleWindow = 16_384 }: ChunkSourceOptions) {
		this.#iterator = batches[Symbol.asyncIterator]();
		this.#random = random;
		this.#shuffleWindow = shuffleWindow;
	}

	/** Targets that are held here, to be sent for the first time or again. */
	get held(): number {
		let held = 0;
		for (const queue of this.#queues.values()) held += queue.size;
		for (const chunk of this.#retries) held += chunk.hosts.length;
		return held;
	}

	/** Whether nothing is left here; what is in flight elsewhere may still come back. */
	get exhausted(): boolean {
		return this.#ended && this.held === 0;
	}

	/**
	 * The next chunk for a worker, what has to be asked again first.
	 *
	 * @param avoid whether a chunk that already failed at this taker must wait for another one
	 * @returns `undefined` when there is nothing for this taker now
	 * @throws what reading the list threw
	 */
	async take(
		taker: ChunkTaker,
		size: ChunkSize,
		nowMs: number,
		avoid: (chunk: Chunk) => boolean,
	): Promise<Chunk | undefined> {
		const again = this.#retries.findIndex(
			(chunk) => taker.probes.has(chunk.probe) && chunk.notBeforeMs <= nowMs && !avoid(chunk),
		);
		if (again >= 0) return this.#takeRetry(again, size);
		for (;;) {
			for (const [probe, queue] of this.#queues) {
				if (queue.size === 0 || !taker.probes.has(probe)) continue;
				const taken = queue.take(size.sizeOf(probe), size.bytesMax, probe);
				return { probe, ...taken, tries: 0, failedOn: new Set(), notBeforeMs: 0 };
			}
			if (this.#failure !== undefined) throw this.#failure.error;
			// With a window of other probes' targets waiting, reading on would only heap up more.
			if (this.#ended || this.#queued >= this.#shuffleWindow) return undefined;
			this.#filling ??= this.#fill().finally(() => {
				this.#filling = undefined;
			});
			await this.#filling;
		}
	}

	/** Takes back what a worker did not answer. */
	giveBack(chunk: Chunk): void {
		this.#retries.push(chunk);
	}

	/** Takes out everything that is held for a probe, for which no worker is left. */
	takeAll(probe: ProbeName): Chunk[] {
		const queue = this.#queues.get(probe)!;
		const chunks = this.#retries.filter((chunk) => chunk.probe === probe);
		this.#retries = this.#retries.filter((chunk) => chunk.probe !== probe);
		for (const taken of queue.takeAll()) {
			chunks.push({ probe, ...taken, tries: 0, failedOn: new Set(), notBeforeMs: 0 });
		}
		return chunks;
	}

	/** Monotonic time at which the next put-off chunk may be sent; `undefined` when none is put off. What may be
	 * sent already waits for a worker and not for a time. */
	nextRetryMs(nowMs: number): number | undefined {
		let next: number | undefined;
		for (const { notBeforeMs } of this.#retries) {
			if (notBeforeMs > nowMs && notBeforeMs < (next ?? Number.POSITIVE_INFINITY)) next = notBeforeMs;
		}
		return next;
	}

	/** Stops reading the list. */
	async close(): Promise<void> {
		this.#ended = true;
		await this.#iterator.return?.();
	}

	get #queued(): number {
		let queued = 0;
		for (const queue of this.#queues.values()) queued += queue.size;
		return queued;
	}

	#takeRetry(at: number, { sizeOf, bytesMax }: ChunkSize): Chunk {
		const chunk = this.#retries[at]!;
		const size = fitting(chunk.hosts, 0, sizeOf(chunk.probe), bytesMax, chunk.probe);
		if (chunk.hosts.length <= size) {
			this.#retries.splice(at, 1);
			return chunk;
		}
		// Another worker may take smaller chunks than the one that failed.
		this.#retries[at] = {
			...chunk,
			positions: chunk.positions.slice(size),
			hosts: sliceHosts(chunk.hosts, size, chunk.hosts.length),
		};
		return { ...chunk, positions: chunk.positions.slice(0, size), hosts: sliceHosts(chunk.hosts, 0, size) };
	}

	async #fill(): Promise<void> {
		const window = new ShuffleWindow(this.#shuffleWindow);
		while (window.room > 0) {
			if (this.#pending === undefined) {
				let next: IteratorResult<TargetBatch>;
				try {
					next = await this.#iterator.next();
				} catch (error) {
					this.#failure = { error };
					break;
				}
				if (next.done || this.#ended) {
					this.#ended = true;
					break;
				}
				this.#pending = next.value;
			}
			this.#pending = window.add(this.#pending);
		}
		const queues = probeNames.map((probe) => this.#queues.get(probe)!);
		for (const { probe, ...dealt } of window.shuffled(this.#random)) queues[probe]!.push(dealt);
	}
}
