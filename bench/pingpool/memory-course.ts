/** How the memory of a master goes while it works through a list. */
import { readMemory } from '../usage.ts';

interface Sample {
	/** hosts that had been answered */
	readonly answered: number;
	readonly bytes: number;
}

export class MemoryCourse {
	readonly #samples: Sample[] = [];

	look(pid: number, answered: number): void {
		const memory = readMemory(pid);
		if (memory !== undefined) this.#samples.push({ answered, bytes: memory.bytes });
	}

	/**
	 * How much more memory was resident at most behind a point of the list than before it: 1.1 is a tenth more.
	 * Highest values are compared because memory goes up and down with every garbage collection.
	 */
	growthBehind(hosts: number): number {
		const peak = (samples: readonly Sample[]): number => Math.max(...samples.map(({ bytes }) => bytes));
		const before = this.#samples.filter(({ answered }) => answered <= hosts);
		const behind = this.#samples.filter(({ answered }) => answered > hosts);
		return before.length === 0 || behind.length === 0 ? 1 : peak(behind) / peak(before);
	}
}
