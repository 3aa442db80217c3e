/**
 * What a system error of a connect, a read or a write says about the host, and what about the worker.
 *
 * Two families of codes can mean either: "unreachable" comes from a router on the way or from the worker's own
 * routing table, and the kernel gives the same code for both. For those `withoutRoute` says what it is when the
 * worker has no way to the address at all (local-route.node.ts finds out).
 */
import type { Attempt } from './attempt.ts';
import { failed, saidNo, shortage, trouble } from './attempt.ts';

export interface ErrorMeaning {
	readonly attempt: Attempt;
	readonly withoutRoute?: Attempt;
}

const noRoute = trouble('no-route');
const noPorts = shortage('no-ports');
const noDescriptors = shortage('no-descriptors');
const noBuffers = shortage('no-buffers');

const meanings = new Map<string, ErrorMeaning>([
	['ECONNREFUSED', { attempt: saidNo('refused') }],
	['ECONNRESET', { attempt: failed('reset') }],
	['ECONNABORTED', { attempt: failed('reset') }],
	['EPIPE', { attempt: failed('reset') }],
	['ETIMEDOUT', { attempt: failed('timeout') }],
	['ENOPROTOOPT', { attempt: failed('protocol-unreachable') }],
	['EHOSTUNREACH', { attempt: failed('host-unreachable'), withoutRoute: noRoute }],
	['EHOSTDOWN', { attempt: failed('host-unreachable'), withoutRoute: noRoute }],
	['ENETUNREACH', { attempt: failed('net-unreachable'), withoutRoute: noRoute }],
	// No port left, or, where IPv6 is switched off, no source address to give it to.
	['EADDRNOTAVAIL', { attempt: noPorts, withoutRoute: noRoute }],
	['EMFILE', { attempt: noDescriptors }],
	['ENFILE', { attempt: noDescriptors }],
	['ENOBUFS', { attempt: noBuffers }],
	['ENOMEM', { attempt: noBuffers }],
	['EPERM', { attempt: trouble('blocked-locally') }],
	['ENETDOWN', { attempt: noRoute }],
	['EAFNOSUPPORT', { attempt: noRoute }],
	// A blackhole route, and an address that only means something together with an interface.
	['EINVAL', { attempt: noRoute }],
]);

/**
 * @param code the error's `code`, such as `ECONNREFUSED`
 * @param family of the address that was tried
 */
export function meaningOf(code: string | undefined, family: 4 | 6): ErrorMeaning {
	// Linux turns ICMPv6 "administratively prohibited" into EACCES; over IPv4 only a local rule gives it.
	if (code === 'EACCES') {
		const blocked = trouble('blocked-locally');
		return family === 6
			? { attempt: failed('admin-prohibited'), withoutRoute: blocked }
			: { attempt: blocked };
	}
	return meanings.get(code ?? '') ?? { attempt: trouble('internal') };
}
