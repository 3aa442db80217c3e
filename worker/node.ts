/**
 * A worker on Node: its probes, its resolver and its HTTP server.
 *
 * `buildWorker` makes everything but the port; `listen` takes the port.
 */
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../shared/clock.ts';
import { PingpoolError, systemErrorCode } from '../shared/errors.ts';
import type { Cidr } from '../shared/ip.ts';
import { connectionsMax } from '../shared/limits.ts';
import { createTargetPolicy } from '../shared/policy.ts';
import type { Capabilities } from '../shared/protocol.ts';
import { createApp, type RequestLog } from './app.ts';
import { buildCapabilities } from './capabilities.ts';
import type { IcmpMode } from './config.ts';
import type { EchoUnavailable } from './icmp/open.node.ts';
import { monotonicUs } from './monotonic.node.ts';
import { Pacer } from './pacer.ts';
import { createHttpProbe } from './probes/http.node.ts';
import { createIcmpProbe } from './probes/icmp.node.ts';
import type { Probe } from './probes/probe.ts';
import { createTcpProbe } from './probes/tcp.node.ts';
import { Turnstile } from './turnstile.ts';

export interface NodeWorkerOptions {
	/** bearer tokens that are accepted; `none` lets everybody in: only behind a loopback address */
	readonly tokens: readonly string[] | 'none';
	/** probes per second; 0 for no ceiling */
	readonly ratePerSecond: number;
	readonly hostsPerRequestMax: number;
	readonly hostsInFlightMax: number;
	/** blocks that the built-in denials do not hold for */
	readonly allow: readonly Cidr[];
	/** blocks that are never probed */
	readonly deny: readonly Cidr[];
	readonly icmp: IcmpMode;
	/** takes one entry per request. Default: none */
	readonly log?: (entry: RequestLog) => void;
}

export interface NodeWorker {
	readonly capabilities: Capabilities;
	/** why echo requests are not offered; `undefined` when they are, or were not asked for */
	readonly icmpUnavailable: EchoUnavailable | undefined;
	readonly server: Server;
	/**
	 * Listens no more, gives requests under way some time, then cuts them; resolves when nothing is left.
	 *
	 * @param graceMs how long requests under way may take
	 */
	close(graceMs: number): Promise<void>;
}

/** From a request's first byte to its last; a slow sender holds a place among the requests in flight. */
const requestTimeoutMs = 30_000;
const headersTimeoutMs = 10_000;
/** Longer than a master keeps an idle connection, so that it is the one to close and no request meets an end. */
const keepAliveTimeoutMs = 75_000;
const connectionsPerServerMax = 4_096;

/**
 * Opens the probes and builds the server, without a port.
 *
 * @throws PingpoolError `listen` when echo requests were asked for in a way that this machine does not allow
 */
export async function buildWorker(options: NodeWorkerOptions): Promise<NodeWorker> {
	const { ratePerSecond, hostsPerRequestMax, hostsInFlightMax, allow, deny, tokens, log } = options;
	const cell = new BigInt64Array(new SharedArrayBuffer(8));
	const pacer = new Pacer({ ratePerSecond, cell, nowUs: monotonicUs });
	const [echo, { getRequestListener }, { getConnInfo }, { createSystemResolver }] = await Promise.all([
		openEcho(options.icmp, pacer),
		import('@hono/node-server'),
		import('@hono/node-server/conninfo'),
		import('./resolve/system-resolver.node.ts'),
	]);
	const clock = systemClock;
	const turnstile = new Turnstile({ placesMax: connectionsMax, pace: { pacer, clock } });
	const probes: Probe[] = [createTcpProbe({ clock, turnstile }), createHttpProbe({ clock, turnstile })];
	const engine = echo === undefined || 'unavailable' in echo ? undefined : echo;
	if (engine !== undefined) probes.unshift(createIcmpProbe(engine));
	const capabilities = buildCapabilities({
		runtime: 'node',
		probes: probes.map(({ name }) => name),
		icmp: engine?.mode ?? null,
		hostsPerRequestMax,
		hostsInFlightMax,
		ratePerSecondMax: ratePerSecond,
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
	const server = createServer(
		{
			requestTimeout: requestTimeoutMs,
			headersTimeout: headersTimeoutMs,
			keepAliveTimeout: keepAliveTimeoutMs,
			connectionsCheckingInterval: 5_000,
		},
		getRequestListener(app.fetch, {
			overrideGlobalObjects: false,
			errorHandler: () =>
				Response.json(
					{ error: { code: 'bad-request', message: 'this is no valid HTTP request' } },
					{ status: 400 },
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
		icmpUnavailable: echo !== undefined && 'unavailable' in echo ? echo : undefined,
		server,
		async close(graceMs) {
			closing = true;
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			const killer = setTimeout(() => server.closeAllConnections(), graceMs);
			await closed;
			clearTimeout(killer);
			await engine?.close();
		},
	};
}

async function openEcho(icmp: IcmpMode, pacer: Pacer) {
	if (icmp === 'off') return undefined;
	const { openEchoEngine } = await import('./icmp/open.node.ts');
	const echo = await openEchoEngine({ pacer, ...(icmp !== 'auto' && { mode: icmp }) });
	if (icmp !== 'auto' && 'unavailable' in echo) {
		throw new PingpoolError('listen', `--icmp ${icmp} is not possible here: ${echo.unavailable}`, {
			hint: echo.hint,
		});
	}
	return echo;
}

/**
 * Takes a port.
 *
 * @param host an address or a name; `undefined` for every interface, of both families where there are two
 * @param port 0 for any free one
 * @throws PingpoolError `listen`
 */
export async function listen(server: Server, host: string | undefined, port: number): Promise<AddressInfo> {
	try {
		return await listenOn(server, host ?? '::', port);
	} catch (error) {
		const code = systemErrorCode(error);
		// A machine without IPv6.
		if (host === undefined && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) {
			return listen(server, '0.0.0.0', port);
		}
		const { message, hint } = listenProblem(code, host, port, error);
		throw new PingpoolError('listen', message, { cause: error, hint });
	}
}

function listenOn(server: Server, host: string, port: number): Promise<AddressInfo> {
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen({ host, port }, () => {
			server.off('error', reject);
			resolve(server.address() as AddressInfo);
		});
	});
}

function listenProblem(code: string | undefined, host: string | undefined, port: number, error: unknown) {
	const where = host === undefined ? `port ${port}` : `port ${port} of ${host}`;
	switch (code) {
		case 'EADDRINUSE':
			return {
				message: `${where} is taken by another process`,
				hint: 'is a worker running already? Otherwise choose another port with --port',
			};
		case 'EACCES':
			return { message: `${where} needs privilege`, hint: 'choose a port above 1023 with --port' };
		case 'EADDRNOTAVAIL':
			return { message: `${host} is no address of this machine`, hint: 'choose one of its own with --host' };
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
			return { message: `${host} has no address`, hint: 'give an address of this machine with --host' };
		default:
			return { message: `can not listen on ${where}: ${String(error)}`, hint: 'try --host and --port' };
	}
}
