import { describe, expect, it } from 'vitest';
import { KernelTime } from '../../../worker/icmp/kernel-time.node.ts';
import type { Libc } from '../../../worker/icmp/libc.node.ts';
import { SO_TIMESTAMPNS, SOL_SOCKET } from '../../../worker/icmp/linux.ts';
import type { MessageBatch } from '../../../worker/icmp/message-batch.node.ts';

/** Two clocks, of which the wall's is read a microsecond after the thread's, and sometimes later. */
class Clocks {
	nowMs = 1_000;
	/** ahead of the thread's */
	wallAheadMs = 1_795_000_000_000;
	/** what comes between the next readings, in ms: one for each */
	interruptionsMs: number[] = [];
	#timespec: Int32Array | undefined;
	readonly time: KernelTime;

	constructor() {
		const libc = {
			addressOf: (buffer: ArrayBuffer) => {
				this.#timespec = new Int32Array(buffer);
				return 1;
			},
			clockGettime: () => {
				this.nowMs += 0.001 + (this.interruptionsMs.shift() ?? 0);
				write(this.#timespec!, 0, this.nowMs + this.wallAheadMs);
				return 0;
			},
		};
		this.time = new KernelTime(libc as unknown as Libc, () => this.nowMs);
		this.time.synchronize();
	}

	/** Of a packet that the kernel stamps now: by how much what is made of it differs. */
	errorOf(read: () => void): number {
		const receivedMs = this.nowMs;
		const words = new Int32Array(8);
		words.set([SOL_SOCKET, SO_TIMESTAMPNS], 2);
		write(words, 4, receivedMs + this.wallAheadMs);
		this.nowMs += 0.5;
		read();
		const batch = { words, controlLength: () => 32, controlAt: () => 0 };
		return this.time.receivedAtMs(batch as unknown as MessageBatch, 0) - receivedMs;
	}
}

/** A struct timespec: seconds, nanoseconds, eight bytes each. */
function write(words: Int32Array, at: number, ms: number): void {
	const seconds = Math.floor(ms / 1_000);
	words[at] = seconds | 0;
	words[at + 1] = Math.floor(seconds / 2 ** 32);
	words[at + 2] = Math.round((ms - 1_000 * seconds) * 1e6);
	words[at + 3] = 0;
}

describe('the time at which the kernel received a packet', () => {
	it('is that of the thread’s clock', () => {
		const clocks = new Clocks();
		expect(clocks.errorOf(() => clocks.time.synchronize())).toBeCloseTo(0, 2);
	});

	it('is not made earlier by what comes between reading the two clocks', () => {
		const clocks = new Clocks();
		clocks.interruptionsMs = [7, 3];
		expect(clocks.errorOf(() => clocks.time.synchronize())).toBeCloseTo(0, 2);
		// Back to one reading of each.
		const before = clocks.nowMs;
		clocks.time.synchronize();
		expect(clocks.nowMs - before).toBeCloseTo(0.001);
	});

	it.each([-3_600_000, -30, 30, 3_600_000])(
		'follows a wall clock that is put by %i ms, once it is read again',
		(ms) => {
			const clocks = new Clocks();
			clocks.wallAheadMs += ms;
			expect(clocks.errorOf(() => clocks.time.synchronize())).toBeCloseTo(0, 2);
		},
	);

	it('is unknown where the kernel did not say', () => {
		const { time } = new Clocks();
		expect(time.receivedAtMs({ controlLength: () => 0 } as unknown as MessageBatch, 0)).toBeNaN();
	});
});
