/**
 * Special-purpose addresses: every block of the "IANA IPv4 Special-Purpose Address Registry" and of the "IANA IPv6
 * Special-Purpose Address Registry", both as last updated on 2025-10-09, and from the address space registries
 * what those two leave out: multicast, site-local, and the IPv6 space that is in no use at all.
 *
 * The most specific row decides; the first row of each table holds for everything that has no other. What stands
 * in `denied` is ours: the reason for which a worker sends nothing there unless told otherwise (policy.ts).
 */
import { embeddedIpv4 } from './embedded-ipv4.ts';
import type { IpAddress } from './ip.ts';
import { cidrContains, parseCidr } from './ip.ts';
import type { Reason } from './outcome.ts';

export interface SpecialPurposeBlock {
	readonly block: string;
	/** as the registry names it */
	readonly name: string;
	/** of the RFC that it names first */
	readonly rfc: number;
	/** as the registry says; `undefined` where it says N/A or nothing */
	readonly globallyReachable: boolean | undefined;
	/** why nothing is sent there by default, where that is so */
	readonly denied: Reason | undefined;
}

export const specialPurposeIpv4: readonly SpecialPurposeBlock[] = [
	row('0.0.0.0/0', 'Unicast', 791, true),
	row('0.0.0.0/8', 'This network', 791, false, 'reserved'),
	row('0.0.0.0/32', 'This host on this network', 1122, false, 'unspecified'),
	row('10.0.0.0/8', 'Private-Use', 1918, false),
	row('100.64.0.0/10', 'Shared Address Space', 6598, false),
	row('127.0.0.0/8', 'Loopback', 1122, false, 'loopback'),
	row('169.254.0.0/16', 'Link Local', 3927, false, 'link-local'),
	row('172.16.0.0/12', 'Private-Use', 1918, false),
	row('192.0.0.0/24', 'IETF Protocol Assignments', 6890, false),
	row('192.0.0.0/29', 'IPv4 Service Continuity Prefix', 7335, false),
	row('192.0.0.8/32', 'IPv4 dummy address', 7600, false),
	row('192.0.0.9/32', 'Port Control Protocol Anycast', 7723, true),
	row('192.0.0.10/32', 'Traversal Using Relays around NAT Anycast', 8155, true),
	row('192.0.0.170/32', 'NAT64/DNS64 Discovery', 8880, false),
	row('192.0.0.171/32', 'NAT64/DNS64 Discovery', 8880, false),
	row('192.0.2.0/24', 'Documentation (TEST-NET-1)', 5737, false),
	row('192.31.196.0/24', 'AS112-v4', 7535, true),
	row('192.52.193.0/24', 'AMT', 7450, true),
	row('192.88.99.0/24', 'Deprecated (6to4 Relay Anycast)', 7526, undefined),
	row('192.88.99.2/32', '6a44-relay anycast address', 6751, false),
	row('192.168.0.0/16', 'Private-Use', 1918, false),
	row('192.175.48.0/24', 'Direct Delegation AS112 Service', 7534, true),
	row('198.18.0.0/15', 'Benchmarking', 2544, false),
	row('198.51.100.0/24', 'Documentation (TEST-NET-2)', 5737, false),
	row('203.0.113.0/24', 'Documentation (TEST-NET-3)', 5737, false),
	row('224.0.0.0/4', 'Multicast', 5771, false, 'multicast'),
	row('240.0.0.0/4', 'Reserved', 1112, false, 'reserved'),
	row('255.255.255.255/32', 'Limited Broadcast', 919, false, 'broadcast'),
];

