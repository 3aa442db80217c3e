/** Columns of a table as SQLite joins them into one text, taken apart again. */
import { parseIpv6 } from '../../shared/ip.ts';

const comma = 0x2c;
const minus = 0x2d;
const colon = 0x3a;
const lineFeed = 0x0a;

/**
 * Reads whole numbers between commas.
 *
 * @returns how many, of which no more are kept than fit; NaN when something else stands among them
 */
export function parseIntegers(text: Uint8Array, into: Float64Array | Uint32Array): number {
	const { length } = text;
	let value = 0;
	let isNegative = false;
	let isOdd = false;
	let count = 0;
	for (let at = 0; at < length; at += 1) {
		const digit = text[at]! - 48;
		if (digit >= 0 && digit <= 9) value = value * 10 + digit;
		else if (digit === comma - 48) {
			into[count] = isNegative ? -value : value;
			count += 1;
			value = 0;
			isNegative = false;
		} else if (digit === minus - 48) isNegative = true;
		else isOdd = true;
	}
	if (length === 0) return 0;
	into[count] = isNegative ? -value : value;
	return isOdd ? Number.NaN : count + 1;
}

/**
 * Finds where each of the texts ends that stand on a line each.
 *
 * @returns how many there are, which may be more than `ends` has room for
 */
export function parseLineEnds(text: Uint8Array, ends: Uint32Array): number {
	const { length } = text;
	let count = 0;
	for (let at = 0; at < length; at += 1) {
		if (text[at] !== lineFeed) continue;
		ends[count] = at;
		count += 1;
	}
	ends[count] = length;
	return count + 1;
}

/** The value of a strict dotted quad (shared/ip.ts) that stands in bytes, or -1. */
export function ipv4In(text: Uint8Array, start: number, end: number): number {
	if (end - start < 7 || end - start > 15) return -1;
	let value = 0;
	let octet = 0;
	let digits = 0;
	let dots = 0;
	for (let at = start; at < end; at += 1) {
		const digit = text[at]! - 48;
		if (digit >= 0 && digit <= 9) {
			if (digits > 0 && octet === 0) return -1;
			octet = octet * 10 + digit;
			if (octet > 255) return -1;
			digits += 1;
		} else if (digit === -2 && digits > 0 && dots < 3) {
			value = value * 256 + octet;
			octet = 0;
			digits = 0;
			dots += 1;
		} else return -1;
	}
	return dots === 3 && digits > 0 ? value * 256 + octet : -1;
}

/** The IPv6 address that stands in bytes, if it is one. */
export function ipv6In(text: Uint8Array, start: number, end: number): Uint8Array | undefined {
	if (end - start > 45) return undefined;
	// Every one of them has a colon among its first five characters.
	for (let at = start; at < start + 5 && at < end; at += 1) {
		if (text[at] === colon) return parseIpv6(textIn(text, start, end));
	}
	return undefined;
}

/** Bytes as a text. */
function textIn(text: Uint8Array, start: number, end: number): string {
	return Buffer.from(text.buffer, text.byteOffset + start, end - start).toString();
}
