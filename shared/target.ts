/**
 * What may be asked for: one host of a request, or one line of a hosts file (which may also be a block or a
 * range of addresses). Parsing is strict, runs in linear time, and gives every target one canonical text, by
 * which duplicates are known and under which the database keeps it.
 */

import { quote } from './display.ts';
import { formatCount } from './format.ts';
import type { IpAddress } from './ip.ts';
import { formatIpv4, formatIpv6, parseIp, parseIpv4, parseIpv6, readUint32 } from './ip.ts';
import { addressesPerLineMax, hostBytesMax } from './limits.ts';

export const probeNames = ['icmp', 'tcp', 'http'] as const;
export type ProbeName = (typeof probeNames)[number];

export interface Target {
	/** canonical text: lower case, addresses in their shortest form, default ports of URLs left out */
	readonly text: string;
	/** the scheme that was written, which decides the probe; `undefined` for a bare host or `host:port` */
	readonly scheme: 'tcp' | 'http' | 'https' | undefined;
	/** the address, when the host was written as one */
	readonly address: IpAddress | undefined;
	/** the DNS name (ASCII, lower case, no trailing dot), when it was not */
	readonly name: string | undefined;
	/** the port that was written, or the default one of an http or https URL */
	readonly port: number | undefined;
	/** path and query of an http or https URL, starting with `/` */
	readonly path: string | undefined;
}

/** Consecutive addresses, as a CIDR or a range stands for. */
export type AddressRange =
	| { readonly family: 4; readonly first: number; readonly count: number }
	| { readonly family: 6; readonly first: Uint8Array; readonly count: number };

/** A text that is no target. The message quotes it safely and says what was expected. */
export class InvalidTargetError extends Error {
	override readonly name = 'InvalidTargetError';
}

/**
 * The probe that a target gets: its scheme's, or tcp for `host:port` when icmp was asked for (an echo request
 * has no port), or the one that was asked for.
 */
export function probeOf(target: Target, asked: ProbeName): ProbeName {
	if (target.scheme !== undefined) return target.scheme === 'tcp' ? 'tcp' : 'http';
	return target.port !== undefined && asked === 'icmp' ? 'tcp' : asked;
}

/**
 * One host: IPv4, IPv6 (bare or in brackets), a name, `host:port`, `tcp://host:port`, `http(s)://host…`.
 *
 * @throws InvalidTargetError
 */
export function parseTarget(text: string): Target {
	const value = parseIpv4(text);
	if (value >= 0) return bareAddress(text, { family: 4, value });
	const bare = parseIp(text);
	if (bare !== undefined) return bareAddress(formatted(bare), bare);
	if (text.length > hostBytesMax) fail(text, `is ${text.length} characters long; at most ${hostBytesMax}`);
	if (text === '') throw new InvalidTargetError('an empty text is no host');
	checkCharacters(text);
	const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
	if (scheme === 'http' || scheme === 'https') {
		const target = parseUrl(text, scheme);
		// Percent-encoding makes a path up to nine times as long: a worker would refuse the canonical text.
		if (target.text.length > hostBytesMax) {
			fail(text, `is ${target.text.length} characters long as a URL; at most ${hostBytesMax}`);
		}
		return target;
	}
	if (scheme === 'tcp') {
		const authority = text.slice('tcp://'.length).replace(/\/$/, '');
		const { address, name, port, host } = parseAuthority(text, authority);
		if (port === undefined) fail(text, `needs a port, as in tcp://${host}:443`);
		return { text: `tcp://${host}:${port}`, scheme, address, name, port, path: undefined };
	}
	if (scheme !== undefined)
		fail(text, `has the scheme ${scheme.slice(0, 20)}://; tcp://, http:// and https:// are known`);
	const { address, name, port, host } = parseAuthority(text, text);
	if (port === undefined && address !== undefined) return bareAddress(formatted(address), address);
	const canonical = port === undefined ? host : `${host}:${port}`;
	return { text: canonical, scheme: undefined, address, name, port, path: undefined };
}

/**
 * One entry of a hosts file: a target, a CIDR (`10.0.0.0/16`; host bits are ignored, network and broadcast
 * addresses count) or a range (`10.0.0.1-10.0.0.50`, `10.0.0.1-50`, `fd00::1-fd00::ff`).
 *
 * @throws InvalidTargetError
 */
export function parseListEntry(text: string): Target | AddressRange {
	const value = parseIpv4(text);
	if (value >= 0) return bareAddress(text, { family: 4, value });
	if (text.length <= 100 && !text.includes('://')) {
		const slash = text.indexOf('/');
		if (slash >= 0) return parseBlock(text, slash);
		const dash = text.indexOf('-');
		if (dash >= 0) {
			const range = parseRange(text, text.slice(0, dash), text.slice(dash + 1));
			if (range !== undefined) return range;
		}
	}
	return parseTarget(text);
}

