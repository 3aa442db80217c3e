import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	formatIp,
	formatIpv4,
	formatIpv6,
	parseCidr,
	parseIp,
	parseIpv4,
	parseIpv6,
} from '../../shared/ip.ts';
import { metadataServices } from '../../shared/metadata-services.ts';
import type { TargetPolicy } from '../../shared/policy.ts';
import { createTargetPolicy } from '../../shared/policy.ts';
import { parsePorts } from '../../shared/ports.ts';
import type { ProbeName } from '../../shared/target.ts';
import { probeNames } from '../../shared/target.ts';
import { ipv6FormsOf } from './ipv6-forms.ts';

const blocks = (texts: string[]) => texts.map((text) => parseCidr(text)!);

function reasonFor(address: string, probe: ProbeName, allow: string[] = [], deny: string[] = []) {
	return reasonUnder(createTargetPolicy({ allow: blocks(allow), deny: blocks(deny) }), address, probe);
}

function reasonUnder(policy: TargetPolicy, address: string, probe: ProbeName) {
	const parsed = parseIp(address)!;
	address = formatIp(parsed);
	const reason = policy.check(parsed, probe);
	// The way for addresses in columns says the same.
	if (parsed.family === 4) {
		expect(policy.checkIpv4(parsed.value, probe)).toBe(reason);
		// Who hands over its 16 bytes learns the same.
		expect(policy.check({ family: 6, bytes: parseIpv6(`::ffff:${address}`)! }, probe)).toBe(reason);
	}
	return reason;
}

describe('the built-in policy', () => {
	it.each([
		['0.0.0.0', 'unspecified'],
		['0.1.2.3', 'reserved'],
		['224.0.0.1', 'multicast'],
		['239.255.255.255', 'multicast'],
		['240.0.0.1', 'reserved'],
		['255.255.255.255', 'broadcast'],
		['::', 'unspecified'],
		['ff02::1', 'multicast'],
		['1::1', 'reserved'],
		['4000::1', 'reserved'],
		['fec0::1', 'reserved'],
		['::ffff:224.0.0.1', 'multicast'],
		['64:ff9b::224.0.0.1', 'multicast'],
		['2002:e000:1::1', 'multicast'],
		['::7f00:1', 'reserved'],
		['::ffff:0:8.8.8.8', 'reserved'],
		['feff:ffff::1', 'reserved'],
		['100::1', 'reserved'],
		['100:0:0:1::1', 'reserved'],
		['5f00::1', 'reserved'],
		['2001:0:e000:1::1', 'multicast'],
		['2001:db8::5efe:224.0.0.1', 'multicast'],
		['64:ff9b:1::240.0.0.1', 'reserved'],
	])('denies %s to every probe: %s', (address, reason) => {
		for (const probe of ['icmp', 'tcp', 'http'] as const) expect(reasonFor(address, probe)).toBe(reason);
	});

	it.each([
		['127.0.0.1', 'loopback'],
		['127.255.255.255', 'loopback'],
		['::1', 'loopback'],
		['::ffff:127.0.0.1', 'loopback'],
		['64:ff9b::127.0.0.1', 'loopback'],
		['2002:7f00:1::', 'loopback'],
		['169.254.169.254', 'link-local'],
		['64:ff9b::169.254.169.254', 'link-local'],
		['64:ff9b:1::127.0.0.1', 'loopback'],
		['2001:0:7f00:1::f7f7:f7f7', 'loopback'],
		['2001:0:808:808::80ff:fffe', 'loopback'],
		['2001:db8::200:5efe:169.254.169.254', 'link-local'],
		['fe80::1', 'link-local'],
		['febf::1', 'link-local'],
	])('denies %s to connections and not to an echo request: %s', (address, reason) => {
		expect(reasonFor(address, 'icmp')).toBeUndefined();
		expect(reasonFor(address, 'tcp')).toBe(reason);
		expect(reasonFor(address, 'http')).toBe(reason);
	});

	it.each([
		'1.0.0.0',
		'10.0.0.1',
		'172.16.0.1',
		'192.168.0.1',
		'100.64.0.1',
		'223.255.255.255',
		'198.18.0.1',
		'192.0.2.1',
		'2001:db8::1',
		'3fff::1',
		'fd00::1',
		'64:ff9b::8.8.8.8',
		'2002:808:808::1',
		'fd00::5efe:10.0.0.1',
	])('opens %s to every probe', (address) => {
		for (const probe of ['icmp', 'tcp', 'http'] as const) expect(reasonFor(address, probe)).toBeUndefined();
	});
});

