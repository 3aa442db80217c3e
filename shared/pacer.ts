/**
 * A rate ceiling: of a worker, shared by its probes and its threads, or of a whole fleet, kept by the master.
 *
 * A generic cell rate algorithm (ITU-T I.371, the leaky bucket as a meter): one number, the theoretical time
 * at which the next probe is due. Probes may run up to `burstMs` ahead of it, so that a thread that wakes up
 * every millisecond still reaches the rate, and no quiet time is ever saved up beyond that.
 */
import type { Clock } from './clock.ts';

/** How far ahead of the even spacing probes may leave. What a longer stall of the thread held back is lost: on a
 * machine whose cores are all busy, stalls of 10 ms are common (with 5 ms here, four workers on two cores lost a sixth of their rates). */
const burstMs = 20;

export interface PacerOptions {
	/** probes per second; 0 for no ceiling */
	readonly ratePerSecond: number;
	/** the shared due time in microseconds; give the same one (on a SharedArrayBuffer) to every thread */
	readonly cell?: BigInt64Array;
	/** must be one time base for all that share a cell, in microseconds. Default: the system's monotonic clock */
	readonly nowUs?: () => number;
}

export class Pacer {
	readonly ratePerSecond: number;
	readonly cell: BigInt64Array;
	readonly #nowUs: () => number;
	readonly #stepUs: number;
	readonly #burstUs: number;

	constructor({ ratePerSecond, cell = new BigInt64Array(1), nowUs = systemNowUs }: PacerOptions) {
		this.ratePerSecond = ratePerSecond;
		this.cell = cell;
		this.#nowUs = nowUs;
		this.#stepUs = ratePerSecond > 0 ? 1e6 / ratePerSecond : 0;
		// At low rates one probe is more than the burst: it must still be able to leave.
		this.#burstUs = Math.max(burstMs * 1000, this.#stepUs);
	}

	/** Takes leave for up to `wanted` probes. @returns how many may leave now, 0 to `wanted` */
	take(wanted: number): number {
		if (this.#stepUs === 0 || wanted <= 0) return Math.max(wanted, 0);
		for (;;) {
			const due = Atomics.load(this.cell, 0);
			const nowUs = this.#nowUs();
			const base = Math.max(Number(due), nowUs);
			const room = Math.floor((nowUs + this.#burstUs - base) / this.#stepUs + 1e-6);
			const granted = Math.min(wanted, room);
			if (granted <= 0) return 0;
			const next = BigInt(Math.ceil(base + granted * this.#stepUs));
			if (Atomics.compareExchange(this.cell, 0, due, next) === due) return granted;
		}
	}

	/** Takes leave for probes that leave whatever the rate says, or have left: later ones wait for them. */
	charge(probes: number): void {
		if (this.#stepUs === 0) return;
		for (;;) {
			const due = Atomics.load(this.cell, 0);
			const next = BigInt(Math.ceil(Math.max(Number(due), this.#nowUs()) + probes * this.#stepUs));
			if (Atomics.compareExchange(this.cell, 0, due, next) === due) return;
		}
	}

	/** How long until one probe may leave, in ms; 0 when it may now. */
	delayMs(): number {
		if (this.#stepUs === 0) return 0;
		const aheadUs = Number(Atomics.load(this.cell, 0)) - this.#nowUs() + this.#stepUs - this.#burstUs;
		return Math.max(0, aheadUs / 1000);
	}

	/** Resolves when one probe may leave. Rejects with the signal's reason. */
	async acquire(clock: Clock, signal: AbortSignal): Promise<void> {
		while (this.take(1) === 0) await clock.sleep(Math.max(1, this.delayMs()), signal);
	}
}

function systemNowUs(): number {
	// timeOrigin differs between threads of a process; the sum does not.
	return (performance.timeOrigin + performance.now()) * 1000;
}
