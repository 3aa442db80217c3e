/**
 * Texts that somebody might write who wants a worker to reach what it may not: an address in some disguise, in some
 * frame, with some damage. Half of the addresses are at the edges of special blocks, where a mistake would be.
 */
import { formatIpv4 } from '../../../shared/ip.ts';
import type { Random } from '../../../shared/random.ts';

export interface GeneratedCase {
	/** what is given to the parser */
	readonly text: string;
	/** the part of it that stands for the host */
	readonly host: string;
	/** whether the frame around the host is one that a target may have */
	readonly isFramed: 'bare' | 'well' | 'ill';
}

/** First and last addresses of blocks that are special to somebody, and their neighbours. */
const edges4: readonly number[] = [
	...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
	...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
	...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '255.255.255.255/32'],
	...['127.0.0.1/32', '169.254.169.254/32', '0.0.0.0/32', '8.8.8.8/32', '10.0.0.1/32'],
].flatMap((cidr) => {
	const [address, prefix] = cidr.split('/');
	const first = address!.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
	const last = first + 2 ** (32 - Number(prefix)) - 1;
	return [first - 1, first, first + 1, last - 1, last, last + 1].map((value) => value >>> 0);
});

const edges6: readonly (readonly number[])[] = [
	...['0', '1', '64:ff9b', '64:ff9b:1', '100', '1fff:ffff', '2000', '2001', '2001:0:0:1', '2001:db8'],
	...['2002', '2002:7f00:1', '3fff', '4000', 'fbff:ffff', 'fc00', 'fd00', 'fdff:ffff', 'fe00', 'fe80'],
	...['febf:ffff', 'fec0', 'feff', 'ff00', 'ff02', 'ffff:ffff', '5f00', '2620:4f:8000', '5efe'],
].map((text) => text.split(':').map((group) => Number.parseInt(group, 16)));

