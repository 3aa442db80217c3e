/** TCP on Node: connects to the checked address, and closes. */
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { formatIp } from '../../shared/ip.ts';
import type { ProbeSettings } from '../../shared/protocol.ts';
import type { Turnstile } from '../turnstile.ts';
import type { Attempt } from './attempt.ts';
import { answered, saidNo, trouble } from './attempt.ts';
import { ConnectionTable } from './connection-table.node.ts';
import { exchange } from './exchange.node.ts';
import { createConnectionProbe } from './per-host.ts';
import type { Probe, ProbeHost } from './probe.ts';

export interface TcpProbeOptions {
	readonly clock: Clock;
	/** bounds and paces connections; one for all connection probes of a worker */
	readonly turnstile: Turnstile;
}

/**
 * Up when the connection is accepted; the round-trip time is that of the connect. "Connection refused" is a
 * clear no, or an answer like any other with `refusedIsUp`.
 */
export function createTcpProbe({ clock, turnstile }: TcpProbeOptions): Probe {
	const table = new ConnectionTable({ clock });
	async function attempt(host: ProbeHost, settings: ProbeSettings, signal: AbortSignal): Promise<Attempt> {
		const { address, port } = host;
		if (address === undefined || port === undefined) return trouble('internal');
		return exchange({
			address,
			timeoutMs: settings.timeoutMs,
			clock,
			table,
			signal,
			open(settle, elapsedMs) {
				const socket = connect({ host: formatIp(address), port, autoSelectFamily: false });
				socket.on('connect', () => settle(isSelf(socket) ? refused(elapsedMs()) : answered(elapsedMs())));
				return socket;
			},
			verdictOf: (code, elapsedMs) => (code === 'ECONNREFUSED' ? refused(elapsedMs) : undefined),
		});

		function refused(elapsedMs: number): Attempt {
			return settings.refusedIsUp ? answered(elapsedMs) : saidNo('refused');
		}
	}
	return createConnectionProbe({ name: 'tcp', clock, turnstileOf: () => turnstile, attempt });
}

/** A connect to a free port of this machine can be given that very port as its source, and then reaches itself
 * (RFC 793 section 3.4, simultaneous open): nobody listens there. */
function isSelf(socket: Socket): boolean {
	return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
}
