/** What routers say, as reasons (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7, RFC 4443). */
import type { Reason } from '../../shared/outcome.ts';
import { reasonCode } from '../../shared/outcome.ts';

const destinationUnreachableV4: readonly (Reason | undefined)[] = [
	'net-unreachable',
	'host-unreachable',
	'protocol-unreachable',
	'port-unreachable',
	// fragmentation needed: about a size, not about the host
	undefined,
	// source route failed
	undefined,
	'net-unreachable',
	'host-unreachable',
	// source host isolated
	undefined,
	'admin-prohibited',
	'admin-prohibited',
	'net-unreachable',
	'host-unreachable',
	'admin-prohibited',
];

const destinationUnreachableV6: readonly (Reason | undefined)[] = [
	'net-unreachable',
	'admin-prohibited',
	'net-unreachable',
	'host-unreachable',
	'port-unreachable',
	'admin-prohibited',
	'admin-prohibited',
];

/** Code of the reason that an ICMP error stands for, or 0 when it says nothing about the host. */
export function unreachableReason(family: 4 | 6, type: number, code: number): number {
	let reason: Reason | undefined;
	if (family === 4) {
		if (type === 3) reason = destinationUnreachableV4[code];
		else if (type === 11) reason = 'ttl-exceeded';
	} else if (type === 1) reason = destinationUnreachableV6[code];
	else if (type === 3) reason = 'ttl-exceeded';
	return reason === undefined ? 0 : reasonCode(reason);
}
