/** HTTP in Cloudflare's runtime: its own fetch, ended at the head of the answer. */
import { noLongerNeeded } from '../../shared/abort.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { ProbeSettings } from '../../shared/protocol.ts';
import type { Turnstile } from '../turnstile.ts';
import { overdue, within } from '../within.ts';
import type { Attempt } from './attempt.ts';
import { attemptOfHead, attemptOfMessage, attemptOfSilence } from './cloudflare-errors.ts';
import { requestOf, userAgentOf } from './http-exchange.ts';
import { createConnectionProbe } from './per-host.ts';
import type { Probe, ProbeHost } from './probe.ts';

export interface CloudflareHttpProbeOptions {
	readonly clock: Clock;
	readonly turnstileOf: (signal: AbortSignal) => Turnstile;
	/** whom to ask about the probes; part of their User-Agent. Default: nobody is named */
	readonly contact?: string | undefined;
}

/** Up when the status is below 500, as on Node; the runtime verifies certificates. */
export function createHttpProbe({ clock, turnstileOf, contact }: CloudflareHttpProbeOptions): Probe {
	const userAgent = userAgentOf(contact);
	async function attempt(
		host: ProbeHost,
		{ timeoutMs }: ProbeSettings,
		signal: AbortSignal,
	): Promise<Attempt> {
		const { secure, authority, path } = requestOf(host);
		const url = `${secure ? 'https' : 'http'}://${authority}${path}`;
		const ended = new AbortController();
		const startMs = clock.monotonicMs();
		try {
			// GET for the reason given in http-exchange.ts.
			const fetching = fetch(url, {
				redirect: 'manual',
				headers: { 'user-agent': userAgent, accept: '*/*' },
				cache: 'no-store',
				signal: ended.signal,
			});
			const response = await within(fetching, timeoutMs, clock, signal);
			if (response === overdue) return attemptOfSilence(host.target.address !== undefined);
			const rttMs = Math.min(clock.monotonicMs() - startMs, timeoutMs);
			const head = { status: response.status, server: response.headers.get('server') };
			return attemptOfHead(head, host.target.address !== undefined, rttMs);
		} catch (error) {
			signal.throwIfAborted();
			return attemptOfMessage(messageOf(error));
		} finally {
			// Drops the body, or the whole request.
			ended.abort(noLongerNeeded);
		}
	}
	return createConnectionProbe({ name: 'http', clock, turnstileOf, attempt });
}
