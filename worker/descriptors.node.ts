/**
 * How many connections a worker opens at a time, by the descriptors that it may have. Probes that took all of them
 * would leave none for the connections of masters, which would be cut as they come: the worker would seem to flap.
 */
import { readFileSync } from 'node:fs';
import { callerConnectionsMax, connectionsMax, connectionsPerWorkerMax } from '../shared/limits.ts';

/** Node's own, the engines', those of name lookups. */
const ownDescriptors = 64;
/** These, and one for each connection of a master. */
const reserved = ownDescriptors + connectionsPerWorkerMax;
/** Where there are hardly any, probing is slow. */
const connectionsMin = 8;
/** Enough for a master and for somebody who asks how the worker is. */
const callersMin = 16;

/** @param limit descriptors that this process may have. Default: what the system says */
export function connectionPlaces(limit = descriptorLimit()): number {
	return Math.max(connectionsMin, Math.min(connectionsMax, limit - reserved));
}

/**
 * How many connections of callers the worker holds at a time: what is left beside its own and those of its probes.
 *
 * @param limit as above
 */
export function callerPlaces(limit = descriptorLimit()): number {
	const left = limit - ownDescriptors - connectionPlaces(limit);
	return Math.max(callersMin, Math.min(callerConnectionsMax, left));
}

/** Infinity where the system does not say; Node raises its soft limit to the hard one when it starts. */
function descriptorLimit(): number {
	try {
		const limits = readFileSync('/proc/self/limits', 'latin1');
		const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
		return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
	} catch {
		return Number.POSITIVE_INFINITY;
	}
}
