/**
 * Round-trip statistics of the hosts of a job, folded in the order of sending, whatever the order of the answers:
 * each host has a small window of round-trip times, and its next echo waits while the window is full.
 */
import type { EchoColumns } from './echo-results.ts';
import type { JobMessage } from './thread-messages.ts';

/** Round-trip times that the windows of one job hold together, but never under `windowMin` a host. */
const windowCellsMax = 2 ** 22;
const windowMin = 16;

/** In a window: not yet known. */
const pending = -2;
/** Instead of a round-trip time: no answer came. */
export const lostEcho = -1;

/** Round-trip statistics of all hosts of a job, by the definitions of shared/stats.ts. */
export class EchoStatistics {
	readonly received: Uint16Array;
	readonly sum: Float64Array;
	readonly #count: number;
	readonly #window: number;
	/** `#window` round-trip times for each host, echo `k` at `k % #window` */
	readonly #rtts: Float64Array;
	/** echoes of each host that are folded in */
	readonly #folded: Uint16Array;
	readonly #min: Float64Array;
	readonly #max: Float64Array;
	readonly #last: Float64Array;
	readonly #variation: Float64Array;

	constructor({ hosts, count, timeoutMs, intervalMs }: JobMessage) {
		const overlapping = Math.ceil(timeoutMs / Math.max(intervalMs, 0.001)) + 2;
		const affordable = Math.max(windowMin, Math.floor(windowCellsMax / hosts));
		this.#count = count;
		this.#window = Math.min(count, overlapping, affordable);
		this.#rtts = new Float64Array(hosts * this.#window).fill(pending);
		this.#folded = new Uint16Array(hosts);
		this.received = new Uint16Array(hosts);
		this.sum = new Float64Array(hosts);
		this.#min = new Float64Array(hosts).fill(Number.POSITIVE_INFINITY);
		this.#max = new Float64Array(hosts);
		this.#last = new Float64Array(hosts);
		this.#variation = new Float64Array(hosts);
	}

	hasRoom(host: number, echo: number): boolean {
		return echo - this.#folded[host]! < this.#window;
	}

	/** Takes the fate of one echo: its round-trip time, or `lostEcho`. @returns whether it was the host's last */
	settle(host: number, echo: number, rttMs: number): boolean {
		const base = host * this.#window;
		this.#rtts[base + (echo % this.#window)] = rttMs;
		for (;;) {
			const next = this.#folded[host]!;
			if (next === this.#count) return true;
			const cell = base + (next % this.#window);
			const value = this.#rtts[cell]!;
			if (value === pending) return false;
			this.#rtts[cell] = pending;
			this.#folded[host] = next + 1;
			if (value !== lostEcho) this.#fold(host, value);
		}
	}

	#fold(host: number, rttMs: number): void {
		if (this.received[host]! > 0) this.#variation[host]! += Math.abs(rttMs - this.#last[host]!);
		this.received[host]! += 1;
		this.sum[host]! += rttMs;
		this.#last[host] = rttMs;
		if (rttMs < this.#min[host]!) this.#min[host] = rttMs;
		if (rttMs > this.#max[host]!) this.#max[host] = rttMs;
	}

	write(host: number, columns: NonNullable<EchoColumns['rtt']>, row: number): void {
		const received = this.received[host]!;
		columns.min[row] = received === 0 ? Number.NaN : this.#min[host]!;
		columns.max[row] = received === 0 ? Number.NaN : this.#max[host]!;
		columns.jitter[row] =
			received === 0 ? Number.NaN : received === 1 ? 0 : this.#variation[host]! / (received - 1);
	}
}
