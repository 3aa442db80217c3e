/**
 * How many hosts a chunk for a worker has that says no rate of its own: as many as it sends on in `chunkMs`, so
 * that a fast worker gets few and large requests, and what a slow one holds is small enough not to be waited for
 * at the end of a run.
 *
 * Its rate shows in every chunk: of `ahead` hosts that were unsent there when the chunk left, its own included,
 * the last one waited for `waitMs`, so it sends ahead / waitMs (Little's law).
 */

/** Of a worker's time that a chunk is worth. */
const chunkMs = 25;

/** However slow a worker is: it must not be asked host by host. */
const hostsMin = 64;

/** Before anything is known of a worker: half a second of one that sends a thousand a second. */
const hostsAtFirst = 512;

/** One chunk may be a fluke: the next is no more than so many times as large. */
const growthMax = 4;

export class ChunkSize {
	readonly #max: number;
	#hosts: number;

	/** @param max the most hosts that a chunk may have; 1 or more */
	constructor(max: number) {
		this.#max = max;
		this.#hosts = Math.min(hostsAtFirst, max);
	}

	/** Hosts of the next chunk. */
	get hosts(): number {
		return this.#hosts;
	}

	/** A worker has sent on a chunk of `sent` hosts. */
	passed(sent: number, ahead: number, waitMs: number): void {
		const wanted = waitMs > 0 ? Math.round((ahead / waitMs) * chunkMs) : Number.POSITIVE_INFINITY;
		// The last chunks of a list are small, and say little.
		const grown = Math.max(this.#hosts, growthMax * sent);
		this.#hosts = Math.min(this.#max, Math.max(hostsMin, Math.min(wanted, grown)));
	}
}
