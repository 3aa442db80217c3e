/** Blocks of IPv4 addresses as the map has them: of 0, 8, 16 or 24 bits, each of 256 squares in 16 rows. */
import { formatIpv4, parseCidr } from '../../../shared/ip.ts';

export const squaresPerSide = 16;
export const squares = squaresPerSide * squaresPerSide;

export interface MapPrefix {
	/** its first address */
	readonly base: number;
	readonly bits: 0 | 8 | 16 | 24;
}

/** @returns `undefined` for what is none; bits behind the length are cleared */
export function parseMapPrefix(text: string): MapPrefix | undefined {
	const cidr = parseCidr(text);
	if (cidr === undefined || cidr.address.family !== 4) return undefined;
	const bits = ([0, 8, 16, 24] as const).find((known) => known === cidr.prefix);
	return bits === undefined ? undefined : { base: startOf(cidr.address.value, bits), bits };
}

export function mapPrefixText(prefix: MapPrefix): string {
	return `${formatIpv4(prefix.base)}/${prefix.bits}`;
}

/** The first address of a square. */
function squareBase(prefix: MapPrefix, index: number): number {
	return prefix.base + index * 2 ** (24 - prefix.bits);
}

/** What a square stands for: `10.1.0.0/16`, or `10.1.2.3` in a /24. */
export function squareText(prefix: MapPrefix, index: number): string {
	const address = formatIpv4(squareBase(prefix, index));
	return prefix.bits === 24 ? address : `${address}/${prefix.bits + 8}`;
}

/** From the whole of IPv4 down to the prefix itself. */
export function trailOf(prefix: MapPrefix): MapPrefix[] {
	return ([0, 8, 16, 24] as const)
		.filter((bits) => bits <= prefix.bits)
		.map((bits) => ({ base: startOf(prefix.base, bits), bits }));
}

/** The /24 that an address lies in; `undefined` for what is no IPv4 address. */
export function blockOf(address: string): string | undefined {
	const cidr = parseCidr(address);
	if (cidr === undefined || cidr.address.family !== 4 || cidr.prefix !== 32) return undefined;
	return mapPrefixText({ base: startOf(cidr.address.value, 24), bits: 24 });
}

/**
 * Where a key leads to from a square: arrows by one, Home and End in the row, with control in the map, page keys by
 * four rows. The edges hold.
 * @returns the same square for other keys
 */
export function squareAfterKey(index: number, key: string, isControl: boolean): number {
	const column = index % squaresPerSide;
	const row = (index - column) / squaresPerSide;
	const at = (toRow: number, toColumn: number) =>
		Math.max(0, Math.min(squaresPerSide - 1, toRow)) * squaresPerSide +
		Math.max(0, Math.min(squaresPerSide - 1, toColumn));
	switch (key) {
		case 'ArrowLeft':
			return at(row, column - 1);
		case 'ArrowRight':
			return at(row, column + 1);
		case 'ArrowUp':
			return at(row - 1, column);
		case 'ArrowDown':
			return at(row + 1, column);
		case 'PageUp':
			return at(row - 4, column);
		case 'PageDown':
			return at(row + 4, column);
		case 'Home':
			return isControl ? 0 : at(row, 0);
		case 'End':
			return isControl ? squares - 1 : at(row, squaresPerSide - 1);
		default:
			return index;
	}
}

function startOf(address: number, bits: number): number {
	const size = 2 ** (32 - bits);
	return Math.floor(address / size) * size;
}