export const specialPurposeIpv6: readonly SpecialPurposeBlock[] = [
	row('::/0', 'Reserved by IETF', 4291, false, 'reserved'),
	row('::/128', 'Unspecified Address', 4291, false, 'unspecified'),
	row('::1/128', 'Loopback Address', 4291, false, 'loopback'),
	row('::ffff:0:0/96', 'IPv4-mapped Address', 4291, false),
	row('64:ff9b::/96', 'IPv4-IPv6 Translat.', 6052, true),
	row('64:ff9b:1::/48', 'IPv4-IPv6 Translat.', 8215, false),
	row('100::/64', 'Discard-Only Address Block', 6666, false, 'reserved'),
	row('100:0:0:1::/64', 'Dummy IPv6 Prefix', 9780, false, 'reserved'),
	row('2000::/3', 'Global Unicast', 4291, true),
	row('2001::/23', 'IETF Protocol Assignments', 2928, false),
	row('2001::/32', 'TEREDO', 4380, undefined),
	row('2001:1::1/128', 'Port Control Protocol Anycast', 7723, true),
	row('2001:1::2/128', 'Traversal Using Relays around NAT Anycast', 8155, true),
	row('2001:1::3/128', 'DNS-SD Service Registration Protocol Anycast', 9665, true),
	row('2001:2::/48', 'Benchmarking', 5180, false),
	row('2001:3::/32', 'AMT', 7450, true),
	row('2001:4:112::/48', 'AS112-v6', 7535, true),
	row('2001:10::/28', 'Deprecated (previously ORCHID)', 4843, undefined),
	row('2001:20::/28', 'ORCHIDv2', 7343, true),
	row('2001:30::/28', 'Drone Remote ID Protocol Entity Tags (DETs) Prefix', 9374, true),
	row('2001:db8::/32', 'Documentation', 3849, false),
	row('2002::/16', '6to4', 3056, undefined),
	row('2620:4f:8000::/48', 'Direct Delegation AS112 Service', 7534, true),
	row('3fff::/20', 'Documentation', 9637, false),
	row('5f00::/16', 'Segment Routing (SRv6) SIDs', 9602, false, 'reserved'),
	row('fc00::/7', 'Unique-Local', 4193, false),
	row('fe80::/10', 'Link-Local Unicast', 4291, false, 'link-local'),
	row('fec0::/10', 'Site-Local Unicast (deprecated)', 3879, false, 'reserved'),
	row('ff00::/8', 'Multicast', 4291, false, 'multicast'),
];

/** The registry calls it globally reachable; where such an address leads is the IPv4 address in it to say. */
const nat64 = '64:ff9b::/96';

function row(
	block: string,
	name: string,
	rfc: number,
	globallyReachable: boolean | undefined,
	denied?: Reason,
): SpecialPurposeBlock {
	return { block, name, rfc, globallyReachable, denied };
}

/** For each first octet, the rows that may hold such an address, the most specific ones first. */
function byFirstOctet(rows: readonly SpecialPurposeBlock[]) {
	const parsed = rows
		.map((entry) => ({ ...entry, cidr: parseCidr(entry.block)! }))
		.sort((a, b) => b.cidr.prefix - a.cidr.prefix);
	return Array.from({ length: 256 }, (_, octet) =>
		parsed.filter(({ cidr: { address, prefix } }) => {
			const first = address.family === 4 ? address.value >>> 24 : address.bytes[0]!;
			const shift = 8 - Math.min(prefix, 8);
			return first >> shift === octet >> shift;
		}),
	);
}

const ipv4Rows = byFirstOctet(specialPurposeIpv4);
const ipv6Rows = byFirstOctet(specialPurposeIpv6);

/** The row that decides about an address; of an IPv6 address, without a look at what it may embed. */
export function specialPurposeOf(address: IpAddress): SpecialPurposeBlock {
	const rows = address.family === 4 ? ipv4Rows[address.value >>> 24]! : ipv6Rows[address.bytes[0]!]!;
	return rows.find(({ cidr }) => cidrContains(cidr, address))!;
}

/** Whether an address is this machine's own, reached over loopback: 127.0.0.0/8 and ::1. */
export function isLoopback(address: IpAddress): boolean {
	return specialPurposeOf(address).denied === 'loopback';
}

/** 1 or 0 where the first octet of an IPv4 address decides alone, 2 where it does not. */
const reachableByOctet = Uint8Array.from(ipv4Rows, (rows) => {
	if (rows.length > 1 && rows[0]!.cidr.prefix > 8) return 2;
	return rows[0]!.globallyReachable === true ? 1 : 0;
});

/**
 * Whether an address is one of the public Internet: globally reachable in the registries, and neither multicast,
 * nor unspecified, nor in space that nobody has. An IPv6 address that embeds IPv4 addresses is public where one of
 * those is.
 */
export function isGloballyReachable(address: IpAddress): boolean {
	if (address.family === 4) return isGloballyReachableIpv4(address.value);
	const { block, globallyReachable, denied } = specialPurposeOf(address);
	if (denied === 'multicast') return false;
	if (globallyReachable === true && block !== nat64) return true;
	return embeddedIpv4(address.bytes).some(isGloballyReachableIpv4);
}

/** The same for an IPv4 address as an unsigned 32-bit number. */
export function isGloballyReachableIpv4(value: number): boolean {
	const reachable = reachableByOctet[value >>> 24]!;
	return reachable === 2
		? specialPurposeOf({ family: 4, value }).globallyReachable === true
		: reachable === 1;
}
