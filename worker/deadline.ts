/** How long a worker stays with one request at most. A backstop: probes have their own timeouts. */
import { connectionsMax, dnsLookupsMax, dnsTimeoutMs, requestDeadlineMsMax } from '../shared/limits.ts';
import type { ProbeSettings } from '../shared/protocol.ts';

export interface DeadlineOptions {
	readonly settings: ProbeSettings;
	/** hosts that the worker holds, those of this request included: all of them may have their turn first */
	readonly hostsInFlight: number;
	/** probes per second; 0 for no ceiling */
	readonly ratePerSecondMax: number;
}

/** For the work itself beside its timeouts: what a stopped process or a busy machine may cost. */
const slackMs = 10_000;

/**
 * The time by which everything that the worker holds could have been sent and waited for: names in turns of
 * `dnsLookupsMax`, probes at the worker's rate, and connections in turns of `connectionsMax`.
 *
 * @returns milliseconds from now
 */
export function requestDeadlineMs({ settings, hostsInFlight, ratePerSecondMax }: DeadlineOptions): number {
	const { count, attempts, timeoutMs, intervalMs } = settings;
	const hostMs = count > 1 ? (count - 1) * intervalMs + timeoutMs : attempts * timeoutMs;
	const probes = hostsInFlight * Math.max(count, attempts);
	const pacingMs = ratePerSecondMax > 0 ? (1000 * probes) / ratePerSecondMax : 0;
	const namesMs = Math.ceil(hostsInFlight / dnsLookupsMax) * dnsTimeoutMs;
	const connectionsMs = Math.ceil(hostsInFlight / connectionsMax) * hostMs;
	return Math.min(namesMs + pacingMs + connectionsMs + slackMs, requestDeadlineMsMax);
}
