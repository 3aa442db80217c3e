/**
 * IP addresses, parsed strictly: `127.1`, `0x7f000001` and `010.0.0.1` are no addresses here, because resolvers
 * disagree about what they mean and a policy check must not.
 */

export type IpAddress = Ipv4Address | Ipv6Address;
export interface Ipv4Address {
	readonly family: 4;
	/** the address as an unsigned 32-bit number */
	readonly value: number;
}
export interface Ipv6Address {
	readonly family: 6;
	/** 16 bytes, network order */
	readonly bytes: Uint8Array;
}

/** The value of a dotted quad as an unsigned 32-bit number, or -1 when the text is no strict IPv4 address. */
export function parseIpv4(text: string): number {
	const length = text.length;
	if (length < 7 || length > 15) return -1;
	let value = 0;
	let octet = 0;
	let digits = 0;
	let dots = 0;
	for (let i = 0; i < length; i += 1) {
		const code = text.charCodeAt(i);
		if (code >= 48 && code <= 57) {
			// A leading zero would be octal to some resolvers.
			if (digits > 0 && octet === 0) return -1;
			octet = octet * 10 + (code - 48);
			digits += 1;
			if (octet > 255) return -1;
		} else if (code === 46) {
			if (digits === 0 || dots === 3) return -1;
			value = value * 256 + octet;
			octet = 0;
			digits = 0;
			dots += 1;
		} else return -1;
	}
	return dots === 3 && digits > 0 ? value * 256 + octet : -1;
}

