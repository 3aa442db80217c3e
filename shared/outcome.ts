/**
 * What can become of a host. Both lists are part of the protocol: the columns of an answer have positions in them, so
 * they only grow at their ends; anything else is a new protocol version.
 */

/**
 * - `up`: it answered.
 * - `down`: a probe left and the host did not answer, or the network or the host said no.
 * - `unresolved`: its name has no address that we could learn.
 * - `denied`: the target policy forbids it; nothing was sent.
 * - `error`: the worker's (or the fleet's) own trouble; it says nothing about the host.
 */
export const statuses = ['up', 'down', 'unresolved', 'denied', 'error'] as const;
export type Status = (typeof statuses)[number];

/** How many hosts have each status. */
export type ByStatus = Readonly<Record<Status, number>>;

export const noHosts: ByStatus = { up: 0, down: 0, unresolved: 0, denied: 0, error: 0 };

/** Hosts that are neither up nor down: where there is room for three numbers, they are one. */
export function othersOf({ unresolved, denied, error }: ByStatus): number {
	return unresolved + denied + error;
}

/** Why a host is not up. Position 0 stands for "no reason". */
export const reasons = [
	'',
	// down
	'timeout',
	'host-unreachable',
	'net-unreachable',
	'port-unreachable',
	'protocol-unreachable',
	'admin-prohibited',
	'ttl-exceeded',
	'refused',
	'reset',
	'closed',
	'tls',
	'http-5xx',
	'http-invalid',
	// unresolved
	'dns-not-found',
	'dns-timeout',
	'dns-failed',
	// denied
	'unspecified',
	'multicast',
	'broadcast',
	'reserved',
	'loopback',
	'link-local',
	'deny-list',
	// error, a worker's
	'no-permission',
	'no-buffers',
	'no-descriptors',
	'no-ports',
	'no-route',
	'no-probe',
	'blocked-locally',
	'unsupported',
	'cancelled',
	'internal',
	// error, the fleet's
	'no-worker',
	'worker-failed',
	// added later: only at the end
	'connect-failed',
	'own-address',
	'port',
	'opt-out',
	'metadata',
] as const;
export type Reason = Exclude<(typeof reasons)[number], ''>;

const statusCodes = new Map<string, number>(statuses.map((name, code) => [name, code]));
const reasonCodes = new Map<string, number>(reasons.map((name, code) => [name, code]));

/** Position of a status in `statuses`; `undefined` for a word that is none. */
export function statusCode(name: Status): number;
export function statusCode(name: string): number | undefined;
export function statusCode(name: string): number | undefined {
	return statusCodes.get(name);
}

/** Position of a reason in `reasons`, 0 for none; `undefined` for a word that is none. */
export function reasonCode(name: Reason | ''): number;
export function reasonCode(name: string): number | undefined;
export function reasonCode(name: string): number | undefined {
	return reasonCodes.get(name);
}