describe('allow and deny', () => {
	it('open and close blocks, deny before allow', () => {
		expect(reasonFor('127.0.0.1', 'tcp', ['127.0.0.0/8'])).toBeUndefined();
		expect(reasonFor('127.0.0.1', 'tcp', ['127.0.0.2'])).toBe('loopback');
		expect(reasonFor('10.1.2.3', 'icmp', [], ['10.0.0.0/8'])).toBe('deny-list');
		expect(reasonFor('10.1.2.3', 'icmp', ['10.1.0.0/16'], ['10.0.0.0/8'])).toBe('deny-list');
		expect(reasonFor('11.0.0.1', 'icmp', [], ['10.0.0.0/8'])).toBeUndefined();
	});

	it('close an IPv4 address in every form, whatever is allowed of the form', () => {
		for (const { form, text } of ipv6FormsOf('10.0.0.1')) {
			expect(reasonFor(text, 'icmp', [], ['10.0.0.0/8']), form).toBe('deny-list');
			expect(reasonFor(text, 'icmp', ['::/0', '10.0.0.0/8'], ['10.0.0.0/8']), form).toBe('deny-list');
			expect(reasonFor(text, 'icmp', ['::/0'], ['::ffff:10.0.0.0/104']), form).toBe('deny-list');
		}
		expect(reasonFor('10.0.0.1', 'icmp', [], ['::ffff:10.0.0.0/104'])).toBe('deny-list');
		expect(reasonFor('11.0.0.1', 'icmp', [], ['::ffff:10.0.0.0/104'])).toBeUndefined();
	});

	it('open no IPv4 address by the IPv6 block that it is embedded in', () => {
		for (const { form, text } of ipv6FormsOf('127.0.0.1')) {
			expect(reasonFor(text, 'tcp', ['::/0']), form).toBe('loopback');
			expect(reasonFor(text, 'icmp', ['::/0']), form).toBeUndefined();
		}
		for (const { form, text } of ipv6FormsOf('224.0.0.1')) {
			expect(reasonFor(text, 'icmp', ['::/0']), form).toBe('multicast');
		}
	});

	it('open an IPv4 address in those forms that are open themselves', () => {
		for (const { text, isOpen } of ipv6FormsOf('127.0.0.1')) {
			expect(reasonFor(text, 'tcp', ['127.0.0.0/8']) === undefined, text).toBe(isOpen);
			expect(reasonFor(text, 'tcp', ['::/0', '127.0.0.0/8']), text).toBeUndefined();
		}
	});

	it('close an IPv6 form without closing what it carries', () => {
		expect(reasonFor('64:ff9b::8.8.8.8', 'icmp', [], ['64:ff9b::/96'])).toBe('deny-list');
		expect(reasonFor('8.8.8.8', 'icmp', [], ['64:ff9b::/96', '::/0'])).toBeUndefined();
	});

	it('say nothing of the other family', () => {
		expect(reasonFor('::1', 'tcp', ['0.0.0.0/0'])).toBe('loopback');
		expect(reasonFor('127.0.0.1', 'tcp', ['::/0'])).toBe('loopback');
		expect(reasonFor('2001:db8::1', 'icmp', [], ['0.0.0.0/0'])).toBeUndefined();
	});
});

describe('the opt-out list', () => {
	const policy = createTargetPolicy({
		optOut: blocks(['192.0.2.0/24', '2001:db8:1::/48']),
		deny: blocks(['192.0.2.0/25']),
		allow: blocks(['192.0.2.0/24', '::/0']),
	});

	it('closes addresses with a reason of its own, before any other list', () => {
		expect(reasonUnder(policy, '192.0.2.1', 'icmp')).toBe('opt-out');
		expect(reasonUnder(policy, '192.0.2.200', 'http')).toBe('opt-out');
		expect(reasonUnder(policy, '2001:db8:1::1', 'tcp')).toBe('opt-out');
		expect(reasonUnder(policy, '192.0.3.1', 'icmp')).toBeUndefined();
		for (const { form, text } of ipv6FormsOf('192.0.2.1')) {
			expect(reasonUnder(policy, text, 'icmp'), form).toBe('opt-out');
		}
	});
});

describe('the metadata services of clouds', () => {
	const addresses = metadataServices.map(({ block }) => parseCidr(block)!.address);

	it('are closed to connections in every form, and open to echo requests', () => {
		const policy = createTargetPolicy();
		expect(addresses.length).toBeGreaterThan(5);
		for (const address of [...addresses, parseIp('fd00:ec2::254')!, parseIp('64:ff9b::6464:64c8')!]) {
			expect(policy.check(address, 'icmp'), formatIp(address)).toBeUndefined();
			for (const probe of ['tcp', 'http'] as const) {
				expect(policy.check(address, probe), formatIp(address)).toBe('metadata');
			}
		}
	});

	it('are opened by allow, and close nothing beside them', () => {
		const block = parseCidr('100.100.100.200')!;
		expect(createTargetPolicy({ allow: [block] }).check(block.address, 'tcp')).toBeUndefined();
		for (const text of ['100.100.100.201', '192.0.0.193', '168.63.129.17', 'fd20:ce::255', 'fd00:42::43']) {
			expect(createTargetPolicy().check(parseIp(text)!, 'tcp'), text).toBeUndefined();
		}
	});
});

