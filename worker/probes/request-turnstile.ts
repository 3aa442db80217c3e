/** Places for connections where a runtime counts them per request, as Cloudflare's does. */
import type { Clock } from '../../shared/clock.ts';
import type { Pacer } from '../../shared/pacer.ts';
import type { ProbeRates } from '../rates/probe-rates.ts';
import { Turnstile } from '../turnstile.ts';

export interface RequestTurnstilesOptions {
	readonly pacer: Pacer;
	readonly clock: Clock;
	/** ceilings beside the pacer's */
	readonly rates: ProbeRates;
	/** connections of one request that wait to open at a time */
	readonly placesMax: number;
}

/**
 * @returns the turnstile of the request that a signal belongs to: one for all its probes, and none shared with
 * another request, whose promises Cloudflare's runtime does not let this one settle
 */
export function createRequestTurnstiles({
	pacer,
	clock,
	rates,
	placesMax,
}: RequestTurnstilesOptions): (signal: AbortSignal) => Turnstile {
	const bySignal = new WeakMap<AbortSignal, Turnstile>();
	return (signal) => {
		let turnstile = bySignal.get(signal);
		if (turnstile === undefined) {
			turnstile = new Turnstile({ placesMax, pace: { pacer, clock, rates: rates.ofRequest() } });
			bySignal.set(signal, turnstile);
		}
		return turnstile;
	};
}
