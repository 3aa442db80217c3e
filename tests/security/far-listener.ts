/**
 * Listens on every address of its namespace, for HTTP on one port and for TLS on the next, and prints what came
 * over each connection as a line of JSON (see `Visit`).
 *
 *   node far-listener.ts <port>     prints `listening` when it does
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export interface Visit {
	/** the address that was connected to */
	readonly to?: string;
	/** what was sent, over the first port; '' for nothing */
	readonly head?: string;
	/** the name that TLS was asked for, over the second one */
	readonly serverName?: string;
}

function tell(visit: Visit): void {
	console.log(JSON.stringify(visit));
}

function fixture(name: string): string {
	return readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8');
}

const port = Number(process.argv[2]);
const http = createServer((socket) => {
	const to = socket.localAddress!.replace(/^::ffff:/, '');
	let head = '';
	socket.on('error', () => undefined);
	socket.on('data', (chunk) => {
		head += chunk.toString('latin1');
		if (head.includes('\r\n\r\n')) socket.end('HTTP/1.1 204 No Content\r\n\r\n');
	});
	socket.on('close', () => tell({ to, head }));
});
const tls = createTlsServer({
	cert: fixture('test-only-cert.pem'),
	key: fixture('test-only-key.pem'),
	SNICallback(serverName, done) {
		tell({ serverName });
		done(null);
	},
});
tls.on('tlsClientError', () => undefined);
http.listen(port, '::', () => tls.listen(port + 1, '::', () => console.log('listening')));
