/** How much of this machine's processors nobody uses. */
import { cpus } from 'node:os';

/** Time of all processors, in ms since they run: in all, and of that without work. */
interface ProcessorTime {
	readonly totalMs: number;
	readonly idleMs: number;
}

export class IdleShare {
	readonly #read: () => ProcessorTime;
	#last: ProcessorTime;

	/** @param read Default: of this machine */
	constructor(read: () => ProcessorTime = processorTime) {
		this.#read = read;
		this.#last = read();
	}

	/** @returns from 0 to 1, since it was asked for last; 1 where the system does not say */
	sinceLast(): number {
		const now = this.#read();
		const totalMs = now.totalMs - this.#last.totalMs;
		const idleMs = now.idleMs - this.#last.idleMs;
		this.#last = now;
		return totalMs > 0 ? Math.min(1, Math.max(0, idleMs / totalMs)) : 1;
	}
}

function processorTime(): ProcessorTime {
	let totalMs = 0;
	let idleMs = 0;
	for (const { times } of cpus()) {
		totalMs += times.user + times.nice + times.sys + times.idle + times.irq;
		idleMs += times.idle;
	}
	return { totalMs, idleMs };
}