/** Tells an address range from a target. */
export function isAddressRange(entry: Target | AddressRange): entry is AddressRange {
	return 'first' in entry;
}

/** The text of the address `offset` places into a range: canonical, as `parseTarget` would give it. */
export function addressTextAt(range: AddressRange, offset: number): string {
	if (range.family === 4) return formatIpv4((range.first + offset) >>> 0);
	const address = parseIp(formatIpv6(addToIpv6(range.first, offset)));
	return address === undefined ? '' : formatted(address);
}

function bareAddress(text: string, address: IpAddress): Target {
	return { text, scheme: undefined, address, name: undefined, port: undefined, path: undefined };
}

function formatted(address: IpAddress): string {
	return address.family === 4 ? formatIpv4(address.value) : formatIpv6(address.bytes);
}

function fail(text: string, problem: string): never {
	throw new InvalidTargetError(`${quote(text)} ${problem}`);
}

function checkCharacters(text: string): void {
	if (/\s/.test(text)) fail(text, 'has white space in it; one host per line is expected');
	if (/[\p{Cc}\p{Cf}\p{Cs}\p{DI}]/u.test(text)) fail(text, 'has control or invisible characters in it');
	if (text.includes('�')) fail(text, 'is not valid UTF-8');
}

function parseUrl(text: string, scheme: 'http' | 'https'): Target {
	const rest = text.slice(scheme.length + 3);
	const end = rest.search(/[/?#]/);
	const authority = end < 0 ? rest : rest.slice(0, end);
	const { address, name, port, host } = parseAuthority(text, authority);
	// The host is parsed strictly above; the URL class sees only the path, which it percent-encodes. It stands
	// behind a host of ours, not relative to it: "//evil" alone would be another host.
	const url = new URL(`http://host${end < 0 ? '' : rest.slice(end)}`);
	const path = url.pathname + url.search;
	const usual = scheme === 'http' ? 80 : 443;
	const shown = port === undefined || port === usual ? '' : `:${port}`;
	return { text: `${scheme}://${host}${shown}${path}`, scheme, address, name, port: port ?? usual, path };
}

interface Authority {
	address: IpAddress | undefined;
	name: string | undefined;
	port: number | undefined;
	/** canonical text of the host, in brackets when it is IPv6 */
	host: string;
}

function parseAuthority(text: string, authority: string): Authority {
	if (authority.includes('@')) fail(text, 'has a user name in it; none are sent');
	if (authority.startsWith('[')) {
		const close = authority.indexOf(']');
		const bytes = close < 0 ? undefined : parseIpv6(authority.slice(1, close));
		if (bytes === undefined) fail(text, 'has no IPv6 address between its brackets');
		const rest = authority.slice(close + 1);
		if (rest !== '' && !rest.startsWith(':')) fail(text, 'has more than a port behind its brackets');
		return withAddress(parseIp(formatIpv6(bytes))!, rest === '' ? undefined : parsePort(text, rest.slice(1)));
	}
	const colon = authority.indexOf(':');
	if (colon >= 0 && authority.indexOf(':', colon + 1) >= 0) {
		if (authority.includes('%')) fail(text, 'has a zone, which means something on one machine only');
		const address = parseIp(authority);
		if (address === undefined) fail(text, 'is not an IPv6 address');
		if (authority !== text) fail(text, 'needs brackets around its IPv6 address, as in [::1]:443');
		return withAddress(address, undefined);
	}
	const port = colon < 0 ? undefined : parsePort(text, authority.slice(colon + 1));
	const host = colon < 0 ? authority : authority.slice(0, colon);
	const value = parseIpv4(host);
	if (value >= 0) return withAddress({ family: 4, value }, port);
	const name = parseName(text, host);
	return { address: undefined, name, port, host: name };
}

function withAddress(address: IpAddress, port: number | undefined): Authority {
	const host = address.family === 6 ? `[${formatted(address)}]` : formatted(address);
	return { address, name: undefined, port, host };
}

function parsePort(text: string, digits: string): number {
	const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0;
	if (port < 1 || port > 65_535) fail(text, `has the port ${quote(digits)}; 1 to 65535 is expected`);
	return port;
}

/** A DNS name (RFC 1123 labels, underscores allowed as resolvers allow them), in ASCII and lower case. */
function parseName(text: string, host: string): string {
	let name = host.toLowerCase();
	if (!/^[a-z0-9._-]*$/.test(name)) name = toAscii(text, name);
	if (name.endsWith('.')) name = name.slice(0, -1);
	if (name === '') fail(text, 'has no host in it');
	if (name.length > 253) fail(text, `is a name of ${name.length} characters; at most 253`);
	const labels = name.split('.');
	for (const label of labels) {
		if (label === '') fail(text, 'is not a name: it has an empty part');
		if (label.length > 63) fail(text, 'is not a name: a part of it is over 63 characters');
		if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label)) {
			fail(text, 'is not an address, name, host:port, tcp:// or http(s):// URL');
		}
	}
	// As browsers decide: a name whose last part is a number is meant as an IPv4 address (URL Standard).
	if (/^([0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1)!)) fail(text, notIpv4Because(host));
	return name;
}

