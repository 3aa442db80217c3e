/**
 * What Cloudflare's runtime says when a connection fails, and what follows from it: mostly nothing.
 *
 * Recorded from workerd 1.20261102.1: `connect` has one sentence for refused, reset, unreachable, a name that
 * does not exist, a resolver that is silent and an address that the platform forbids; `fetch` has "Network
 * connection lost." for every failure of the connection, an answer that is no HTTP included, and "internal
 * error; reference = …" for TLS, names and the rest. None of them tells the host's no from the platform's, so
 * none makes a host down: they are `error/connect-failed`. Known refusals of the platform itself are named. Words
 * may differ in production; what is not known here is not guessed at.
 */
import type { Reason } from '../../shared/outcome.ts';
import type { Attempt } from './attempt.ts';
import { answered, failed, saidNo, trouble } from './attempt.ts';
import { reasonOfStatus } from './http-exchange.ts';

/** Refusals of the platform that its documentation lists, by their beginning. */
const refusals: readonly (readonly [string, Reason])[] = [
	['Connections to port 25 are prohibited', 'blocked-locally'],
	['TCP Loop detected', 'unsupported'],
	['Too many subrequests', 'no-descriptors'],
];

/** @param message of the error that `connect` or `fetch` gave */
export function attemptOfMessage(message: string): Attempt {
	const known = refusals.find(([text]) => message.startsWith(text));
	return trouble(known === undefined ? 'connect-failed' : known[1]);
}

export interface FetchedHead {
	readonly status: number;
	/** the Server header; null when there is none */
	readonly server: string | null;
}

/** What Cloudflare's own edge reports of an origin, where another answer never came
 * (developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/). */
const edgeReasons = new Map<number, Reason>([
	[520, 'http-invalid'],
	[521, 'refused'],
	[522, 'timeout'],
	[523, 'host-unreachable'],
	[524, 'timeout'],
	[525, 'tls'],
	[526, 'tls'],
]);

/** A name that the edge could not resolve, or a rule of the platform: its body would say which. */
const edgeRefused = 530;
/** What the edge answers to a fetch by address (error 1003), before anything is sent. */
const edgeForbidden = 403;

/**
 * A fetch that came back with a head. A status that the edge made up itself is not the host's.
 *
 * @param byAddress whether the URL had an address for a host
 */
export function attemptOfHead({ status, server }: FetchedHead, byAddress: boolean, rttMs: number): Attempt {
	if (server?.toLowerCase() === 'cloudflare') {
		if (status === edgeRefused) return trouble('connect-failed');
		if (status === edgeForbidden && byAddress) return trouble('unsupported');
		const reason = edgeReasons.get(status);
		if (reason !== undefined) return failed(reason);
	}
	const reason = reasonOfStatus(status);
	return reason === undefined ? answered(rttMs) : saidNo(reason);
}

/**
 * What no answer in time comes to. Of an address: the host did not answer. Of a name: that, or its name server did
 * not, which can not be told apart here, so it is no proof that the host is down.
 */
export function attemptOfSilence(byAddress: boolean): Attempt {
	return byAddress ? failed('timeout') : trouble('connect-failed');
}
