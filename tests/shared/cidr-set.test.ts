import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CidrSetBuilder, cidrSet, unionOf } from '../../shared/cidr-set.ts';
import type { Cidr } from '../../shared/ip.ts';
import {
	cidrContains,
	formatIp,
	formatIpv4,
	formatIpv6,
	parseCidr,
	parseIp,
	parseIpv6,
} from '../../shared/ip.ts';
import { createRandom } from '../../shared/random.ts';

/** Addresses that are close together, so that blocks overlap, touch and leave small gaps. */
const closeIpv4 = fc
	.tuple(fc.constantFrom(0, 0x0a00_0000, 0xffff_ff00), fc.nat(255))
	.map(([base, low]) => base + low);
const closeIpv6 = fc
	.tuple(fc.constantFrom('::', '2001:db8::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00'), fc.nat(255))
	.map(([base, low]) => {
		const bytes = parseIpv6(base)!;
		bytes[15] = low;
		return bytes;
	});
const cidr4 = fc
	.tuple(closeIpv4, fc.oneof(fc.integer({ min: 24, max: 32 }), fc.nat(32)))
	.map(([value, prefix]): Cidr => ({ address: { family: 4, value }, prefix }));
const cidr6 = fc
	.tuple(closeIpv6, fc.oneof(fc.integer({ min: 120, max: 128 }), fc.integer({ min: 97, max: 128 })))
	.map(([bytes, prefix]): Cidr => ({ address: { family: 6, bytes }, prefix }));
const address = fc.oneof(
	closeIpv4.map((value) => ({ family: 4, value }) as const),
	closeIpv6.map((bytes) => ({ family: 6, bytes }) as const),
);

describe('a set of blocks', () => {
	it('holds what a plain loop over the blocks holds, and what a BlockList of Node holds', () => {
		fc.assert(
			fc.property(
				fc.array(fc.oneof(cidr4, cidr6), { maxLength: 12 }),
				fc.array(address, { minLength: 1, maxLength: 40 }),
				(blocks, addresses) => {
					const set = cidrSet(blocks);
					const blockList = new BlockList();
					for (const { address: first, prefix } of blocks) {
						blockList.addSubnet(formatIp(first), prefix, first.family === 4 ? 'ipv4' : 'ipv6');
					}
					for (const one of addresses) {
						const expected = blocks.some((block) => cidrContains(block, one));
						expect(set.has(one)).toBe(expected);
						expect(blockList.check(formatIp(one), one.family === 4 ? 'ipv4' : 'ipv6')).toBe(expected);
					}
				},
			),
			{ numRuns: 300 },
		);
	});

	it('holds what a plain loop over ranges holds, and is the same after a union of its parts', () => {
		const range4 = fc
			.tuple(closeIpv4, fc.nat(20))
			.map(([first, more]) => [first, Math.min(first + more, 0xffff_ffff)]);
		fc.assert(
			fc.property(
				fc.array(range4, { maxLength: 12 }),
				fc.array(closeIpv4, { maxLength: 40 }),
				(ranges, values) => {
					const builder = new CidrSetBuilder();
					const parts = ranges.map(([first, last]) => {
						builder.addIpv4(first!, last!);
						const part = new CidrSetBuilder();
						part.addIpv4(first!, last!);
						return part.build();
					});
					const set = builder.build();
					const union = unionOf(parts);
					expect(union.size).toBe(set.size);
					for (const value of values) {
						const expected = ranges.some(([first, last]) => first! <= value && value <= last!);
						expect(set.hasIpv4(value)).toBe(expected);
						expect(union.hasIpv4(value)).toBe(expected);
					}
				},
			),
			{ numRuns: 300 },
		);
	});

	it('finds every address among many blocks', () => {
		const seed = 20261122;
		const random = createRandom(seed);
		const nextValue = (): number => Math.floor(random.next() * 2 ** 32);
		const blocks = Array.from({ length: 20_000 }, () => ({
			value: nextValue(),
			prefix: 20 + Math.floor(random.next() * 13),
		}));
		const set = cidrSet(blocks.map(({ value, prefix }) => ({ address: { family: 4, value }, prefix })));
		const blockList = new BlockList();
		for (const { value, prefix } of blocks.slice(0, 500)) blockList.addSubnet(formatIpv4(value), prefix);
		const firsts = new Map<number, Set<number>>();
		for (const { value, prefix } of blocks) {
			const size = 2 ** (32 - prefix);
			if (!firsts.has(size)) firsts.set(size, new Set());
			firsts.get(size)!.add(Math.floor(value / size));
		}
		const listed = (value: number): boolean =>
			[...firsts].some(([size, set]) => set.has(Math.floor(value / size)));
		for (let i = 0; i < 20_000; i += 1) {
			const { value, prefix } = blocks[i]!;
			const size = 2 ** (32 - prefix);
			const first = Math.floor(value / size) * size;
			const tried = [value, first, first + size - 1, first - 1, first + size, nextValue()];
			for (const one of tried.filter((candidate) => candidate >= 0 && candidate <= 0xffff_ffff)) {
				if (set.hasIpv4(one) !== listed(one)) throw new Error(`seed ${seed}: ${formatIpv4(one)}`);
			}
			if (i < 200) expect(blockList.check(formatIpv4(value))).toBe(set.hasIpv4(value));
		}
	});

	it('merges what overlaps or touches', () => {
		const blocks = ['10.0.0.0/9', '10.128.0.0/9', '10.1.0.0/16', '11.0.0.0', '::/1', '8000::/1', 'fd00::/8'];
		expect(cidrSet(blocks.map((text) => parseCidr(text)!)).size).toBe(2);
		expect(cidrSet([]).size).toBe(0);
		expect(cidrSet([]).has(parseIp('::1')!)).toBe(false);
		expect(cidrSet([]).hasIpv4(0)).toBe(false);
	});

	it('takes a block inside of ::ffff:0:0/96 for the IPv4 block that it maps, and no wider one', () => {
		const set = (text: string) => cidrSet([parseCidr(text)!]);
		expect(set('::ffff:10.0.0.0/104').has(parseIp('10.255.0.1')!)).toBe(true);
		expect(set('::ffff:10.0.0.0/104').has(parseIp('11.0.0.1')!)).toBe(false);
		expect(set('::ffff:0:0/96').hasIpv4(0xffff_ffff)).toBe(true);
		expect(set('::/0').hasIpv4(0)).toBe(false);
		expect(set('::/0').has({ family: 6, bytes: parseIpv6('::')! })).toBe(true);
		expect(formatIpv6(parseIpv6('::ffff:10.0.0.1')!)).toBe('::ffff:10.0.0.1');
	});
});
