/** TCP in Cloudflare's runtime, which resolves names by itself and has its own rules for where to connect. */
import { connect } from 'cloudflare:sockets';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { IpAddress } from '../../shared/ip.ts';
import { formatIp } from '../../shared/ip.ts';
import type { ProbeSettings } from '../../shared/protocol.ts';
import type { Turnstile } from '../turnstile.ts';
import { overdue, within } from '../within.ts';
import type { Attempt } from './attempt.ts';
import { answered, trouble } from './attempt.ts';
import { attemptOfMessage, attemptOfSilence } from './cloudflare-errors.ts';
import { createConnectionProbe } from './per-host.ts';
import type { Probe, ProbeHost } from './probe.ts';

export interface CloudflareTcpProbeOptions {
	readonly clock: Clock;
	readonly turnstileOf: (signal: AbortSignal) => Turnstile;
}

/**
 * Up when the connection opens. `refusedIsUp` has no effect: the runtime does not say that it was refused. A
 * name that is silent counts as a silent host: the runtime does not say how far it came.
 */
export function createTcpProbe({ clock, turnstileOf }: CloudflareTcpProbeOptions): Probe {
	async function attempt(
		{ target, address, port }: ProbeHost,
		{ timeoutMs }: ProbeSettings,
		signal: AbortSignal,
	): Promise<Attempt> {
		if (port === undefined) return trouble('internal');
		const startMs = clock.monotonicMs();
		try {
			const socket = connect({ hostname: address === undefined ? target.name! : hostnameOf(address), port });
			// Rejects beside `opened`, and would be reported as unhandled.
			socket.closed.catch(() => undefined);
			try {
				const opened = await within(socket.opened, timeoutMs, clock, signal);
				if (opened === overdue) return attemptOfSilence(address !== undefined);
				return answered(Math.min(clock.monotonicMs() - startMs, timeoutMs));
			} finally {
				// Not waited for: a connection that never opened may not close either.
				socket.close().catch(() => undefined);
			}
		} catch (error) {
			signal.throwIfAborted();
			return attemptOfMessage(messageOf(error));
		}
	}
	return createConnectionProbe({ name: 'tcp', clock, turnstileOf, attempt });
}

/** The runtime reads `::1` as a name with a port. */
function hostnameOf(address: IpAddress): string {
	return address.family === 6 ? `[${formatIp(address)}]` : formatIp(address);
}
