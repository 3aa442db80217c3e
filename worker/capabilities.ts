/** What a worker says of itself. */
import {
	bodyBytesMax,
	connectionsMax,
	heartbeatMs,
	hostsInFlightMax,
	hostsPerRequestMax,
	ratePerSecondDefault,
} from '../shared/limits.ts';
import type { Capabilities } from '../shared/protocol.ts';
import { mediaTypes, protocolVersion } from '../shared/protocol.ts';
import { version } from './version.ts';

/** A worker's own part of its capabilities; ceilings that are left out are those of limits.ts. */
export type CapabilityOptions = Pick<Capabilities, 'runtime' | 'probes'> &
	Partial<
		Omit<
			Capabilities,
			'protocol' | 'instance' | 'version' | 'bodyBytesMax' | 'requestForms' | 'heartbeatMs' | 'requestIds'
		>
	>;

/** @returns capabilities with an instance id that is new at every call */
export function buildCapabilities(options: CapabilityOptions): Capabilities {
	return {
		protocol: protocolVersion,
		instance: crypto.randomUUID(),
		version,
		icmp: null,
		hostsPerRequestMax,
		probesPerRequestMax: null,
		hostsInFlightMax,
		bodyBytesMax,
		ratePerSecondMax: ratePerSecondDefault,
		connectionsMax,
		requestForms: [mediaTypes.json, mediaTypes.columns],
		heartbeatMs,
		requestIds: true,
		...options,
	};
}
