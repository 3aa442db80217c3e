/**
 * How long packets travel: from the first one that a program sends to the last one that comes back, read from the
 * counters of the lab's link. Scanners wait for late replies afterwards, which is not their speed, and they take
 * their time to start; both are left out.
 */
import type { Bench } from '../bench.ts';
import { readLinkPackets } from '../usage.ts';

/** The kernel sends a few of its own. */
const packetsIgnored = 8;

export class WireTime {
	readonly #link: string;
	#sentBefore: number | undefined;
	#received = -1;
	#firstAtMs: number | undefined;
	#lastAtMs = 0;

	constructor({ link }: Pick<Bench, 'link'>) {
		this.#link = link;
	}

	/** To be called every few milliseconds. */
	look(pid: number): void {
		const packets = readLinkPackets(pid, this.#link);
		if (packets === undefined) return;
		const nowMs = performance.now();
		this.#sentBefore ??= packets.sent;
		if (packets.sent > this.#sentBefore + packetsIgnored) this.#firstAtMs ??= nowMs;
		if (packets.received > this.#received + packetsIgnored || this.#received === -1) {
			this.#received = packets.received;
			this.#lastAtMs = nowMs;
		}
	}

	/** for how long nothing came back any more; 0 before the first packet */
	get quietMs(): number {
		return this.#firstAtMs === undefined ? 0 : performance.now() - this.#lastAtMs;
	}

	get seconds(): number {
		if (this.#firstAtMs === undefined) throw new Error('no packet was seen on the link');
		return (this.#lastAtMs - this.#firstAtMs) / 1000;
	}
}
