/**
 * How finely hosts go out that were in a request of which a worker died: one of them may be why (a worker that
 * crashes on it), or the machine was just switched off, which is far more frequent. So a second request has
 * pieces of a chunk, and few of them at a time at one worker, because all there are lost when it dies again;
 * more at a time as they come back well. A third one, the last that a host gets, has one host.
 */
const pieceHostsMin = 32;
const hostsAtFirst = 256;
const hostsMaxMax = 16_384;

export class Suspects {
	#hostsMax = hostsAtFirst;

	/** Suspect hosts that one worker may have under way. */
	get hostsMax(): number {
		return this.#hostsMax;
	}

	/** A piece came back well. */
	passed(): void {
		this.#hostsMax = Math.min(hostsMaxMax, 2 * this.#hostsMax);
	}

	/** A worker died with a piece under way. */
	crashed(): void {
		this.#hostsMax = hostsAtFirst;
	}

	/**
	 * The most hosts of a piece.
	 *
	 * @param hosts of the chunk
	 * @param dispatches requests that it has been in
	 */
	pieceHosts(hosts: number, dispatches: number): number {
		return dispatches === 1 ? Math.max(pieceHostsMin, Math.ceil(Math.sqrt(hosts))) : 1;
	}
}
