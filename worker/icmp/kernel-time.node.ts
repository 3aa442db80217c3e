/**
 * Kernel receive timestamps on the thread's clock. They are in wall-clock time, which may step, so both clocks
 * are read together for every batch, and a result that can not be true is left to the reader to replace.
 */
import type { Libc } from './libc.node.ts';
import { CLOCK_REALTIME, SO_TIMESTAMPNS, SOL_SOCKET } from './linux.ts';
import type { MessageBatch } from './message-batch.node.ts';

/** Less than the last difference of the clocks by more than this says that something came between reading the two. */
const betweenMsMax = 0.02;
const readingsMax = 4;

/** When packets were received, on the thread's clock. */
export interface ReceiveTime {
	/** Reads the clocks, once for each batch. @returns the thread's, in ms */
	synchronize(): number;
	/** When message `i` was received, in ms of the thread's clock; NaN when the kernel did not say. */
	receivedAtMs(batch: MessageBatch, i: number): number;
}

export class KernelTime implements ReceiveTime {
	readonly #libc: Libc;
	readonly #timespec = new Int32Array(new ArrayBuffer(128));
	readonly #address: number;
	readonly #nowMs: () => number;
	/** seconds that are taken off every wall-clock time, so that a double keeps the nanoseconds */
	readonly #baseSeconds: number;
	/** what the thread's clock is ahead of the wall's */
	#offsetMs = Number.NEGATIVE_INFINITY;

	constructor(libc: Libc, nowMs: () => number) {
		this.#libc = libc;
		this.#nowMs = nowMs;
		this.#address = libc.addressOf(this.#timespec.buffer);
		libc.clockGettime(CLOCK_REALTIME, this.#address);
		this.#baseSeconds = seconds(this.#timespec, 0);
	}

	synchronize(): number {
		// The wall's is read last: a thread that is put aside in between finds the difference too small, which would
		// make every round trip of the batch shorter than it was. It is never found too large, so the largest of
		// some readings is best; should they all be less than before, the wall clock was put forward.
		const atLeastMs = this.#offsetMs - betweenMsMax;
		let nowMs = this.#readClocks();
		let offsetMs = this.#offsetMs;
		for (let readings = 1; offsetMs < atLeastMs && readings < readingsMax; readings += 1) {
			nowMs = this.#readClocks();
			offsetMs = Math.max(offsetMs, this.#offsetMs);
		}
		this.#offsetMs = offsetMs;
		return nowMs;
	}

	/** @returns the thread's, in ms */
	#readClocks(): number {
		const nowMs = this.#nowMs();
		this.#libc.clockGettime(CLOCK_REALTIME, this.#address);
		this.#offsetMs = nowMs - this.#wallMs(this.#timespec, 0);
		return nowMs;
	}

	receivedAtMs(batch: MessageBatch, i: number): number {
		if (batch.controlLength(i) < 32) return Number.NaN;
		const { words } = batch;
		const control = batch.controlAt(i) >> 2;
		// The only control message that the socket asks for.
		if (words[control + 2] !== SOL_SOCKET || words[control + 3] !== SO_TIMESTAMPNS) return Number.NaN;
		return this.#wallMs(words, control + 4) + this.#offsetMs;
	}

	#wallMs(words: Int32Array, at: number): number {
		return (seconds(words, at) - this.#baseSeconds) * 1000 + words[at + 2]! / 1e6;
	}
}

function seconds(words: Int32Array, at: number): number {
	return words[at + 1]! * 0x1_0000_0000 + (words[at]! >>> 0);
}
