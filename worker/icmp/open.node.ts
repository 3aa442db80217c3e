/** Chooses how echo requests are sent on this machine: datagram socket, raw socket, ping command, or not. */
import type { Pacer } from '../pacer.ts';
import type { EchoEngine } from './echo-engine.ts';
import type { SocketMode } from './icmp-socket.node.ts';
import { supportedArchitectures } from './linux.ts';
import { openSocketEngine } from './socket-engine.node.ts';

export interface EchoEngineOptions {
	/** its cell must be on a SharedArrayBuffer, and its time base `monotonicUs` (worker/monotonic.node.ts) */
	readonly pacer: Pacer;
	/** Default: the best that works */
	readonly mode?: EchoEngine['mode'];
}

/** Why no echo requests can be sent, and what would mend it. */
export interface EchoUnavailable {
	readonly unavailable: string;
	readonly hint: string;
}

export async function openEchoEngine({
	pacer,
	mode,
}: EchoEngineOptions): Promise<EchoEngine | EchoUnavailable> {
	const modes: readonly SocketMode[] =
		mode === undefined ? ['datagram', 'raw'] : mode === 'command' ? [] : [mode];
	const engine = await openSocketEngine({ pacer, modes });
	return typeof engine === 'string' ? { unavailable: engine, hint: '' } : engine;
}
