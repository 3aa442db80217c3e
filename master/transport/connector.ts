/**
 * Opens the connections to a worker, and gives none away before it is known where it leads: over TLS to the owner of
 * the right certificate, over plain HTTP to an address that a token may go to. Until then not a byte of a request is
 * written.
 *
 * Every connection has a handshake of its own: a TLS session that is resumed shows no certificate to be checked.
 */
import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { createSecureContext, getCACertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { parseFingerprint } from '../../shared/fingerprint.ts';
import type { IpAddress } from '../../shared/ip.ts';
import { parseIp } from '../../shared/ip.ts';
import { isGloballyReachable } from '../../shared/special-purpose.ts';
import { WorkerFailure } from '../dispatch/worker-link.ts';
import { certificateFailure } from './tls-failures.ts';
import type { WorkerTransport } from './worker-transport.ts';

export interface ConnectorOptions {
	readonly transport: WorkerTransport;
	/** whether requests carry a token */
	readonly hasToken: boolean;
	/** for a connection to be ready, TLS included */
	readonly timeoutMs: number;
	/** Default: whether it is globally reachable by IANA's registries */
	readonly isPublic?: (address: IpAddress) => boolean;
}

/** What undici's `connect` option takes. Its errors are WorkerFailures, where it is known what they mean. */
export function createConnector({
	transport,
	hasToken,
	timeoutMs,
	isPublic = isGloballyReachable,
}: ConnectorOptions): buildConnector.connector {
	let connector: buildConnector.connector | undefined;
	return (options, callback) => {
		const isEncrypted = options.protocol === 'https:';
		// One client is of one origin, so this is made once, and no sooner than it is needed.
		connector ??= buildConnector({
			timeout: timeoutMs,
			maxCachedSessions: 0,
			allowH2: false,
			...(isEncrypted && tlsOptions(transport)),
		});
		connector(options, (...[error, socket]) => {
			if (error !== null) {
				callback((isEncrypted && certificateFailure(error, transport)) || error, null);
				return;
			}
			const failure = isEncrypted
				? pinFailure(socket as TLSSocket, transport)
				: plainHttpFailure(socket, hasToken && !transport.allowPlainHttp, isPublic);
			if (failure === undefined) {
				if (isEncrypted) keepAlerts(socket, transport);
				callback(null, socket);
				return;
			}
			socket.destroy();
			callback(failure, null);
		});
	};
}

/** With TLS 1.3, a worker says that it wants another certificate of ours when the connection seems to be there; the
 * end of the connection, which comes next, would be all that requests hear of. */
function keepAlerts(socket: Socket, transport: WorkerTransport): void {
	socket.once('error', (error) => {
		const failure = certificateFailure(error, transport);
		if (failure !== undefined) socket.destroy(failure);
	});
}

function tlsOptions(transport: WorkerTransport) {
	return {
		secureContext: contextOf(transport),
		// Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 would turn the default off. A pin is checked below instead.
		rejectUnauthorized: transport.pins === undefined,
	};
}

let trusted: string[] | undefined;

function contextOf({ pins, ca, certificate }: WorkerTransport): SecureContext {
	// Node's own list, and the system's, where the authorities of a company are.
	if (pins === undefined && ca === undefined) {
		trusted ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
	}
	return createSecureContext({
		// Said, because NODE_OPTIONS could lower the default.
		minVersion: 'TLSv1.2',
		...(pins === undefined && { ca: ca ?? trusted! }),
		...certificate,
	});
}

function pinFailure(socket: TLSSocket, { pins }: WorkerTransport): WorkerFailure | undefined {
	if (pins === undefined) return undefined;
	const shown = parseFingerprint(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
	if (shown !== undefined && pins.includes(shown)) return undefined;
	return new WorkerFailure(
		'refused',
		`has another certificate than its line says: ${shown ?? 'none'} where pin=${pins.join(',')} is expected. Whoever answers there may not be the worker. Nothing was sent; if the worker got a new certificate, put what it prints at its start into its line`,
	);
}

function plainHttpFailure(
	socket: Socket,
	isForbidden: boolean,
	isPublic: (address: IpAddress) => boolean,
): WorkerFailure | undefined {
	if (!isForbidden) return undefined;
	// Of a link's own address, the link stands behind it.
	const address = socket.remoteAddress?.replace(/%.*$/, '');
	const parsed = parseIp(address ?? '');
	if (parsed !== undefined && !isPublic(parsed)) return undefined;
	return new WorkerFailure(
		'refused',
		`is at ${address ?? 'an unknown address'}, a public address, where a token does not go over plain HTTP: use https:// (pingpool worker --tls-self-signed), or give --allow-plain-http`,
	);
}
