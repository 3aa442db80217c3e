/** The server that a worker's app stands behind: HTTP, or HTTPS when there is a certificate. */
import type { Server, ServerOptions } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { handshakeMsMax } from '../../shared/limits.ts';
import type { ServerTls } from './server-tls.node.ts';

/**
 * @param tls `undefined` for plain HTTP
 * @param options of the HTTP side, the same for both
 */
export function createAppServer(tls: ServerTls | undefined, options: ServerOptions): Server {
	if (tls === undefined) return createServer(options);
	return createTlsServer({
		...options,
		...tls.context,
		handshakeTimeout: handshakeMsMax,
		// Without a certificate of that authority there is no connection, so nothing of HTTP is read.
		requestCert: tls.asksForCertificate,
		rejectUnauthorized: true,
	});
}
