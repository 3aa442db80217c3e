/** What is known of the answers at 65,536 positions of a run without reading them: enough to pass over the block. */
import { mappedIpv4 } from '../../shared/ip.ts';

/** Positions of a block. */
export const blockPositions = 65_536;

export class BlockSummary {
	rows = 0;
	/** rows by the run's number of their kind (RunSummary.kinds) */
	readonly kindRows = new Map<number, number>();
	/** rows with a round-trip time, and of these the shortest and the longest, µs */
	rttRows = 0;
	rttUsMin = Number.POSITIVE_INFINITY;
	rttUsMax = Number.NEGATIVE_INFINITY;
	/** of the times at which rows were answered, ms from the start of the run */
	checkedMsMin = Number.POSITIVE_INFINITY;
	checkedMsMax = Number.NEGATIVE_INFINITY;
	/** of all IPv4 addresses, be they hosts or what names led to */
	ipv4Min = Number.POSITIVE_INFINITY;
	ipv4Max = Number.NEGATIVE_INFINITY;
	/** of the first 48 bits of all IPv6 addresses */
	ipv6Min = Number.POSITIVE_INFINITY;
	ipv6Max = Number.NEGATIVE_INFINITY;
	/** bit `position % 8` of byte `position / 8` of the rows that have been counted; `undefined` when all have */
	#seen: Uint8Array | undefined = new Uint8Array(blockPositions / 8);

	/** Whether it has a row at every position, so that nothing can come. */
	get isFull(): boolean {
		return this.#seen === undefined;
	}

	/** @returns whether the row was not counted before */
	see(offset: number): boolean {
		const seen = this.#seen;
		if (seen === undefined) return false;
		const bit = 1 << (offset & 7);
		if ((seen[offset >> 3]! & bit) !== 0) return false;
		seen[offset >> 3]! |= bit;
		this.rows += 1;
		return true;
	}

	/** Gives back what only a block needs that may still get rows. */
	settle(): void {
		if (this.rows === blockPositions) this.#seen = undefined;
	}

	seeIpv4(value: number): void {
		if (value < this.ipv4Min) this.ipv4Min = value;
		if (value > this.ipv4Max) this.ipv4Max = value;
	}

	/** One that stands for an IPv4 address counts as that. */
	seeIpv6(bytes: Uint8Array): void {
		const mapped = mappedIpv4(bytes);
		if (mapped !== undefined) {
			this.seeIpv4(mapped);
			return;
		}
		const high = ipv6High(bytes);
		if (high < this.ipv6Min) this.ipv6Min = high;
		if (high > this.ipv6Max) this.ipv6Max = high;
	}
}

/** The first 48 bits of an IPv6 address. */
export function ipv6High(bytes: Uint8Array): number {
	let high = 0;
	for (let i = 0; i < 6; i += 1) high = high * 256 + bytes[i]!;
	return high;
}