const names: readonly string[] = [
	...['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'localhost.localdomain', 'ip6-localhost'],
	...['ip6-loopback', 'broadcasthost', '_gateway', 'example.com', 'a-b.example', 'xn--', 'xn--a', 'com'],
	...['xn--bcher-kva.example', 'bücher.example', 'ǅ.example', '1.2.3.4.example', 'a..b', '-a.b', 'a-.b'],
	...['0x7f.example', 'e.g', '1e2', '1.2.3.e4', 'nan', '0x', '0xg', '1.0xg', '_x._tcp.example'],
];

const digitsOf: readonly string[] = ['0０٠०𝟎🯰', '1１١१𝟏①', '2２٢२𝟐②', '3３٣३𝟑③', '4４٤४𝟒④'];
const dots = ['.', '。', '．', '｡', '․', '‧', '..', ',', ':', ''];
const invisible = ['\u00ad', '\u200b', '\u200d', '\ufeff', '\u2060', '\u202e', '\u0000', '\u180e', '\ufe0f'];
const spaces = [' ', '\t', '\n', '\r', '\u00a0', '\u3000', '\u2028', '\v'];
const zones = ['%eth0', '%1', '%25lo', '%', '%0'];

function pick<Item>(random: Random, items: readonly Item[]): Item {
	return items[random.below(items.length)]!;
}

function ipv4Value(random: Random): number {
	if (random.below(2) === 0) return pick(random, edges4);
	return random.below(0x1_0000_0000);
}

/** An IPv4 address in one of the forms that inet_aton(3) reads, or nearly. */
function disguisedIpv4(random: Random): string {
	const value = ipv4Value(random);
	const parts = 1 + random.below(4);
	const numbers: number[] = [];
	for (let i = 0; i < parts - 1; i += 1) numbers.push((value >>> (24 - 8 * i)) & 255);
	numbers.push(value % 2 ** (8 * (5 - parts)));
	if (random.below(12) === 0) numbers[random.below(parts)]! += pick(random, [256, 2 ** 32, 2 ** 64]);
	return numbers.map((number) => disguisedNumber(random, number)).join('.');
}

function disguisedNumber(random: Random, number: number): string {
	switch (random.below(9)) {
		case 0:
			return `0x${number.toString(16)}`;
		case 1:
			return `0X${number.toString(16).toUpperCase()}`;
		case 2:
			return `0${number.toString(8)}`;
		case 3:
			return `${'0'.repeat(1 + random.below(30))}${number}`;
		case 4:
			return `0x${'0'.repeat(random.below(30))}${number.toString(16)}`;
		case 5:
			return `${pick(random, ['+', '-', '0b', '0o', '00x', ''])}${number}`;
		default:
			return String(number);
	}
}

function groupsOf(random: Random): number[] {
	const groups = Array.from({ length: 8 }, () => (random.below(2) === 0 ? 0 : random.below(0x10000)));
	if (random.below(4) === 0) return groups;
	const value = ipv4Value(random);
	const [high, low] = [value >>> 16, value & 0xffff];
	switch (random.below(11)) {
		case 0:
			return [0, 0, 0, 0, 0, 0xffff, high, low];
		case 1:
			return [0, 0, 0, 0, 0, 0, high, low];
		case 2:
			return [0, 0, 0, 0, 0xffff, 0, high, low];
		case 3:
			return [0x64, 0xff9b, 0, 0, 0, 0, high, low];
		case 4:
			return ownNat64(random, value, groups);
		case 5:
			return [0x2002, high, low, ...groups.slice(3)];
		case 6:
			return [
				0x2001,
				0,
				...(random.below(2) ? [high, low] : groups.slice(2, 4)),
				groups[4]!,
				groups[5]!,
				~high & 0xffff,
				~low & 0xffff,
			];
		case 7:
			return [...groups.slice(0, 4), pick(random, [0, 0x200, 0x100]), 0x5efe, high, low];
		case 8: {
			const edge = pick(random, edges6);
			const filler = pick(random, [0, 0xffff]);
			return [...edge, ...new Array<number>(8 - edge.length).fill(filler)].map((group, i) =>
				i === 7 && random.below(3) === 0 ? pick(random, [0, 1, 2, 0xfffe, 0xffff]) : group,
			);
		}
		default: {
			const edge = pick(random, edges6);
			return [...edge, ...groups.slice(edge.length)];
		}
	}
}

/** RFC 6052 section 2.2, for the lengths of prefix that fit into 64:ff9b:1::/48. */
function ownNat64(random: Random, value: number, groups: readonly number[]): number[] {
	const bytes = new Array<number>(16).fill(0);
	bytes.splice(0, 6, 0, 0x64, 0xff, 0x9b, 0, 1);
	const places = pick(random, [
		[6, 7, 9, 10],
		[7, 9, 10, 11],
		[9, 10, 11, 12],
		[12, 13, 14, 15],
	]);
	if (random.below(2) === 0) for (let i = 6; i < 12; i += 1) bytes[i] = groups[i - 6]! & 255;
	bytes[8] = 0;
	for (const [i, place] of places.entries()) bytes[place] = (value >>> (24 - 8 * i)) & 255;
	return Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
}

/** An IPv6 address in one of the forms of RFC 4291 section 2.2, or nearly. */
function writtenIpv6(random: Random): string {
	const groups = groupsOf(random);
	const quad = random.below(4) === 0;
	const texts = groups.slice(0, quad ? 6 : 8).map((group) => {
		const hex = group.toString(16);
		if (random.below(8) === 0) return hex.toUpperCase();
		return random.below(8) === 0 ? hex.padStart(pick(random, [4, 4, 5, 8]), '0') : hex;
	});
	if (quad) {
		const value = groups[6]! * 0x10000 + groups[7]!;
		texts.push(random.below(8) === 0 ? disguisedIpv4(random) : formatIpv4(value));
	}
	if (random.below(3) > 0) {
		// "::" at any place, for the zeros that stand there or in spite of what does.
		const start = random.below(texts.length);
		let end = start + 1;
		while (end < texts.length && /^0+$/.test(texts[end]!)) end += 1;
		if (random.below(8) === 0) end = start + random.below(texts.length - start + 1);
		else if (!/^0+$/.test(texts[start]!)) return texts.join(':');
		return `${texts.slice(0, start).join(':')}::${texts.slice(end).join(':')}`;
	}
	if (random.below(16) === 0)
		texts.splice(
			random.below(texts.length),
			random.below(2),
			pick(random, ['', 'g', '12345', '0x1', '-1', '1.2.3.4']),
		);
	return texts.join(':');
}

/** Changes a few characters into ones that somebody takes for the same, or for nothing. */
function damaged(random: Random, text: string): string {
	switch (random.below(10)) {
		case 0:
			return replaceSome(random, text, /[0-4]/g, (digit) => pick(random, [...digitsOf[Number(digit)]!]));
		case 1:
			return replaceSome(random, text, /\./g, () => pick(random, dots));
		case 2:
			return replaceSome(random, text, /./g, (character) => `%${character.charCodeAt(0).toString(16)}`);
		case 3:
			return insert(random, text, pick(random, invisible));
		case 4:
			return insert(random, text, pick(random, spaces));
		case 5:
			return `${text}${pick(random, ['.', '..', ' ', '/', '#', '?', '@', ':', '\\', ...zones])}`;
		case 6:
			return text.toUpperCase();
		case 7:
			return replaceSome(random, text, /[a-z]/g, (letter) =>
				String.fromCodePoint(0xff41 + letter.charCodeAt(0) - 97),
			);
		case 8:
			return insert(random, text, String.fromCodePoint(random.below(0x11_0000)));
		default: {
			const at = random.below(text.length + 1);
			return text.slice(0, at) + text.slice(at + 1);
		}
	}
}

function replaceSome(random: Random, text: string, what: RegExp, by: (found: string) => string): string {
	return text.replace(what, (found) => (random.below(3) === 0 ? by(found) : found));
}

function insert(random: Random, text: string, what: string): string {
	const at = random.below(text.length + 1);
	return text.slice(0, at) + what + text.slice(at);
}

/** Long texts of one kind: what a validator that does not run in linear time would be slow at. */
function long(random: Random): string {
	const unit = pick(random, ['0', '1.', 'a', 'a.', '-', ':', '0:', '[', '%', 'é', '.', '0x', '@', '１']);
	const count = Math.ceil(pick(random, [64, 253, 254, 2_040, 2_048, 2_049, 20_000]) / unit.length);
	return unit.repeat(count) + pick(random, ['', '1', '!', '.', ':']);
}

function hostOf(random: Random): string {
	const kind = random.below(400);
	if (kind === 0) return long(random);
	if (kind < 24) return pick(random, names);
	if (kind < 100) return formatIpv4(ipv4Value(random));
	if (kind < 210) return disguisedIpv4(random);
	return writtenIpv6(random);
}

const wellFramed: readonly ((host: string) => string)[] = [
	(host) => `${host}:443`,
	(host) => `tcp://${host}:22`,
	(host) => `tcp://${host}:8080/`,
	(host) => `http://${host}`,
	(host) => `https://${host}/`,
	(host) => `HTTP://${host}:8080/a?b=c#d`,
];

const illFramed: readonly ((host: string) => string)[] = [
	(host) => `http://user@${host}/`,
	(host) => `http://example.com@${host}/`,
	(host) => `http://${host}@example.com/`,
	(host) => `http://example.com#@${host}/`,
	(host) => `http://example.com\\@${host}/`,
	(host) => `http:/${host}`,
	(host) => `http:\\\\${host}`,
	(host) => `//${host}`,
	(host) => `ftp://${host}/`,
	(host) => `file://${host}/etc/passwd`,
	(host) => `tcp://${host}`,
	(host) => `${host}:0`,
	(host) => `${host}:65536`,
	(host) => `${host}:+80`,
	(host) => `${host}:0x50`,
	(host) => `[${host}`,
	(host) => `[[${host}]]`,
	(host) => `http://[${host}%25eth0]/`,
	(host) => `${host}/8`,
	(host) => `${host}-${host}`,
	(host) => ` ${host}`,
	(host) => `${host}\u0000.example.com`,
	(host) => `${host},127.0.0.1`,
];

export function generateCase(random: Random): GeneratedCase {
	let host = hostOf(random);
	while (random.below(6) === 0) host = damaged(random, host);
	const frame = random.below(8);
	if (frame < 5) return { text: host, host, isFramed: 'bare' };
	if (frame === 7) return { text: pick(random, illFramed)(host), host, isFramed: 'ill' };
	const held = host.includes(':') ? `[${host}]` : host;
	// With a delimiter in it, where the host ends is for the frame to say.
	const isFramed = /[/?#\\@[\]]/.test(host) ? 'ill' : 'well';
	return { text: pick(random, wellFramed)(held), host, isFramed };
}
