/**
 * How many turns the hosts that a worker holds may need, when all of them are dead and it can have only so many
 * under way at a time. Both sides reckon with it: the worker for how long it stays with a request, the master for
 * how long a worker may be silent.
 */
import { openingConnectionsMax, pingProcessesMax } from './limits.ts';
import type { Capabilities } from './protocol.ts';
import type { ProbeName } from './target.ts';

export interface HeldHosts {
	/** of the request itself */
	readonly inRequest: number;
	/** of the whole worker, those of the request included */
	readonly inFlight: number;
}

/** @returns turns, 1 or more, each as long as one host may take */
export function turnsMax(
	{ runtime, icmp, connectionsMax }: Pick<Capabilities, 'runtime' | 'icmp' | 'connectionsMax'>,
	probe: ProbeName,
	{ inRequest, inFlight }: HeldHosts,
): number {
	if (probe === 'icmp') {
		// Sockets have no such ceiling. To start a process may take as long as to wait for an answer: twice.
		return icmp === 'command' ? 2 * turns(inFlight, pingProcessesMax) : 1;
	}
	// Cloudflare counts connections per request.
	return runtime === 'cloudflare' ? turns(inRequest, openingConnectionsMax) : turns(inFlight, connectionsMax);
}

function turns(hosts: number, places: number): number {
	return Math.max(1, Math.ceil(hosts / places));
}
