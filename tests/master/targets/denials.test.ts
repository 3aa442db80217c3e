import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Denials } from '../../../master/targets/denials.ts';
import { parseIp } from '../../../shared/ip.ts';
import { createTargetPolicy } from '../../../shared/policy.ts';
import type { AddressRange, ProbeName } from '../../../shared/target.ts';
import { addressTextAt, isAddressRange, parseListEntry, probeNames } from '../../../shared/target.ts';

const policy = createTargetPolicy();

function rangeOf(text: string): AddressRange {
	const entry = parseListEntry(text);
	if (!isAddressRange(entry)) throw new Error(`${text} is no range`);
	return entry;
}

function counted(text: string, probe: ProbeName): Record<string, number> {
	const denials = new Denials(probe);
	const range = rangeOf(text);
	denials.addRange(range, 0, range.count);
	expect(denials.touches(range)).toBe(denials.counts.size > 0);
	return Object.fromEntries(denials.counts);
}

describe('what workers will deny', () => {
	it('is counted by reason, in ranges as a whole', () => {
		expect(counted('10.0.0.0/8', 'tcp')).toEqual({});
		expect(counted('0.0.0.0/8', 'icmp')).toEqual({ unspecified: 1, reserved: 2 ** 24 - 1 });
		expect(counted('127.0.0.0/8', 'icmp')).toEqual({});
		expect(counted('127.0.0.0/8', 'tcp')).toEqual({ loopback: 2 ** 24 });
		expect(counted('255.255.255.0/24', 'icmp')).toEqual({ reserved: 255, broadcast: 1 });
		expect(counted('223.255.255.250-224.0.0.3', 'icmp')).toEqual({ multicast: 4 });
		expect(counted('169.253.255.0-169.254.0.9', 'http')).toEqual({ 'link-local': 10 });
		expect(counted('::/120', 'icmp')).toEqual({ unspecified: 1, reserved: 254 });
		expect(counted('64:ff9b::e000:0/112', 'icmp')).toEqual({ multicast: 65_536 });
		expect(counted('2001:db8::/104', 'http')).toEqual({});
	});

	it('is what a check of each address says, wherever a range lies', () => {
		const bases = ['0.0.0.0', '0.255.255.200', '126.255.255.200', '169.253.255.200', '223.255.255.200']
			.concat(['239.255.255.200', '255.255.255.0', '10.0.0.0'])
			.concat(['::', 'fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ff80', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ff80']);
		fc.assert(
			fc.property(
				fc.constantFrom(...bases),
				fc.nat(100),
				fc.nat(100),
				fc.constantFrom(...probeNames),
				(base, skip, more, probe) => {
					const whole = rangeOf(base.includes(':') ? `${base}/121` : `${base}/25`);
					const first = parseIp(base)!;
					const range = { ...whole, first: first.family === 4 ? first.value : first.bytes } as AddressRange;
					const count = Math.min(more + 1, 128 - skip);
					const expected: Record<string, number> = {};
					for (let i = skip; i < skip + count; i += 1) {
						const reason = policy.check(parseIp(addressTextAt(range, i))!, probe);
						if (reason !== undefined) expected[reason] = (expected[reason] ?? 0) + 1;
					}
					const denials = new Denials(probe);
					denials.addRange(range, skip, count);
					expect(Object.fromEntries(denials.counts)).toEqual(expected);
				},
			),
			{ numRuns: 300 },
		);
	});

	it('is the same for an address by its number as by its text', () => {
		for (const text of ['0.0.0.0', '127.0.0.1', '169.254.1.1', '224.0.0.1', '255.255.255.255', '8.8.8.8']) {
			for (const probe of probeNames) {
				const [one, other] = [new Denials(probe), new Denials(probe)];
				const address = parseIp(text)!;
				if (address.family === 4) one.addIpv4(address.value);
				other.add(address, probe);
				expect(one.counts).toEqual(other.counts);
			}
		}
	});
});
