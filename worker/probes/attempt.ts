/** What one try of a connection probe (one connect, one HTTP request) comes to. */

import type { Reason, Status } from '../../shared/outcome.ts';
import type { ProbeSettings } from '../../shared/protocol.ts';
import type { ProbeHost } from './probe.ts';

export interface Attempt {
	readonly status: Status;
	/** '' when it is up */
	readonly reason: Reason | '';
	/** NaN when there was no answer */
	readonly rttMs: number;
	/** whether a probe left the machine */
	readonly left: boolean;
	/** the host has spoken, or asking again would tell nothing else: no further try */
	readonly final: boolean;
	/** the machine ran out of something that our own connections give back: worth waiting for a little */
	readonly shortage: boolean;
}

/** One try. A dead host or a worker's trouble is a result; rejects only with the signal's reason. */
export type AttemptOnce = (host: ProbeHost, settings: ProbeSettings, signal: AbortSignal) => Promise<Attempt>;

export function answered(rttMs: number): Attempt {
	return { status: 'up', reason: '', rttMs, left: true, final: true, shortage: false };
}

/** The host gave a clear no. */
export function saidNo(reason: Reason): Attempt {
	return { status: 'down', reason, rttMs: Number.NaN, left: true, final: true, shortage: false };
}

/** Nothing, or nothing certain, came back: another try may do better. */
export function failed(reason: Reason): Attempt {
	return { status: 'down', reason, rttMs: Number.NaN, left: true, final: false, shortage: false };
}

/** The kernel keeps from it what the policy would have, had it known; nothing left. */
export function forbidden(reason: Reason): Attempt {
	return { status: 'denied', reason, rttMs: Number.NaN, left: false, final: true, shortage: false };
}

/** The worker's own trouble; nothing left. */
export function trouble(reason: Reason): Attempt {
	return { status: 'error', reason, rttMs: Number.NaN, left: false, final: true, shortage: false };
}

/** The worker's own trouble that passes as its other connections end. */
export function shortage(reason: Reason): Attempt {
	return { status: 'error', reason, rttMs: Number.NaN, left: false, final: true, shortage: true };
}
