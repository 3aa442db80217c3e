import { describe, expect, it } from 'vitest';
import { parseCidr, parseIp } from '../../shared/ip.ts';
import { createTargetPolicy } from '../../shared/policy.ts';
import type { ProbeName } from '../../shared/target.ts';

const blocks = (texts: string[]) => texts.map((text) => parseCidr(text)!);

function reasonFor(address: string, probe: ProbeName, allow: string[] = [], deny: string[] = []) {
	const policy = createTargetPolicy({ allow: blocks(allow), deny: blocks(deny) });
	const parsed = parseIp(address)!;
	const reason = policy.check(parsed, probe);
	// The way for addresses in columns says the same.
	if (parsed.family === 4) expect(policy.checkIpv4(parsed.value, probe)).toBe(reason);
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
		'2001:db8::1',
		'fd00::1',
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

	it('can not be got around in an IPv6 address that carries an IPv4 one', () => {
		for (const address of ['::ffff:10.0.0.1', '64:ff9b::10.0.0.1', '2002:a00:1::1']) {
			expect(reasonFor(address, 'icmp', [], ['10.0.0.0/8'])).toBe('deny-list');
			expect(reasonFor(address, 'icmp', ['::/0', '2000::/3'], ['10.0.0.0/8'])).toBe('deny-list');
		}
		expect(reasonFor('64:ff9b::127.0.0.1', 'tcp', ['64:ff9b::/96'])).toBe('loopback');
	});
});
