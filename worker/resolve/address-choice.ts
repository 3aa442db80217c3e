/**
 * Which of a name's addresses is probed: the one that the system would connect to first, by the main effect of
 * RFC 6724. IPv6 comes first where this machine has a source of the same kind (rules 2 and 5: a global address
 * for global ones, a unique local one for those), else IPv4; an address that nothing here could reach is
 * taken only when there is no other (rule 1).
 */
import type { Cidr, IpAddress } from '../../shared/ip.ts';
import { cidrContains, parseCidr } from '../../shared/ip.ts';

/** What this machine has for sources. */
export interface LocalSources {
	/** any but loopback */
	readonly ipv4: boolean;
	readonly globalIpv6: boolean;
	readonly uniqueLocalIpv6: boolean;
	/** `::1` */
	readonly loopbackIpv6: boolean;
}

const loopback = parseCidr('::1/128')!;
const linkLocal = parseCidr('fe80::/10')!;
const uniqueLocal = parseCidr('fc00::/7')!;
const loopbackIpv4 = parseCidr('127.0.0.0/8')!;

/** @param addresses of both families, each in the order that they were learnt; `undefined` when there is none */
export function chooseAddress(addresses: readonly IpAddress[], sources: LocalSources): IpAddress | undefined {
	const ipv6 = addresses.filter(({ family }) => family === 6);
	const ipv4 = addresses.filter(({ family }) => family === 4);
	const anyIpv6 = sources.globalIpv6 || sources.uniqueLocalIpv6;
	return (
		ipv6.find((address) => hasSourceFor(address, sources)) ??
		ipv4.find((address) => sources.ipv4 || cidrContains(loopbackIpv4, address)) ??
		(anyIpv6 ? ipv6[0] : undefined) ??
		addresses[0]
	);
}

function hasSourceFor(address: IpAddress, sources: LocalSources): boolean {
	const is = (block: Cidr): boolean => cidrContains(block, address);
	if (is(loopback)) return sources.loopbackIpv6;
	// Means nothing without its interface.
	if (is(linkLocal)) return false;
	return is(uniqueLocal) ? sources.uniqueLocalIpv6 : sources.globalIpv6;
}

/** @param addresses the addresses of this machine's interfaces that are up */
export function sourcesOf(addresses: readonly IpAddress[]): LocalSources {
	const within = (block: Cidr) => (address: IpAddress) => cidrContains(block, address);
	const ipv6 = addresses.filter(({ family }) => family === 6);
	return {
		ipv4: addresses.some((address) => address.family === 4 && !within(loopbackIpv4)(address)),
		globalIpv6: ipv6.some(
			(address) => ![loopback, linkLocal, uniqueLocal].some((block) => within(block)(address)),
		),
		uniqueLocalIpv6: ipv6.some(within(uniqueLocal)),
		loopbackIpv6: ipv6.some(within(loopback)),
	};
}
