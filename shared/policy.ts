/**
 * Which addresses and ports may be probed. A worker enforces it on every address after names are resolved and
 * connects to the address that it checked; a master uses it to tell beforehand what workers will deny.
 *
 * In this order:
 * 1. the opt-out list and `deny` close whatever they hold,
 * 2. `allow` opens what is closed below,
 * 3. closed to every probe: unspecified, multicast, broadcast and reserved addresses (special-purpose.ts),
 * 4. closed to tcp and http: loopback and link-local, where a worker's own services and a cloud's metadata live,
 *    what clouds have of the kind beyond link-local (metadata-services.ts), and the worker's own addresses.
 *
 * Private ranges are open: pinging a LAN is what the tool is for. An IPv6 address is held to all of this itself and
 * as every IPv4 address that it may lead to (embedded-ipv4.ts): what `allow` says of the one says nothing of the
 * other.
 */
import type { CidrSet } from './cidr-set.ts';
import { cidrSet } from './cidr-set.ts';
import { embeddedIpv4 } from './embedded-ipv4.ts';
import type { Cidr, IpAddress } from './ip.ts';
import { mappedIpv4, parseCidr } from './ip.ts';
import { metadataServices } from './metadata-services.ts';
import type { Reason } from './outcome.ts';
import type { PortRange } from './ports.ts';
import { portsContain } from './ports.ts';
import { specialPurposeIpv4, specialPurposeOf } from './special-purpose.ts';
import type { ProbeName } from './target.ts';

export interface TargetPolicyOptions {
	/** addresses that the built-in denials do not hold for. Default: none */
	readonly allow?: CidrSet | readonly Cidr[];
	/** addresses that are never probed. Default: none */
	readonly deny?: CidrSet | readonly Cidr[];
	/** addresses whose owners asked not to be probed. Default: none */
	readonly optOut?: CidrSet | readonly Cidr[];
	/** addresses of the machine itself. Default: none that are known */
	readonly own?: CidrSet | readonly Cidr[];
	/** ports that tcp and http probes may go to. Default: any but 25 */
	readonly ports?: readonly PortRange[] | undefined;
}

export interface TargetPolicy {
	/** why this address may not be probed, or `undefined` when it may */
	check(address: IpAddress, probe: ProbeName): Reason | undefined;
	/** the same for an IPv4 address as an unsigned 32-bit number, without an object for each */
	checkIpv4(value: number, probe: ProbeName): Reason | undefined;
	/** why no probe may go to this port, or `undefined` when it may */
	checkPort(port: number): Reason | undefined;
	/** the policy as it is now, where it may change: for many addresses in a row */
	current(): TargetPolicy;
}

/** Reasons that hold for tcp and http only. */
const forConnections: ReadonlySet<Reason> = new Set(['loopback', 'link-local', 'metadata', 'own-address']);

/** SMTP between servers: the port that abuse begins with, and the one that clouds close as well. */
const mailPort = 25;

/** Whether any address with this first octet is denied by default. */
const deniedOctets = Uint8Array.from({ length: 256 }, (_, octet) =>
	specialPurposeIpv4.some(({ block, denied }) => denied !== undefined && holdsOctet(block, octet)) ||
	metadataServices.some(({ block }) => !block.includes(':') && Number.parseInt(block, 10) === octet)
		? 1
		: 0,
);

function holdsOctet(block: string, octet: number): boolean {
	const prefix = Number(block.slice(block.indexOf('/') + 1));
	const shift = 8 - Math.min(prefix, 8);
	return Number.parseInt(block, 10) >> shift === octet >> shift;
}

/** @returns a policy; without options, the built-in one */
export function createTargetPolicy(options: TargetPolicyOptions = {}): TargetPolicy {
	const allow = setOf(options.allow);
	const deny = setOf(options.deny);
	const optOut = setOf(options.optOut);
	const own = setOf(options.own);
	const { ports } = options;
	const isListed = deny.size + optOut.size > 0;

	function check(address: IpAddress, probe: ProbeName): Reason | undefined {
		if (address.family === 4) return checkIpv4(address.value, probe);
		const mapped = mappedIpv4(address.bytes);
		if (mapped !== undefined) return checkIpv4(mapped, probe);
		const embedded = embeddedIpv4(address.bytes);
		const listed = listedReason(address);
		if (listed !== undefined) return listed;
		for (const value of embedded) {
			const reason = isListed ? listedIpv4(value) : undefined;
			if (reason !== undefined) return reason;
		}
		const reason = allow.has(address)
			? undefined
			: (builtInReason(address, probe) ?? ownReason(own.has(address), probe));
		if (reason !== undefined) return reason;
		for (const value of embedded) {
			const inner = builtInIpv4(value, probe);
			if (inner !== undefined) return inner;
		}
		return undefined;
	}

	function checkIpv4(value: number, probe: ProbeName): Reason | undefined {
		return (isListed ? listedIpv4(value) : undefined) ?? builtInIpv4(value, probe);
	}

	function listedReason(address: IpAddress): Reason | undefined {
		if (optOut.has(address)) return 'opt-out';
		return deny.has(address) ? 'deny-list' : undefined;
	}

	function listedIpv4(value: number): Reason | undefined {
		if (optOut.hasIpv4(value)) return 'opt-out';
		return deny.hasIpv4(value) ? 'deny-list' : undefined;
	}

	function builtInIpv4(value: number, probe: ProbeName): Reason | undefined {
		const isOwn = probe !== 'icmp' && own.hasIpv4(value);
		// The common case: most first octets have nothing closed.
		if (deniedOctets[value >>> 24] === 0 && !isOwn) return undefined;
		if (allow.hasIpv4(value)) return undefined;
		return builtInReason({ family: 4, value }, probe) ?? ownReason(isOwn, probe);
	}

	function checkPort(port: number): Reason | undefined {
		const open = ports === undefined ? port !== mailPort : portsContain(ports, port);
		return open ? undefined : 'port';
	}

	const policy: TargetPolicy = { check, checkIpv4, checkPort, current: () => policy };
	return policy;
}

function setOf(blocks: CidrSet | readonly Cidr[] = []): CidrSet {
	return 'has' in blocks ? blocks : cidrSet(blocks);
}

const metadata = cidrSet(metadataServices.map(({ block }) => parseCidr(block)!));

function builtInReason(address: IpAddress, probe: ProbeName): Reason | undefined {
	const reason = specialPurposeOf(address).denied ?? (metadata.has(address) ? 'metadata' : undefined);
	return held(reason, probe);
}

/** A reason, if it holds for this probe. */
function held(reason: Reason | undefined, probe: ProbeName): Reason | undefined {
	return probe === 'icmp' && reason !== undefined && forConnections.has(reason) ? undefined : reason;
}

function ownReason(isOwn: boolean, probe: ProbeName): Reason | undefined {
	return isOwn ? held('own-address', probe) : undefined;
}
