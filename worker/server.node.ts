/** The HTTP server of a worker on Node, with its app and its probes behind it. */
import type { Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { systemClock } from '../shared/clock.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { Pacer } from '../shared/pacer.ts';
import { createTargetPolicy } from '../shared/policy.ts';
import type { Capabilities } from '../shared/protocol.ts';
import { createApp } from './app.ts';
import { buildCapabilities } from './capabilities.ts';
import { connectionPlaces } from './descriptors.node.ts';
import { errorResponse } from './error-response.ts';
import type { EchoEngine } from './icmp/echo-engine.ts';
import type { NodeWorkerOptions } from './node.ts';
import { createHttpProbe } from './probes/http.node.ts';
import { createIcmpProbe } from './probes/icmp.node.ts';
import { createTcpProbe } from './probes/tcp.node.ts';
import { createSystemResolver } from './resolve/system-resolver.node.ts';
import { createAppServer } from './tls/create-server.node.ts';
import { Turnstile } from './turnstile.ts';

export interface ServerOptions extends NodeWorkerOptions {
	/** the worker's rate, shared by all its probes */
	readonly pacer: Pacer;
	/** `undefined` where echo requests are not offered */
	readonly engine: EchoEngine | undefined;
}

interface BuiltServer {
	readonly capabilities: Capabilities;
	readonly server: Server;
	/** listens no more, gives requests under way some time, then cuts them */
	close(graceMs: number): Promise<void>;
}

/** From a request's first byte to its last; a slow sender holds a place among the requests in flight. */
const requestTimeoutMs = 30_000;
const headersTimeoutMs = 10_000;
/** Longer than a master keeps an idle connection, so that it is the one to close and no request meets an end. */
const keepAliveTimeoutMs = 75_000;
const connectionsPerServerMax = 4_096;

export function buildServer(options: ServerOptions): BuiltServer {
	const { pacer, engine, hostsPerRequestMax, hostsInFlightMax, allow, deny, tokens, log } = options;
	const clock = systemClock;
	const connectionsMax = connectionPlaces();
	const turnstile = new Turnstile({ placesMax: connectionsMax, pace: { pacer, clock } });
	const probes = [
		...(engine === undefined ? [] : [createIcmpProbe(engine)]),
		createTcpProbe({ clock, turnstile }),
		createHttpProbe({ clock, turnstile }),
	];
	const capabilities = buildCapabilities({
		runtime: 'node',
		probes: probes.map(({ name }) => name),
		icmp: engine?.mode ?? null,
		hostsPerRequestMax,
		hostsInFlightMax,
		ratePerSecondMax: pacer.ratePerSecond,
		connectionsMax,
	});
	const app = createApp({
		capabilities,
		probes,
		resolver: createSystemResolver({ clock }),
		tokens,
		policy: createTargetPolicy({ allow, deny }),
		clock,
		// A socket for both families shows IPv4 callers as mapped addresses.
		callerOf: (context) => getConnInfo(context).remote.address?.replace(/^::ffff:/, ''),
		...(log && { log }),
	});
	const server = createAppServer(
		options.tls,
		{
			requestTimeout: requestTimeoutMs,
			headersTimeout: headersTimeoutMs,
			keepAliveTimeout: keepAliveTimeoutMs,
			connectionsCheckingInterval: 5_000,
		},
		getRequestListener(app.fetch, {
			overrideGlobalObjects: false,
			errorHandler: (cause) =>
				errorResponse(
					new PingpoolError('bad-request', 'this is no valid HTTP request', { cause }),
					console.error,
				),
		}),
	);
	server.maxConnections = connectionsPerServerMax;
	let closing = false;
	server.on('request', (_, response) => {
		// A connection that was busy when the server closed would be kept alive once more.
		response.once('close', () => {
			if (closing) setImmediate(() => server.closeIdleConnections());
		});
	});
	return {
		capabilities,
		server,
		async close(graceMs) {
			closing = true;
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			const killer = setTimeout(() => server.closeAllConnections(), graceMs);
			await closed;
			clearTimeout(killer);
		},
	};
}
