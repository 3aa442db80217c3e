/** What asking for a name's addresses comes to. */
import type { IpAddress } from '../../shared/ip.ts';
import type { Reason } from '../../shared/outcome.ts';

export type DnsAnswer =
	| { readonly addresses: readonly IpAddress[] }
	/** `dns-not-found` is an answer; the others say that none was had */
	| { readonly reason: Reason };

/** Addresses of one name that are looked at: a name may have thousands, and one is probed. */
export const addressesMax = 64;

/** Whether asking another server could change it. */
export function isConclusive(answer: DnsAnswer): boolean {
	return 'addresses' in answer || answer.reason === 'dns-not-found';
}

/** What two families' answers are together, once both are known. */
export function combined(one: DnsAnswer, other: DnsAnswer): DnsAnswer {
	if ('addresses' in one && 'addresses' in other) {
		return { addresses: [...one.addresses, ...other.addresses] };
	}
	if ('addresses' in one) return one;
	if ('addresses' in other) return other;
	return one.reason === 'dns-not-found' ? other : one;
}
