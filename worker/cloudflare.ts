/**
 * A worker in Cloudflare's runtime: tcp and http probes, names resolved by the runtime, settings from vars and
 * secrets. Without a token it does nothing but say so.
 */
import type { Hono } from 'hono';
import { systemClock } from '../shared/clock.ts';
import { checkEnvironment } from '../shared/environment.ts';
import { PingpoolError } from '../shared/errors.ts';
import { openingConnectionsMax, prefixRateDefault, ratePerSecondDefault } from '../shared/limits.ts';
import { Pacer } from '../shared/pacer.ts';
import { createTargetPolicy } from '../shared/policy.ts';
import { createApp } from './app.ts';
import { buildCapabilities } from './capabilities.ts';
import { fromEnvironment, settings } from './config.ts';
import { errorResponse } from './error-response.ts';
import { createHttpProbe } from './probes/http.cloudflare.ts';
import { createRequestTurnstiles } from './probes/request-turnstile.ts';
import { createTcpProbe } from './probes/tcp.cloudflare.ts';
import { ProbeRates } from './rates/probe-rates.ts';

type Bindings = Readonly<Record<string, unknown>>;

/** The free plan's 50 subrequests of one request, with two to spare. */
const probesPerRequestDefault = 48;

// Made by the first request: outside of one, Cloudflare's runtime gives no random numbers.
let app: Hono | undefined;

export default {
	async fetch(request: Request, bindings: Bindings): Promise<Response> {
		try {
			app ??= buildApp(bindings);
		} catch (error) {
			return errorResponse(error, console.error);
		}
		return app.fetch(request);
	},
};

/** @throws PingpoolError `usage` for a setting that is missing or wrong */
function buildApp(bindings: Bindings): Hono {
	checkEnvironment(bindings);
	const tokens = fromEnvironment(settings.token, bindings);
	if (tokens === undefined) {
		throw new PingpoolError(
			'usage',
			'PINGPOOL_TOKEN is not set, so nobody may use this worker: for wrangler dev, copy .dev.vars.example to .dev.vars and put a token in; for a deployed worker, npx wrangler secret put PINGPOOL_TOKEN',
		);
	}
	const ratePerSecond = fromEnvironment(settings.rate, bindings) ?? ratePerSecondDefault;
	const probesPerRequestMax = fromEnvironment(settings.probes, bindings) ?? probesPerRequestDefault;
	const contact = fromEnvironment(settings.contact, bindings);
	const clock = systemClock;
	const rates = new ProbeRates({
		prefixRatePerSecond: fromEnvironment(settings.prefixRate, bindings) ?? prefixRateDefault,
		prefixRateFor: fromEnvironment(settings.prefixRateFor, bindings) ?? 'public',
		callerRatePerSecond: fromEnvironment(settings.callerRate, bindings) ?? 0,
		key: crypto.getRandomValues(new Int32Array(2)) as unknown as readonly [number, number],
		nowUs: () => clock.monotonicMs() * 1_000,
	});
	const turnstileOf = createRequestTurnstiles({
		pacer: new Pacer({ ratePerSecond }),
		rates,
		clock,
		placesMax: openingConnectionsMax,
	});
	return createApp({
		capabilities: buildCapabilities({
			runtime: 'cloudflare',
			probes: ['tcp', 'http'],
			hostsPerRequestMax: fromEnvironment(settings.batch, bindings) ?? probesPerRequestMax,
			probesPerRequestMax,
			ratePerSecondMax: rates.ofOneCaller(ratePerSecond),
		}),
		probes: [createTcpProbe({ clock, turnstileOf }), createHttpProbe({ clock, turnstileOf, contact })],
		resolver: undefined,
		tokens,
		policy: createTargetPolicy({
			allow: fromEnvironment(settings.allow, bindings) ?? [],
			deny: fromEnvironment(settings.deny, bindings) ?? [],
			ports: fromEnvironment(settings.ports, bindings),
		}),
		rates,
		clock,
		callerOf: ({ req }) => req.header('cf-connecting-ip'),
		log: ({ caller, outcome, hosts, denied, ms }) => console.log({ caller, outcome, hosts, denied, ms }),
	});
}
