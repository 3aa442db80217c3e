/** Whether the worker of this container is well: its exit code is what docker's HEALTHCHECK looks at. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';

const { PINGPOOL_HOST, PINGPOOL_PORT, PINGPOOL_TLS_SELF_SIGNED, PINGPOOL_TLS_CERT, PINGPOOL_TLS_CLIENT_CA } =
	process.env;
const host = PINGPOOL_HOST || '127.0.0.1';
const port = Number(PINGPOOL_PORT || 8786);
const secure = Boolean(PINGPOOL_TLS_CERT) || /^(1|true|yes|on)$/i.test(PINGPOOL_TLS_SELF_SIGNED ?? '');

setTimeout(() => end('it says nothing'), 4_000).unref();
if (PINGPOOL_TLS_CLIENT_CA) {
	// It speaks to masters with a certificate alone, of which there is none here: that it listens must do.
	connect(port, host, () => end()).on('error', ({ message }) => end(message));
} else {
	// Nothing secret is sent, and it stays on this machine: nobody has to vouch for the certificate.
	const options = { host, port, path: '/health', ...(secure && { rejectUnauthorized: false }) };
	(secure ? requestHttps : requestHttp)(options, ({ statusCode }) =>
		end(statusCode === 200 ? undefined : `it answers ${statusCode}`),
	)
		.on('error', ({ message }) => end(message))
		.end();
}

function end(problem) {
	if (problem !== undefined) process.stderr.write(`pingpool: ${problem}\n`);
	process.exit(problem === undefined ? 0 : 1);
}