/** The dotted quad of an unsigned 32-bit number. */
export function formatIpv4(value: number): string {
	return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** The 16 bytes of an IPv6 address (RFC 4291 section 2.2, an IPv4 tail included, no zone), or `undefined`. */
export function parseIpv6(text: string): Uint8Array | undefined {
	const { length } = text;
	if (length < 2 || length > 45) return undefined;
	const bytes = new Uint8Array(16);
	let filled = 0;
	// Where "::" stands, in bytes before it.
	let gap = -1;
	let i = 0;
	if (text.startsWith('::')) {
		gap = 0;
		i = 2;
	}
	while (i < length) {
		const start = i;
		let value = 0;
		for (; i < length; i += 1) {
			const digit = hexDigit(text.charCodeAt(i));
			if (digit < 0) break;
			if (i - start === 4) return undefined;
			value = value * 16 + digit;
		}
		if (text[i] === '.') {
			const tail = parseIpv4(text.slice(start));
			if (tail < 0 || filled > 12) return undefined;
			new DataView(bytes.buffer).setUint32(filled, tail);
			filled += 4;
			break;
		}
		if (i === start || filled === 16) return undefined;
		bytes[filled] = value >>> 8;
		bytes[filled + 1] = value & 255;
		filled += 2;
		if (i === length) break;
		if (text[i] !== ':') return undefined;
		i += 1;
		// Behind one colon there is a group, behind two there may be the end.
		if (i === length) return undefined;
		if (text[i] === ':') {
			if (gap >= 0) return undefined;
			gap = filled;
			i += 1;
		}
	}
	if (gap < 0) return filled === 16 ? bytes : undefined;
	// "::" stands for at least one group.
	if (filled > 14) return undefined;
	const end = 16 - (filled - gap);
	bytes.copyWithin(end, gap, filled);
	return bytes.fill(0, gap, end);
}

/** 0 to 15, or -1 for what is no hexadecimal digit. */
function hexDigit(code: number): number {
	if (code >= 48 && code <= 57) return code - 48;
	const lower = code | 32;
	return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** The canonical text of 16 bytes (RFC 5952: lower case, the longest run of zero groups as `::`; an
 * IPv4-mapped address ends in a dotted quad). */
export function formatIpv6(bytes: Uint8Array): string {
	const mapped = mappedIpv4(bytes);
	if (mapped !== undefined) return `::ffff:${formatIpv4(mapped)}`;
	let gap = 16;
	let gapBytes = 2;
	for (let start = 0; start < 16; start += 2) {
		let end = start;
		while (end < 16 && bytes[end] === 0 && bytes[end + 1] === 0) end += 2;
		if (end - start > gapBytes) {
			gap = start;
			gapBytes = end - start;
		}
		if (end > start) start = end;
	}
	let text = '';
	for (let i = 0; i < 16; i += 2) {
		if (i === gap) {
			text += '::';
			i += gapBytes - 2;
		} else {
			if (i > 0 && i !== gap + gapBytes) text += ':';
			text += ((bytes[i]! << 8) | bytes[i + 1]!).toString(16);
		}
	}
	return text;
}

/** The IPv4 value in an IPv4-mapped address (`::ffff:0:0/96`), or `undefined`. */
export function mappedIpv4(bytes: Uint8Array): number | undefined {
	for (let i = 0; i < 10; i += 1) if (bytes[i] !== 0) return undefined;
	return bytes[10] === 0xff && bytes[11] === 0xff ? readUint32(bytes, 12) : undefined;
}

/** Four bytes at `offset` as an unsigned number, network order. */
export function readUint32(bytes: Uint8Array, offset: number): number {
	return (
		bytes[offset]! * 0x100_0000 +
		((bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!)
	);
}

/** An address from its text; an IPv4-mapped IPv6 address becomes the IPv4 address that it is. */
export function parseIp(text: string): IpAddress | undefined {
	const value = parseIpv4(text);
	if (value >= 0) return { family: 4, value };
	const bytes = parseIpv6(text);
	if (bytes === undefined) return undefined;
	const mapped = mappedIpv4(bytes);
	return mapped === undefined ? { family: 6, bytes } : { family: 4, value: mapped };
}

/** The canonical text of an address. */
export function formatIp(address: IpAddress): string {
	return address.family === 4 ? formatIpv4(address.value) : formatIpv6(address.bytes);
}

/** A block of addresses. */
export interface Cidr {
	readonly address: IpAddress;
	/** leading bits that count: 0–32 or 0–128 */
	readonly prefix: number;
}

/** `10.0.0.0/8`, `fd00::/8`, or a single address; `undefined` for anything else. Host bits may be set. */
export function parseCidr(text: string): Cidr | undefined {
	const slash = text.indexOf('/');
	// Read by the family of the text: a mapped IPv6 prefix would otherwise be cut at 32 bits.
	const value = parseIpv4(slash < 0 ? text : text.slice(0, slash));
	const bytes = value < 0 ? parseIpv6(slash < 0 ? text : text.slice(0, slash)) : undefined;
	if (value < 0 && bytes === undefined) return undefined;
	const address: IpAddress = bytes === undefined ? { family: 4, value } : { family: 6, bytes };
	const bits = address.family === 4 ? 32 : 128;
	if (slash < 0) return { address, prefix: bits };
	const suffix = text.slice(slash + 1);
	if (!/^(0|[1-9][0-9]{0,2})$/.test(suffix) || Number(suffix) > bits) return undefined;
	return { address, prefix: Number(suffix) };
}

/** Whether a block holds an address; blocks of the other family never do. */
export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
	if (cidr.address.family === 4) {
		if (address.family !== 4) return false;
		const mask = cidr.prefix === 0 ? 0 : (0xffff_ffff << (32 - cidr.prefix)) >>> 0;
		return (cidr.address.value & mask) >>> 0 === (address.value & mask) >>> 0;
	}
	if (address.family !== 6) return false;
	const whole = cidr.prefix >> 3;
	for (let i = 0; i < whole; i += 1) if (cidr.address.bytes[i] !== address.bytes[i]) return false;
	const rest = cidr.prefix & 7;
	if (rest === 0) return true;
	const mask = (0xff << (8 - rest)) & 255;
	return (cidr.address.bytes[whole]! & mask) === (address.bytes[whole]! & mask);
}
