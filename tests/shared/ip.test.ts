import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	cidrContains,
	formatIp,
	formatIpv4,
	formatIpv6,
	parseCidr,
	parseIp,
	parseIpv4,
	parseIpv6,
} from '../../shared/ip.ts';

const ipv6Bytes = fc.oneof(
	fc.uint8Array({ minLength: 16, maxLength: 16 }),
	// mostly zeros: where "::" goes is what goes wrong
	fc
		.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
		.map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]))),
);

/** Texts of the characters that addresses are made of. */
const nearlyIpv4 = fc
	.array(fc.constantFrom('.', '0', '1', '25', '255', '256', '01', 'x'), { maxLength: 9 })
	.map((parts) => parts.join(''));
const nearlyIpv6 = fc
	.array(fc.constantFrom(':', '::', '0', 'f', 'ffff', '10000', 'g', '1.2.3.4', '.', '%1'), { maxLength: 17 })
	.map((parts) => parts.join(''));

describe('IPv4', () => {
	it('accepts what node:net accepts, and nothing else', () => {
		fc.assert(
			fc.property(fc.oneof(fc.ipV4(), nearlyIpv4), (text) => {
				expect(parseIpv4(text) >= 0).toBe(isIPv4(text));
			}),
		);
	});

	it('comes back from its text', () => {
		fc.assert(
			fc.property(fc.nat(0xffff_ffff), (value) => {
				expect(parseIpv4(formatIpv4(value))).toBe(value);
			}),
		);
	});

	it.each([
		'127.1',
		'0x7f.1',
		'0x7f000001',
		'2130706433',
		'1.2.3',
		'010.0.0.1',
		'1.2.3.4.',
		'1.2.3.256',
		' 1.2.3.4',
	])('is not %j', (text) => expect(parseIpv4(text)).toBe(-1));
});

describe('IPv6', () => {
	it('accepts what node:net accepts, zones apart', () => {
		fc.assert(
			fc.property(fc.oneof(fc.ipV6(), nearlyIpv6), (text) => {
				expect(parseIpv6(text) !== undefined).toBe(isIPv6(text) && !text.includes('%'));
			}),
			{ numRuns: 2_000 },
		);
	});

	it('comes back from its text, which is canonical', () => {
		fc.assert(
			fc.property(ipv6Bytes, (bytes) => {
				const text = formatIpv6(bytes);
				expect(parseIpv6(text)).toEqual(bytes);
				expect(isIPv6(text)).toBe(true);
				// The URL class serialises as RFC 5952 says, but for mapped addresses.
				if (!text.startsWith('::ffff:')) expect(`[${text}]`).toBe(new URL(`http://[${text}]`).hostname);
			}),
			{ numRuns: 1_000 },
		);
	});

	it('is the IPv4 address that it maps', () => {
		expect(parseIp('::ffff:10.0.0.1')).toEqual({ family: 4, value: 0x0a00_0001 });
		expect(parseIp('::FFFF:a00:1')).toEqual({ family: 4, value: 0x0a00_0001 });
		expect(formatIp(parseIp('0:0::ffff:10.0.0.1')!)).toBe('10.0.0.1');
	});
});

describe('a block', () => {
	it('holds an address exactly when their leading bits are the same', () => {
		const bits = (text: string): string => {
			const ip = parseIp(text)!;
			return ip.family === 4
				? ip.value.toString(2).padStart(32, '0')
				: [...ip.bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
		};
		const pair = fc.oneof(
			fc
				.tuple(fc.nat(0xffff_ffff), fc.nat(32), fc.nat(0xffff_ffff), fc.nat(32))
				.map(([a, prefix, b, same]) => {
					const mask = same === 0 ? 0 : (0xffff_ffff << (32 - same)) >>> 0;
					return [formatIpv4(a), prefix, formatIpv4(((a & mask) | (b & ~mask)) >>> 0)] as const;
				}),
			fc.tuple(ipv6Bytes, fc.nat(128), ipv6Bytes, fc.nat(16)).map(([a, prefix, b, same]) => {
				const other = b.slice();
				other.set(a.subarray(0, same));
				return [formatIpv6(a), prefix, formatIpv6(other)] as const;
			}),
		);
		fc.assert(
			fc.property(pair, ([block, prefix, text]) => {
				fc.pre(!block.startsWith('::ffff:') && !text.startsWith('::ffff:'));
				const expected = bits(block).slice(0, prefix) === bits(text).slice(0, prefix);
				expect(cidrContains(parseCidr(`${block}/${prefix}`)!, parseIp(text)!)).toBe(expected);
			}),
			{ numRuns: 2_000 },
		);
	});

	it.each([
		'10.0.0.0/33',
		'10.0.0.0/',
		'10.0.0.0/-1',
		'10.0.0.0/08',
		'10/8',
		'::/129',
		'fd00::/0x8',
		'/8',
		'a/8',
	])('is not %j', (text) => expect(parseCidr(text)).toBeUndefined());

	it('of one family holds no address of the other', () => {
		expect(cidrContains(parseCidr('0.0.0.0/0')!, parseIp('::1')!)).toBe(false);
		expect(cidrContains(parseCidr('::/0')!, parseIp('1.2.3.4')!)).toBe(false);
	});
});
