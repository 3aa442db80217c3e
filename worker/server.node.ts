/** The HTTP server of a worker on Node, with its app and its probes behind it. */
import type { RequestListener, Server } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { getRequestListener } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context, Hono } from 'hono';
import { systemClock } from '../shared/clock.ts';
import { PingpoolError } from '../shared/errors.ts';
import {
	requestHeadBytesMax,
	requestHeadMsMax,
	requestReadMsMax,
	requestsInFlightMax,
	requestsPerConnectionMax,
	strangersPerAddressPart,
} from '../shared/limits.ts';
import type { Pacer } from '../shared/pacer.ts';
import type { TargetPolicy } from '../shared/policy.ts';
import type { Capabilities } from '../shared/protocol.ts';
import { createApp } from './app.ts';
import { buildCapabilities } from './capabilities.ts';
import { ConnectionGuard } from './connection-guard.node.ts';
import { callerPlaces, connectionPlaces } from './descriptors.node.ts';
import { errorResponse } from './error-response.ts';
import { sendAnswer } from './http-answer.node.ts';
import { HttpDoor } from './http-door.node.ts';
import type { EchoEngine } from './icmp/echo-engine.ts';
import { LoadReporter } from './load/load-reporter.ts';
import { createProcessLoad } from './load/process-load.node.ts';
import { NodeMetrics } from './metrics/node-metrics.node.ts';
import type { NodeWorkerOptions } from './node.ts';
import { createHttpProbe } from './probes/http.node.ts';
import { createIcmpProbe } from './probes/icmp.node.ts';
import { createTcpProbe } from './probes/tcp.node.ts';
import type { ProbeRates } from './rates/probe-rates.ts';
import type { Disturbance } from './request-log.ts';
import { createSystemResolver } from './resolve/system-resolver.node.ts';
import { createAppServer } from './tls/create-server.node.ts';
import { Turnstile } from './turnstile.ts';

export interface ServerOptions extends NodeWorkerOptions {
	/** which addresses and ports may be probed */
	readonly policy: TargetPolicy;
	/** the worker's rate, shared by all its probes */
	readonly pacer: Pacer;
	/** ceilings beside it */
	readonly rates: ProbeRates;
	/** `undefined` where echo requests are not offered */
	readonly engine: EchoEngine | undefined;
}

interface BuiltServer {
	readonly capabilities: Capabilities;
	readonly server: Server;
	/** listens no more, gives requests under way some time, then cuts them */
	close(graceMs: number): Promise<void>;
}

/** Longer than a master keeps an idle connection, so that it is the one to close and no request meets an end. */
const keepAliveTimeoutMs = 75_000;

export function buildServer(options: ServerOptions): BuiltServer {
	const { pacer, rates, engine, hostsPerRequestMax, hostsInFlightMax, policy, tokens, log } = options;
	const clock = systemClock;
	const connectionsMax = connectionPlaces();
	const turnstile = new Turnstile({ placesMax: connectionsMax, pace: { pacer, clock, rates } });
	const probes = [
		...(engine === undefined ? [] : [createIcmpProbe(engine)]),
		createTcpProbe({ clock, turnstile }),
		createHttpProbe({ clock, turnstile, contact: options.contact }),
	];
	const capabilities = buildCapabilities({
		runtime: 'node',
		probes: probes.map(({ name }) => name),
		icmp: engine?.mode ?? null,
		hostsPerRequestMax,
		hostsInFlightMax,
		ratePerSecondMax: rates.ofOneCaller(pacer.ratePerSecond),
		connectionsMax,
	});
	const callersMax = callerPlaces();
	const counters = engine && (() => engine.counters());
	const metrics = new NodeMetrics({
		capabilities,
		requestsInFlightMax,
		callerConnectionsMax: callersMax,
		connections: () => guard.counts,
		rates,
		counters,
	});
	const disturbed = (disturbance: Disturbance, caller: string | undefined): void => {
		metrics.disturbance(disturbance);
		log?.disturbance(disturbance, plainAddress(caller));
	};
	const app = createApp({
		capabilities,
		probes,
		resolver: createSystemResolver({ clock }),
		tokens,
		policy,
		rates,
		load: new LoadReporter({ meter: createProcessLoad({ clock, counters }), clock }),
		metrics,
		requestsInFlightMax,
		clock,
		callerOf: (context) => plainAddress(getConnInfo(context).remote.address),
		authenticated: (context) => guard.authenticated(bindingsOf(context).incoming.socket),
		reading: (context) => door.reading(bindingsOf(context).outgoing),
		begun: (entry) => log?.begun(entry),
		log(entry) {
			metrics.request(entry);
			log?.request(entry);
		},
		...(log && { fault: (error) => log.fault(error) }),
	});
	const guard = new ConnectionGuard({
		connectionsMax: callersMax,
		strangersPerAddressMax: Math.ceil(callersMax * strangersPerAddressPart),
		displaced: (caller) => disturbed('displaced', caller),
	});
	const door = new HttpDoor({
		guard,
		listener: listenerOf(app),
		disturbed,
		...(options.answerMsMax !== undefined && { answerMsMax: options.answerMsMax }),
	});
	const server = createAppServer(options.tls, {
		requestTimeout: requestReadMsMax,
		headersTimeout: requestHeadMsMax,
		keepAliveTimeout: keepAliveTimeoutMs,
		connectionsCheckingInterval: 1_000,
		maxHeaderSize: requestHeadBytesMax,
		...door.serverOptions(),
		insecureHTTPParser: false,
		// A request without one is refused at the door, like one with two.
		requireHostHeader: false,
	});
	// Within that size there is no end to them; which are too many is for the door to say.
	server.maxHeadersCount = 0;
	server.maxRequestsPerSocket = requestsPerConnectionMax;
	guard.watch(server);
	door.watch(server);
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

/** Node's request and response behind the app's. */
function bindingsOf({ env }: Context): HttpBindings {
	return env as HttpBindings;
}

/** A socket for both families shows IPv4 callers as mapped addresses. */
function plainAddress(address: string | undefined): string | undefined {
	return address?.replace(/^::ffff:/, '');
}

function listenerOf(app: Hono): RequestListener {
	return getRequestListener(
		async (request, bindings) => {
			const { incoming, outgoing } = bindings as HttpBindings;
			const response = await app.fetch(request, bindings);
			// What is left of the body will not be read (http-door.node.ts).
			if (!incoming.complete) response.headers.set('connection', 'close');
			await sendAnswer(response, outgoing);
			return RESPONSE_ALREADY_SENT;
		},
		{
			overrideGlobalObjects: false,
			// Stands in where there is no Host: HTTP/1.0 knows none, and load balancers look after /health that way.
			hostname: 'localhost',
			errorHandler: (cause) => {
				const error = new PingpoolError('bad-request', 'this is no valid HTTP request', { cause });
				const response = errorResponse(error, () => undefined);
				response.headers.set('connection', 'close');
				return response;
			},
		},
	);
}
