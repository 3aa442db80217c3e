/**
 * Which ceiling an address is under: that of its prefix, an IPv4 /24 or an IPv6 /48 (what one site has, RFC 6177).
 *
 * Prefixes are hashed into a table of cells, so memory is constant. Two prefixes that meet in one cell share a
 * ceiling: none ever gets more than it should, and rarely one gets less. With n prefixes in use at a time, each
 * meets another with the odds n / 2^18; those that are probed as fast as their ceiling allows are at most 39 at
 * 10,000 probes/s and 256 a prefix, of which two meet with the odds 1 : 350. The hash is keyed by a secret of the
 * process, so that nobody can choose prefixes that meet.
 */
import type { IpAddress } from '../../shared/ip.ts';
import { readUint32 } from '../../shared/ip.ts';
import { isGloballyReachable, isGloballyReachableIpv4 } from '../../shared/special-purpose.ts';
import type { PrefixRateScope } from '../config.ts';
import { HalfSipHash } from '../icmp/half-sip-hash.ts';

/** Cells of the table: a power of two, a megabyte. */
export const prefixCellsCount = 2 ** 18;

/** Under no ceiling of this kind. */
export const noCell = -1;

const noWords = new Int32Array(0);

export interface PrefixCellsOptions {
	readonly scope: PrefixRateScope;
	/** random, and secret */
	readonly key: readonly [number, number];
}

export class PrefixCells {
	readonly #isForAll: boolean;
	readonly #hash: HalfSipHash;

	constructor({ scope, key }: PrefixCellsOptions) {
		this.#isForAll = scope === 'all';
		this.#hash = new HalfSipHash(key);
	}

	/** @returns the cell of the address's prefix, or `noCell` */
	of(address: IpAddress): number {
		if (address.family === 4) return this.ofIpv4(address.value);
		if (!this.#isForAll && !isGloballyReachable(address)) return noCell;
		const { bytes } = address;
		const inner = routedIpv4(bytes);
		if (inner !== undefined) return this.#cellOf(0, inner >>> 8);
		return this.#cellOf(readUint32(bytes, 0), 0x1_0000 | (bytes[4]! << 8) | bytes[5]! | (6 << 24));
	}

	/** The same for an IPv4 address as an unsigned 32-bit number. */
	ofIpv4(value: number): number {
		if (!this.#isForAll && !isGloballyReachableIpv4(value)) return noCell;
		return this.#cellOf(0, value >>> 8);
	}

	/** The cells of many; `undefined` when none is under a ceiling, as on a private network. */
	ofMany(addresses: readonly IpAddress[] | Uint32Array): Int32Array<ArrayBuffer> | undefined {
		let cells: Int32Array<ArrayBuffer> | undefined;
		for (let i = 0; i < addresses.length; i += 1) {
			const address = addresses[i]!;
			const cell = typeof address === 'number' ? this.ofIpv4(address) : this.of(address);
			if (cell === noCell) continue;
			cells ??= new Int32Array(addresses.length).fill(noCell);
			cells[i] = cell;
		}
		return cells;
	}

	#cellOf(high: number, low: number): number {
		this.#hash.hash(high, low, noWords, 0, 0);
		return this.#hash.low & (prefixCellsCount - 1);
	}
}

/**
 * The IPv4 address that a packet to this one is routed by, where the prefix says so: through NAT64 (64:ff9b::/96,
 * RFC 6052), which all of IPv4 is behind, and 6to4 (2002::/16, RFC 3056), where each address has a /48. What an
 * interface identifier embeds (ISATAP) does not decide which network the packet goes to, and Teredo's clients are
 * behind their server's /48.
 */
function routedIpv4(bytes: Uint8Array): number | undefined {
	const first = readUint32(bytes, 0);
	if (first >>> 16 === 0x2002) return readUint32(bytes, 2);
	if (first !== 0x0064_ff9b || readUint32(bytes, 4) !== 0 || readUint32(bytes, 8) !== 0) return undefined;
	return readUint32(bytes, 12);
}
