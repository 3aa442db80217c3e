/** The contract between a batch and whatever turns names into addresses. */
import type { IpAddress } from '../shared/ip.ts';
import type { Reason } from '../shared/outcome.ts';

/** The address that the system would connect to, or why there is none: a `dns-…` reason means that the name is
 * unresolved; any other one (`no-descriptors`, `internal`…) is the worker's own trouble. */
export type Resolution = { readonly address: IpAddress } | { readonly reason: Reason };

export interface Resolver {
	/** Has its own timeout and never rejects but with the signal's reason. */
	resolve(name: string, signal: AbortSignal): Promise<Resolution>;
}
