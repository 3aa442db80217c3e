/**
 * Chooses how echo requests are sent on this machine: an ICMP datagram socket, which Linux grants by group; a
 * raw socket, which needs privilege; the ping command, which brings its own; or not at all.
 */
import { availableParallelism, endianness } from 'node:os';
import type { Pacer } from '../../shared/pacer.ts';
import type { ProbeRates } from '../rates/probe-rates.ts';
import { openCommandEngine } from './command-engine.node.ts';
import type { EchoEngine } from './echo-engine.ts';
import { EngineGroup } from './engine-group.node.ts';
import { supportedArchitectures } from './linux.ts';
import { openSocketEngine } from './socket-engine.node.ts';
import type { SocketMode } from './thread-messages.ts';

/** Echo requests per second that one thread is good for, with a margin. */
const ratePerEngine = 60_000;
/** Threads at most: beyond, the network is slower. */
const enginesMax = 4;

export interface EchoEngineOptions {
	/** its cell must be on a SharedArrayBuffer, and its time base `monotonicUs` (worker/monotonic.node.ts) */
	readonly pacer: Pacer;
	/** ceilings beside the pacer's; their memory must be shared, their time base the same. Default: none */
	readonly rates?: ProbeRates | undefined;
	/** Default: the best that works */
	readonly mode?: EchoEngine['mode'];
}

/** Why no echo requests can be sent, and what would mend it. */
export interface EchoUnavailable {
	readonly unavailable: string;
	readonly hint: string;
}

/** Opens the best engine that works here, or the one that `mode` asks for. */
export async function openEchoEngine({
	pacer,
	rates,
	mode,
}: EchoEngineOptions): Promise<EchoEngine | EchoUnavailable> {
	const refusals: string[] = [];
	const modes = socketModes(mode);
	if (modes.length > 0) {
		const engine = await openSocketEngine({ pacer, rates, modes });
		if (typeof engine !== 'string') return grouped(engine, { pacer, rates });
		refusals.push(engine);
	}
	if (mode === undefined || mode === 'command') {
		const engine = await openCommandEngine({ pacer, rates });
		if (typeof engine !== 'string') return engine;
		refusals.push(engine);
	}
	if (refusals.length === 0) refusals.push('ICMP sockets are used on 64-bit Linux only');
	return { unavailable: refusals.join('; '), hint: hint() };
}

/** The engine, with others to come where one thread could not send all that the pacer lets. */
function grouped(first: EchoEngine, { pacer, rates }: EchoEngineOptions): EchoEngine {
	const { ratePerSecond } = pacer;
	const wanted = ratePerSecond > 0 ? Math.ceil(ratePerSecond / ratePerEngine) : enginesMax;
	const engines = Math.min(wanted, enginesMax, availableParallelism());
	if (first.mode !== 'datagram' || engines < 2) return first;
	const openMore = (): Promise<EchoEngine | string> =>
		openSocketEngine({ pacer, rates, modes: ['datagram'] });
	return new EngineGroup({ first, openMore, enginesMax: engines });
}

function socketModes(mode: EchoEngine['mode'] | undefined): SocketMode[] {
	const isSupported =
		process.platform === 'linux' && endianness() === 'LE' && supportedArchitectures.includes(process.arch);
	if (!isSupported || mode === 'command') return [];
	return mode === undefined ? ['datagram', 'raw'] : [mode];
}

function hint(): string {
	return process.platform === 'linux'
		? 'allow ICMP sockets with: sudo sysctl -w net.ipv4.ping_group_range="0 2147483647" (or run as root, or give node CAP_NET_RAW with setcap, or install iputils-ping)'
		: 'make sure that the ping command of the system works';
}
