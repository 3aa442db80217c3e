/**
 * HTTP on Node: one request over a socket of its own to the checked address, judged by the status line.
 *
 * Written on the socket, not on node:http: a probe wants one line of the answer. Node's client would refuse the
 * many servers whose head is longer than the 4 KiB that a probe may read, before it said their status. And what
 * a probe must never do (follow a redirect, use a proxy, keep a connection, read a body) is not in here.
 */
import type { Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { connect as connectTls, createSecureContext } from 'node:tls';
import type { Clock } from '../../shared/clock.ts';
import { formatIp } from '../../shared/ip.ts';
import { httpHeadBytesMax } from '../../shared/limits.ts';
import type { ProbeSettings } from '../../shared/protocol.ts';
import type { Turnstile } from '../turnstile.ts';
import type { Attempt } from './attempt.ts';
import { answered, failed, saidNo, trouble } from './attempt.ts';
import { ConnectionTable } from './connection-table.node.ts';
import { exchange } from './exchange.node.ts';
import { reasonOfStatus, requestHead, requestOf, statusOf, userAgentOf } from './http-exchange.ts';
import { createConnectionProbe } from './per-host.ts';
import type { Probe, ProbeHost } from './probe.ts';
import { meaningOf } from './socket-errors.ts';

export interface HttpProbeOptions {
	readonly clock: Clock;
	/** bounds and paces connections; one for all connection probes of a worker */
	readonly turnstile: Turnstile;
	/** certificates, PEM, that are trusted instead of the ones that Node trusts */
	readonly ca?: string;
	/** whom to ask about the probes; part of their User-Agent. Default: nobody is named */
	readonly contact?: string | undefined;
}

/**
 * Up when the status is below 500; the round-trip time is from the first packet of the connection to the status
 * line. Certificates are verified for the name of the target, and no setting of the process switches that off.
 */
export function createHttpProbe({ clock, turnstile, ca, contact }: HttpProbeOptions): Probe {
	const table = new ConnectionTable({ clock });
	const userAgent = userAgentOf(contact);
	let context: SecureContext | undefined;
	async function attempt(host: ProbeHost, settings: ProbeSettings, signal: AbortSignal): Promise<Attempt> {
		const { address, port } = host;
		if (address === undefined || port === undefined) return trouble('internal');
		const request = requestOf(host);
		let connected = false;
		return exchange({
			address,
			timeoutMs: settings.timeoutMs,
			clock,
			table,
			signal,
			open(settle, elapsedMs) {
				const to = { host: formatIp(address), port, autoSelectFamily: false };
				// Made once: reading the trusted roots takes milliseconds.
				if (request.secure) context ??= createSecureContext(ca === undefined ? {} : { ca });
				const socket = request.secure ? connectVerified(to, host.target.name, context!) : connectTcp(to);
				socket.on('connect', () => {
					connected = true;
				});
				socket.on(request.secure ? 'secureConnect' : 'connect', () => {
					socket.write(requestHead(request, userAgent), 'latin1');
				});
				readStatus(socket, (status) => settle(verdictOf(status, elapsedMs)));
				return socket;
			},
			verdictOf(code) {
				// What is no system error comes from OpenSSL or from the check of the certificate.
				const foreign = meaningOf(code, address.family).attempt.reason === 'internal';
				return request.secure && connected && foreign ? saidNo('tls') : undefined;
			},
		});
	}
	return createConnectionProbe({ name: 'http', clock, turnstileOf: () => turnstile, attempt });
}

function connectVerified(
	to: { host: string; port: number; autoSelectFamily: boolean },
	name: string | undefined,
	secureContext: SecureContext,
): TLSSocket {
	return connectTls({
		...to,
		secureContext,
		rejectUnauthorized: true,
		ALPNProtocols: ['http/1.1'],
		// Addresses are no server names (RFC 6066 section 3); the certificate is then checked for the address.
		...(name === undefined ? {} : { servername: name }),
	});
}

/** Reads until the status is known, at most `httpHeadBytesMax` bytes. */
function readStatus(socket: Socket, settle: (status: number | 'invalid' | 'closed') => void): void {
	let text = '';
	socket.on('data', (chunk: Buffer) => {
		text += chunk.toString('latin1', 0, httpHeadBytesMax - text.length);
		const status = statusOf(text);
		if (status !== undefined) settle(status);
		else if (text.length >= httpHeadBytesMax) settle('invalid');
	});
	socket.on('end', () => settle(text === '' ? 'closed' : 'invalid'));
}

function verdictOf(status: number | 'invalid' | 'closed', elapsedMs: () => number): Attempt {
	if (status === 'closed') return failed('closed');
	if (status === 'invalid') return saidNo('http-invalid');
	const reason = reasonOfStatus(status);
	return reason === undefined ? answered(elapsedMs()) : saidNo(reason);
}
