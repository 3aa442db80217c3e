/**
 * The judge of the policy: which addresses a worker must not probe by default, by node:net's BlockList over blocks
 * that are written down here once more, in the words of the requirement and not in those of shared/policy.ts.
 */
import { BlockList, SocketAddress } from 'node:net';
import { formatIpv4 } from '../../../shared/ip.ts';
import type { ProbeName } from '../../../shared/target.ts';

function list(...blocks: readonly string[]): BlockList {
	const blockList = new BlockList();
	for (const block of blocks) {
		const [address, prefix] = block.split('/');
		blockList.addSubnet(address!, Number(prefix), address!.includes(':') ? 'ipv6' : 'ipv4');
	}
	return blockList;
}

// Unspecified, multicast, broadcast and reserved; loopback, link-local and where clouds have their metadata.
const ipv4ToAll = list('0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4');
const ipv4ToConnections = list(
	...['127.0.0.0/8', '169.254.0.0/16'],
	...['100.100.100.200/32', '192.0.0.192/32', '168.63.129.16/32'],
);
const ipv6Multicast = list('ff00::/8');
const ipv6InUse = list('2000::/3', 'fc00::/7', 'fe80::/10', '::1/128', '64:ff9b::/96', '64:ff9b:1::/48');
const ipv6ToConnections = list(
	...['::1/128', 'fe80::/10'],
	...['fd00:ec2::/32', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128', 'fd00:42::42/128'],
	...['fd00:a9fe:a9fe::1/128', 'fd00:100::100:200/128'],
);

/** Blocks with IPv4 addresses in them, and where: the first bytes of each, and what they are to be xored with. */
const carriers: readonly (readonly [BlockList, readonly (readonly [number, number])[]])[] = [
	[list('::/96', '::ffff:0:0:0/96', '64:ff9b::/96'), [[12, 0]]],
	[list('2002::/16'), [[2, 0]]],
	[
		list('2001::/32'),
		[
			[4, 0],
			[12, 0xffff_ffff],
		],
	],
];
const ownNat64 = list('64:ff9b:1::/48');

/** To which probes an address is denied. */
export type Denial = 'all' | 'connections' | 'none';

/** @param hex an address as 8 or 32 digits */
export function denialOf(hex: string): Denial {
	if (hex.length === 8) return denialOfIpv4(Number.parseInt(hex, 16));
	if (hex.startsWith('00000000000000000000ffff')) return denialOf(hex.slice(24));
	const address = new SocketAddress({ address: hex.replace(/.{4}(?=.)/g, '$&:'), family: 'ipv6' });
	const isIn = (blocks: BlockList): boolean => blocks.check(address);
	if (isIn(ipv6Multicast) || !isIn(ipv6InUse)) return 'all';
	const carried = carriedBy(hex, isIn).map(denialOfIpv4);
	if (carried.includes('all')) return 'all';
	return isIn(ipv6ToConnections) || carried.includes('connections') ? 'connections' : 'none';
}

export function isDenied(hex: string, probe: ProbeName): boolean {
	const denial = denialOf(hex);
	return denial === 'all' || (denial === 'connections' && probe !== 'icmp');
}

function denialOfIpv4(value: number): Denial {
	const address = new SocketAddress({ address: formatIpv4(value), family: 'ipv4' });
	if (ipv4ToAll.check(address)) return 'all';
	return ipv4ToConnections.check(address) ? 'connections' : 'none';
}

function carriedBy(hex: string, isIn: (blocks: BlockList) => boolean): number[] {
	if (hex === '1'.padStart(32, '0')) return [];
	const at = (...bytes: readonly number[]): number =>
		Number.parseInt(bytes.map((byte) => hex.slice(2 * byte, 2 * byte + 2)).join(''), 16);
	const values = carriers.flatMap(([blocks, places]) =>
		isIn(blocks) ? places.map(([byte, mask]) => (at(byte, byte + 1, byte + 2, byte + 3) ^ mask) >>> 0) : [],
	);
	// ISATAP (RFC 5214): an interface identifier of any prefix.
	if (/^.{16}0[02]005efe/.test(hex)) values.push(at(12, 13, 14, 15));
	if (isIn(ownNat64)) {
		// The length of the prefix is not known: every place of RFC 6052 counts that is not mere padding.
		const places = [at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12), at(12, 13, 14, 15)];
		const told = places.filter((value) => value >= 0x0100_0000);
		values.push(...(told.length === 0 ? [0] : told));
	}
	return values;
}
