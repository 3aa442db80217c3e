import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidrContains, parseCidr, parseIp, parseIpv6 } from '../../shared/ip.ts';
import {
	isGloballyReachable,
	isGloballyReachableIpv4,
	isLoopback,
	specialPurposeIpv4,
	specialPurposeIpv6,
	specialPurposeOf,
} from '../../shared/special-purpose.ts';
import { ipv6FormsOf } from './ipv6-forms.ts';

describe('the special-purpose blocks', () => {
	it('are blocks without host bits, each once', () => {
		for (const rows of [specialPurposeIpv4, specialPurposeIpv6]) {
			expect(new Set(rows.map(({ block }) => block)).size).toBe(rows.length);
			for (const { block } of rows) {
				const { address, prefix } = parseCidr(block)!;
				const bits =
					address.family === 4
						? address.value.toString(2).padStart(32, '0')
						: [...address.bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
				expect(bits.slice(prefix), block).toMatch(/^0*$/);
			}
		}
	});

	it.each<[string, boolean]>([
		['127.0.0.1', true],
		['127.255.255.255', true],
		['126.255.255.255', false],
		['128.0.0.0', false],
		['::1', true],
		['::', false],
		['::2', false],
		['1::1', false],
		['::ffff:127.0.0.1', true],
	])('%s is this machine itself: %s', (text, isOwn) => {
		expect(isLoopback(parseIp(text)!)).toBe(isOwn);
	});

	it('decide by the most specific one', () => {
		const nameOf = (text: string): string => specialPurposeOf(parseIp(text)!).name;
		expect(nameOf('192.0.0.1')).toBe('IPv4 Service Continuity Prefix');
		expect(nameOf('192.0.0.9')).toBe('Port Control Protocol Anycast');
		expect(nameOf('192.0.0.11')).toBe('IETF Protocol Assignments');
		expect(nameOf('192.0.1.0')).toBe('Unicast');
		expect(nameOf('255.255.255.255')).toBe('Limited Broadcast');
		expect(nameOf('2001:1::3')).toBe('DNS-SD Service Registration Protocol Anycast');
		expect(nameOf('2001:1::4')).toBe('IETF Protocol Assignments');
		expect(nameOf('2001:200::1')).toBe('Global Unicast');
		expect(nameOf('4000::1')).toBe('Reserved by IETF');
	});
});

describe('a public address', () => {
	it.each([
		...['1.1.1.1', '100.63.255.255', '100.128.0.0', '172.15.0.1', '172.32.0.0', '192.0.0.9', '192.0.0.10'],
		...['192.31.196.1', '192.52.193.1', '192.175.48.1', '198.17.255.255', '198.20.0.0', '223.255.255.255'],
		...['2001:1::1', '2001:1::3', '2001:3::1', '2001:4:112::1', '2001:20::1', '2001:30::1', '2001:4860::1'],
		...['2620:4f:8000::1', '3fff:1000::1', '64:ff9b::1.1.1.1', '2002:101:101::', '64:ff9b:1::1.1.1.1'],
	])('is %s', (text) => expect(isGloballyReachable(parseIp(text)!)).toBe(true));

	it.each([
		...[
			'0.0.0.0',
			'0.1.2.3',
			'10.0.0.1',
			'100.64.0.0',
			'127.0.0.1',
			'169.254.1.1',
			'172.16.0.0',
			'192.0.0.1',
		],
		...['192.0.0.8', '192.0.0.170', '192.0.2.1', '192.88.99.1', '192.88.99.2', '192.168.1.1', '198.18.0.1'],
		...[
			'198.19.255.255',
			'198.51.100.1',
			'203.0.113.1',
			'224.0.0.1',
			'239.1.1.1',
			'240.0.0.1',
			'255.255.255.255',
		],
		...[
			'::',
			'::1',
			'100::1',
			'100:0:0:1::1',
			'2001:1::4',
			'2001:2::1',
			'2001:10::1',
			'2001:db8::1',
			'3fff::1',
		],
		...['5f00::1', 'fc00::1', 'fd00::1', 'fe80::1', 'fec0::1', 'ff0e::1', '4000::1', 'e000::1', '1::1'],
		...['64:ff9b::10.0.0.1', '2002:a00:1::1', '64:ff9b:1::10.0.0.1', 'fd00::5efe:10.0.0.1'],
	])('is not %s', (text) => expect(isGloballyReachable(parseIp(text)!)).toBe(false));

	it('is known by its number as the rows say', () => {
		const rows = specialPurposeIpv4
			.map((row) => ({ ...row, cidr: parseCidr(row.block)! }))
			.sort((a, b) => b.cidr.prefix - a.cidr.prefix);
		const nearBlocks = fc
			.tuple(fc.constantFrom(...rows), fc.integer({ min: -2, max: 2 }), fc.boolean())
			.map(([{ cidr }, offset, atEnd]) => {
				const first = cidr.address.family === 4 ? cidr.address.value : 0;
				return (first + (atEnd ? 2 ** (32 - cidr.prefix) : 0) + offset) >>> 0;
			});
		fc.assert(
			fc.property(fc.oneof(fc.nat(0xffff_ffff), nearBlocks), (value) => {
				const row = rows.find(({ cidr }) => cidrContains(cidr, { family: 4, value }))!;
				expect(isGloballyReachableIpv4(value)).toBe(row.globallyReachable === true);
			}),
			{ numRuns: 2_000 },
		);
	});

	it('is as public in each IPv6 form as it is itself, where the form is not public by itself', () => {
		for (const { form, text } of ipv6FormsOf('8.8.4.4')) {
			expect(isGloballyReachable({ family: 6, bytes: parseIpv6(text)! }), form).toBe(true);
		}
		for (const { form, text } of ipv6FormsOf('10.0.0.1')) {
			// Its Teredo server or its prefix is public.
			if (['Teredo client', '6to4 and ISATAP', 'Teredo server'].includes(form)) continue;
			// Read with another length of prefix, it leads to a public address: the careful answer.
			if (form.startsWith('local NAT64')) continue;
			expect(isGloballyReachable({ family: 6, bytes: parseIpv6(text)! }), form).toBe(false);
		}
	});
});