describe('own addresses', () => {
	const own = blocks(['198.51.100.7', '2001:db8::7', '127.0.0.1', 'fe80::7']);

	it('are closed to connections in every form, and open to echo requests', () => {
		const policy = createTargetPolicy({ own });
		for (const text of ['198.51.100.7', '2001:db8::7']) {
			expect(reasonUnder(policy, text, 'tcp')).toBe('own-address');
			expect(reasonUnder(policy, text, 'http')).toBe('own-address');
			expect(reasonUnder(policy, text, 'icmp')).toBeUndefined();
		}
		expect(reasonUnder(policy, '198.51.100.8', 'tcp')).toBeUndefined();
		expect(reasonUnder(policy, '127.0.0.1', 'tcp')).toBe('loopback');
		expect(reasonUnder(policy, 'fe80::7', 'tcp')).toBe('link-local');
		for (const { form, text, isOpen } of ipv6FormsOf('198.51.100.7')) {
			if (isOpen) expect(reasonUnder(policy, text, 'tcp'), form).toBe('own-address');
		}
	});

	it('are opened by allow, each for itself', () => {
		const policy = createTargetPolicy({ own, allow: blocks(['198.51.100.7']) });
		expect(reasonUnder(policy, '198.51.100.7', 'tcp')).toBeUndefined();
		expect(reasonUnder(policy, '2001:db8::7', 'tcp')).toBe('own-address');
	});
});

describe('ports', () => {
	it('are all open but 25, or those of a list', () => {
		const { checkPort } = createTargetPolicy();
		expect([1, 24, 26, 80, 65_535].map((port) => checkPort(port))).toEqual(Array(5).fill(undefined));
		expect(checkPort(25)).toBe('port');
		const listed = createTargetPolicy({ ports: parsePorts('25,8000-8002') });
		expect([25, 8000, 8002].map((port) => listed.checkPort(port))).toEqual(Array(3).fill(undefined));
		expect([24, 26, 80, 7999, 8003].map((port) => listed.checkPort(port))).toEqual(Array(5).fill('port'));
	});
});

describe('a local NAT64 prefix', () => {
	it('is checked at each place that RFC 6052 has for an address, whatever stands behind it', () => {
		for (const tail of ['00', 'ff']) {
			const address = (hex: string): string => formatIpv6(Uint8Array.from(Buffer.from(hex, 'hex')));
			for (const hex of [
				`0064ff9b00017f00 00 0001${tail}${tail.repeat(4)}`,
				`0064ff9b0001ab7f 00 000001${tail}${tail.repeat(3)}`,
				`0064ff9b0001abcd 00 7f000001${tail}${tail}${tail}`,
				`0064ff9b0001abcd 00 0000007f000001`,
			]) {
				const text = address(hex.replaceAll(' ', '').padEnd(32, '0'));
				expect(reasonFor(text, 'tcp'), text).toBe('loopback');
				expect(reasonFor(text, 'icmp', [], ['127.0.0.0/8']), text).toBe('deny-list');
			}
		}
		expect(reasonFor('64:ff9b:1::8.8.8.8', 'tcp')).toBeUndefined();
		expect(reasonFor('64:ff9b:1:abcd::8.8.8.8', 'tcp')).toBeUndefined();
		expect(reasonFor('64:ff9b:1::', 'icmp')).toBe('unspecified');
	});
});

describe('a denial by any rule', () => {
	it('is the same for an IPv4 address by its number, by its bytes, and in an open IPv6 form', () => {
		const policy = createTargetPolicy({
			allow: blocks(['127.0.0.2', '240.0.0.0/5']),
			deny: blocks(['10.0.0.0/9', '192.0.2.0/24']),
			optOut: blocks(['10.64.0.0/10']),
			own: blocks(['198.51.100.0/30']),
		});
		const values = fc.oneof(
			fc.nat(0xffff_ffff),
			fc
				.constantFrom('0.0.0.0', '127.0.0.1', '10.127.255.255', '198.51.100.0', '255.255.255.255')
				.map(parseIpv4),
		);
		fc.assert(
			fc.property(values, fc.constantFrom(...probeNames), (value, probe) => {
				const reason = policy.checkIpv4(value, probe);
				expect(reasonUnder(policy, formatIpv4(value), probe)).toBe(reason);
				expect(reasonUnder(policy, `64:ff9b::${formatIpv4(value)}`, probe)).toBe(reason);
			}),
			{ numRuns: 1_000 },
		);
	});
});
