/**
 * A worker on Node: its probes, its resolver and its HTTP server.
 *
 * `buildWorker` makes everything but the port; `listen` takes the port. The engine of echo requests starts in a
 * thread of its own, so it starts first, and everything else is loaded meanwhile.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../shared/clock.ts';
import { PingpoolError, systemErrorCode } from '../shared/errors.ts';
import { Pacer } from '../shared/pacer.ts';
import type { Capabilities } from '../shared/protocol.ts';
import type { AcceptedTokens } from './auth.ts';
import type { IcmpMode, PrefixRateScope } from './config.ts';
import type { EchoUnavailable } from './icmp/open.node.ts';
import { openEchoEngine } from './icmp/open.node.ts';
import { monotonicUs } from './monotonic.node.ts';
import type { NodePolicyOptions } from './policy/node-policy.node.ts';
import { createNodePolicy } from './policy/node-policy.node.ts';
import { ProbeRates } from './rates/probe-rates.ts';
import type { WorkerLog } from './request-log.ts';
import type { ServerTls } from './tls/server-tls.node.ts';

export interface NodeWorkerOptions extends Omit<NodePolicyOptions, 'clock'> {
	/** bearer tokens that are accepted; `none` lets everybody in: only behind a loopback address */
	readonly tokens: AcceptedTokens | 'none';
	/** probes per second; 0 for no ceiling */
	readonly ratePerSecond: number;
	/** probes per second to one prefix, an IPv4 /24 or an IPv6 /48; 0 for no ceiling */
	readonly prefixRatePerSecond: number;
	readonly prefixRateFor: PrefixRateScope;
	/** probes per second for one caller; 0 for no ceiling beside the worker's */
	readonly callerRatePerSecond: number;
	readonly hostsPerRequestMax: number;
	readonly hostsInFlightMax: number;
	readonly icmp: IcmpMode;
	/** whom to ask about the probes, told to http targets. Default: nobody */
	readonly contact?: string | undefined;
	/** `undefined` for plain HTTP */
	readonly tls: ServerTls | undefined;
	/** Default: nothing is said, but faults on the console */
	readonly log?: WorkerLog;
	/** the longest that a complete answer may wait to be read, in ms. Default: limits.ts */
	readonly answerMsMax?: number;
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

/**
 * Opens the probes and builds the server, without a port.
 *
 * @throws PingpoolError `usage` when a file of addresses is missing or wrong; `listen` when echo requests were asked
 *   for in a way that this machine does not allow
 */
export async function buildWorker(options: NodeWorkerOptions): Promise<NodeWorker> {
	const policy = createNodePolicy({ ...options, clock: systemClock });
	const cell = new BigInt64Array(new SharedArrayBuffer(8));
	const pacer = new Pacer({ ratePerSecond: options.ratePerSecond, cell, nowUs: monotonicUs });
	const rates = new ProbeRates({
		...options,
		key: crypto.getRandomValues(new Int32Array(2)) as unknown as readonly [number, number],
		nowUs: monotonicUs,
		allocate: (bytes) => new SharedArrayBuffer(bytes),
	});
	const opening = openEcho(options.icmp, pacer, rates);
	const [echo, { buildServer }] = await Promise.all([opening, import('./server.node.ts')]);
	const engine = echo === undefined || 'unavailable' in echo ? undefined : echo;
	const { capabilities, server, close } = buildServer({ ...options, policy, pacer, rates, engine });
	return {
		capabilities,
		icmpUnavailable: echo !== undefined && 'unavailable' in echo ? echo : undefined,
		server,
		async close(graceMs) {
			await close(graceMs);
			await engine?.close();
		},
	};
}

async function openEcho(icmp: IcmpMode, pacer: Pacer, rates: ProbeRates) {
	if (icmp === 'off') return undefined;
	const echo = await openEchoEngine({ pacer, rates, ...(icmp !== 'auto' && { mode: icmp }) });
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
