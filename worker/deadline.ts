/** How long a worker stays with one request at most. A backstop: probes have their own timeouts. */
import { dnsLookupsMax, dnsTimeoutMs, requestDeadlineMsMax } from '../shared/limits.ts';
import type { Capabilities, ProbeSettings } from '../shared/protocol.ts';
import { turnsMax } from '../shared/turns.ts';
import { placesOfAll } from './admission.ts';

export interface DeadlineOptions {
	readonly settings: ProbeSettings;
	/** hosts of this request */
	readonly hostsInRequest: number;
	/** hosts that the worker holds, those of this request included: all of them may have their turn first */
	readonly hostsInFlight: number;
	readonly capabilities: Pick<
		Capabilities,
		'runtime' | 'icmp' | 'probes' | 'ratePerSecondMax' | 'hostsInFlightMax' | 'connectionsMax'
	>;
	/** probes per second to one prefix; 0 for no ceiling */
	readonly prefixRatePerSecond: number;
}

/** For the work itself beside its timeouts: what a stopped process or a busy machine may cost. */
const slackMs = 10_000;

/**
 * The time by which everything that the worker holds could have been sent and waited for: names in turns of
 * `dnsLookupsMax`, probes at the worker's rate, and in the turns of the slowest probe (shared/turns.ts). All that it
 * may ever hold could be of one prefix, and its probes are served in the order in which they are due: those of hosts
 * that come later before the last ones of a host of this request.
 *
 * @returns milliseconds from now
 */
export function requestDeadlineMs({
	settings,
	hostsInRequest,
	hostsInFlight,
	capabilities,
	prefixRatePerSecond,
}: DeadlineOptions): number {
	const { probes: names, ratePerSecondMax } = capabilities;
	const hostsInFlightMax = placesOfAll(capabilities.hostsInFlightMax);
	const { count, attempts, timeoutMs, intervalMs } = settings;
	const hostMs = count > 1 ? (count - 1) * intervalMs + timeoutMs : attempts * timeoutMs;
	const probes = hostsInFlight * Math.max(count, attempts);
	const pacingMs = ratePerSecondMax > 0 ? (1000 * probes) / ratePerSecondMax : 0;
	const prefixMs =
		prefixRatePerSecond > 0 ? (1000 * hostsInFlightMax * Math.max(count, attempts)) / prefixRatePerSecond : 0;
	const namesMs = Math.ceil(hostsInFlight / dnsLookupsMax) * dnsTimeoutMs;
	// Requests share their turns, so those that come later delay this one too.
	const held = { inRequest: hostsInRequest, inFlight: hostsInFlightMax };
	const turns = Math.max(1, ...names.map((name) => turnsMax(capabilities, name, held)));
	return Math.min(namesMs + pacingMs + prefixMs + turns * hostMs + slackMs, requestDeadlineMsMax);
}