function notIpv4Because(host: string): string {
	const octets = host.split('.');
	const over = octets.find((octet) => /^[0-9]+$/.test(octet) && Number(octet) > 255);
	if (octets.length === 4 && over !== undefined)
		return `is not an IPv4 address: ${over.slice(0, 20)} is over 255`;
	const zero = octets.find((octet) => /^0[0-9]+$/.test(octet));
	if (zero !== undefined) return `is not an IPv4 address: ${zero.slice(0, 20)} has a leading zero`;
	return 'is not an IPv4 address: four numbers from 0 to 255 with dots between are expected';
}

function toAscii(text: string, name: string): string {
	// Only letters, digits and marks reach the URL class, so it can not see a port, a path or a user in it.
	if (!/^[\p{L}\p{N}\p{M}._-]+$/u.test(name)) {
		fail(text, 'is not an address, name, host:port, tcp:// or http(s):// URL');
	}
	try {
		const ascii = new URL(`http://${name}/`).hostname;
		if (/^[a-z0-9._-]+$/.test(ascii)) return ascii;
	} catch {
		// falls through to the message
	}
	return fail(text, 'is not a valid international name');
}

function parseBlock(text: string, slash: number): AddressRange {
	const host = text.slice(0, slash);
	const value = parseIpv4(host);
	const bytes = value < 0 ? parseIpv6(host) : undefined;
	const bits = value >= 0 ? 32 : 128;
	if (value < 0 && bytes === undefined)
		fail(text, 'is not a CIDR: an IP address is expected before the slash');
	const suffix = text.slice(slash + 1);
	if (!/^(0|[1-9][0-9]{0,2})$/.test(suffix) || Number(suffix) > bits) {
		fail(text, `is not a CIDR: /0 to /${bits} is expected behind the address`);
	}
	const prefix = Number(suffix);
	const count = 2 ** (bits - prefix);
	if (count > addressesPerLineMax) tooMany(text, count);
	if (bytes === undefined) return { family: 4, first: Math.floor(value / count) * count, count };
	const first = bytes.slice();
	for (let bit = prefix; bit < 128; bit += 1) first[bit >> 3]! &= ~(0x80 >> (bit & 7));
	return { family: 6, first, count };
}

/** `undefined` when the text is no range and may be a name with a hyphen. */
function parseRange(text: string, from: string, to: string): AddressRange | undefined {
	const first = parseIpv4(from);
	if (first >= 0) {
		const last = /^[0-9]{1,3}$/.test(to) ? lastOctet(text, first, to) : parseIpv4(to);
		if (last < 0) fail(text, 'is not a range: an IPv4 address is expected behind the hyphen');
		if (last < first) fail(text, 'is not a range: it ends before it starts');
		if (last - first + 1 > addressesPerLineMax) tooMany(text, last - first + 1);
		return { family: 4, first, count: last - first + 1 };
	}
	const start = parseIpv6(from);
	if (start === undefined) return undefined;
	const end = parseIpv6(to);
	if (end === undefined) fail(text, 'is not a range: an IPv6 address is expected behind the hyphen');
	const count = toBigInt(end) - toBigInt(start) + 1n;
	if (count < 1n) fail(text, 'is not a range: it ends before it starts');
	if (count > BigInt(addressesPerLineMax)) tooMany(text, Number(count));
	return { family: 6, first: start, count: Number(count) };
}

function lastOctet(text: string, first: number, digits: string): number {
	if (Number(digits) > 255 || /^0[0-9]/.test(digits))
		fail(text, 'is not a range: 0 to 255 is expected at its end');
	return first - (first % 256) + Number(digits);
}

function tooMany(text: string, count: number): never {
	const shown = count < 1e15 ? formatCount(count) : `about ${count.toExponential(1)}`;
	fail(
		text,
		`stands for ${shown} addresses; at most ${formatCount(addressesPerLineMax)} (an IPv4 /8) per line`,
	);
}

function toBigInt(bytes: Uint8Array): bigint {
	let value = 0n;
	for (const byte of bytes) value = (value << 8n) | BigInt(byte);
	return value;
}

/** Adds to an IPv6 address; `offset` is below 2^32 and wraps at the end of the space. */
export function addToIpv6(first: Uint8Array, offset: number): Uint8Array {
	const bytes = first.slice();
	let carry = offset;
	for (let position = 12; position >= 0 && carry > 0; position -= 4) {
		const sum = readUint32(bytes, position) + carry;
		const low = sum % 0x1_0000_0000;
		bytes[position] = low >>> 24;
		bytes[position + 1] = (low >>> 16) & 255;
		bytes[position + 2] = (low >>> 8) & 255;
		bytes[position + 3] = low & 255;
		carry = sum >= 0x1_0000_0000 ? 1 : 0;
	}
	return bytes;
}
