/**
 * Which addresses may be probed. A worker enforces it on every address after names are resolved and connects
 * to the address that it checked.
 *
 * Always denied: unspecified, multicast, broadcast and reserved addresses. Denied to tcp and http as well:
 * loopback and link-local, where a worker's own services and a cloud's metadata live. Private ranges are open:
 * pinging a LAN is what the tool is for. `allow` opens built-in denials, `deny` closes anything and wins.
 */
import type { Cidr, IpAddress } from './ip.ts';
import { cidrContains, parseCidr, readUint32 } from './ip.ts';
import type { Reason } from './outcome.ts';
import type { ProbeName } from './target.ts';

export interface TargetPolicyOptions {
	/** blocks that the built-in denials do not hold for. Default: none */
	readonly allow?: readonly Cidr[];
	/** blocks that are never probed. Default: none */
	readonly deny?: readonly Cidr[];
}

export interface TargetPolicy {
	/** why this address may not be probed, or `undefined` when it may */
	check(address: IpAddress, probe: ProbeName): Reason | undefined;
	/** the same for an IPv4 address as an unsigned 32-bit number, without an object for each */
	checkIpv4(value: number, probe: ProbeName): Reason | undefined;
}

/** Blocks that no probe goes to: IANA's IPv4 and IPv6 special-purpose and multicast registries. */
const deniedToAll: readonly (readonly [string, Reason])[] = [
	['0.0.0.0/32', 'unspecified'],
	['0.0.0.0/8', 'reserved'],
	['224.0.0.0/4', 'multicast'],
	['255.255.255.255/32', 'broadcast'],
	['240.0.0.0/4', 'reserved'],
	['::/128', 'unspecified'],
	['ff00::/8', 'multicast'],
];

/** Blocks that only an ICMP echo may go to. */
const deniedToConnections: readonly (readonly [string, Reason])[] = [
	['127.0.0.0/8', 'loopback'],
	['169.254.0.0/16', 'link-local'],
	['::1/128', 'loopback'],
	['fe80::/10', 'link-local'],
];

/** IPv6 space that is in use: global unicast, unique local, link-local, loopback and translation prefixes
 * (RFC 4291, RFC 4193, RFC 6052). The rest is reserved by the IETF. */
const ipv6InUse = ['2000::/3', 'fc00::/7', 'fe80::/10', '::1/128', '64:ff9b::/96', '::ffff:0:0/96'];

function block(text: string): Cidr {
	const cidr = parseCidr(text);
	if (cidr === undefined) throw new Error(`policy.ts: ${text} is no block`);
	return cidr;
}

const toAll = deniedToAll.map(([text, reason]) => ({ cidr: block(text), reason }));
const toConnections = deniedToConnections.map(([text, reason]) => ({ cidr: block(text), reason }));
const inUse = ipv6InUse.map(block);
const nat64 = block('64:ff9b::/96');
const sixToFour = block('2002::/16');
const mapped = block('::ffff:0:0/96');

/** @returns a policy; without options, the built-in one */
export function createTargetPolicy({ allow = [], deny = [] }: TargetPolicyOptions = {}): TargetPolicy {
	const isListed = allow.length + deny.length > 0;

	function check(address: IpAddress, probe: ProbeName): Reason | undefined {
		for (const cidr of deny) if (cidrContains(cidr, address)) return 'deny-list';
		// An IPv6 address that carries an IPv4 one reaches that one: it is held to both.
		const inner = address.family === 6 ? embeddedIpv4(address.bytes) : undefined;
		if (inner !== undefined) {
			const reason = check(inner, probe);
			if (reason !== undefined) return reason;
		}
		for (const cidr of allow) if (cidrContains(cidr, address)) return undefined;
		return builtIn(address, probe);
	}

	function checkIpv4(value: number, probe: ProbeName): Reason | undefined {
		return !isListed && isOpenToEchoes(value, probe) ? undefined : check({ family: 4, value }, probe);
	}

	return { check, checkIpv4 };
}

/** The common case: nothing is denied from 1.0.0.0 to 223.255.255.255 but two blocks for connections. */
function isOpenToEchoes(value: number, probe: ProbeName): boolean {
	return value >= 0x0100_0000 && value < 0xe000_0000 && probe === 'icmp';
}

function builtIn(address: IpAddress, probe: ProbeName): Reason | undefined {
	if (address.family === 4 && isOpenToEchoes(address.value, probe)) return undefined;
	for (const { cidr, reason } of toAll) if (cidrContains(cidr, address)) return reason;
	if (probe !== 'icmp') {
		for (const { cidr, reason } of toConnections) if (cidrContains(cidr, address)) return reason;
	}
	if (address.family === 6 && !inUse.some((cidr) => cidrContains(cidr, address))) return 'reserved';
	return undefined;
}

/** The IPv4 address inside a mapped, NAT64 or 6to4 address, or `undefined`. */
function embeddedIpv4(bytes: Uint8Array): IpAddress | undefined {
	const address: IpAddress = { family: 6, bytes };
	if (cidrContains(nat64, address) || cidrContains(mapped, address)) {
		return { family: 4, value: readUint32(bytes, 12) };
	}
	if (cidrContains(sixToFour, address)) return { family: 4, value: readUint32(bytes, 2) };
	return undefined;
}
