/** The policy of a worker on Node: built in, lists on the command line and in files, and the machine's own addresses. */
import type { CidrSet } from '../../shared/cidr-set.ts';
import { cidrSet, unionOf } from '../../shared/cidr-set.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Cidr } from '../../shared/ip.ts';
import type { TargetPolicy } from '../../shared/policy.ts';
import { createTargetPolicy } from '../../shared/policy.ts';
import type { PortRange } from '../../shared/ports.ts';
import { ListFile } from './list-file.node.ts';
import { createOwnAddresses } from './own-addresses.node.ts';

export interface NodePolicyOptions {
	/** addresses that the built-in denials do not hold for */
	readonly allow: readonly Cidr[];
	/** addresses that are never probed */
	readonly deny: readonly Cidr[];
	/** paths of files with more of both, which are read again when they change. Default: none */
	readonly allowFiles?: readonly string[];
	readonly denyFiles?: readonly string[];
	/** the same of networks that asked not to be probed. Default: none */
	readonly optOutFiles?: readonly string[];
	/** ports that tcp and http probes may go to. Default: any but 25 */
	readonly ports?: readonly PortRange[] | undefined;
	/** takes what is to be said of files that have become wrong, or right again. Default: the console */
	readonly onMessage?: (message: string) => void;
	readonly clock: Clock;
	/** Default: as the machine says */
	readonly ownAddresses?: () => CidrSet;
}

/**
 * @returns a policy that follows its files and the machine's interfaces: a change holds for what is checked from a
 *   second later on
 * @throws PingpoolError `usage` when a file is missing or wrong
 */
export function createNodePolicy(options: NodePolicyOptions): TargetPolicy {
	const { ports, clock, onMessage = console.error, ownAddresses = createOwnAddresses(clock) } = options;
	const open = (path: string): ListFile => new ListFile({ path, clock, onMessage });
	const allow = createFollower(cidrSet(options.allow), (options.allowFiles ?? []).map(open));
	const deny = createFollower(cidrSet(options.deny), (options.denyFiles ?? []).map(open));
	const optOut = createFollower(cidrSet([]), (options.optOutFiles ?? []).map(open));
	let parts: readonly CidrSet[] = [];
	let policy = createTargetPolicy();

	function current(): TargetPolicy {
		const now = [allow(), deny(), optOut(), ownAddresses()] as const;
		if (now.some((set, i) => set !== parts[i])) {
			parts = now;
			policy = createTargetPolicy({ allow: now[0], deny: now[1], optOut: now[2], own: now[3], ports });
		}
		return policy;
	}

	return {
		check: (address, probe) => current().check(address, probe),
		checkIpv4: (value, probe) => current().checkIpv4(value, probe),
		checkPort: (port) => current().checkPort(port),
		current,
	};
}

/** What is given and what the files say together; the same object as long as they say the same. */
function createFollower(given: CidrSet, files: readonly ListFile[]): () => CidrSet {
	let parts: readonly CidrSet[] = [];
	let union = given;
	return () => {
		if (files.length === 0) return given;
		const now = files.map((file) => file.addresses());
		if (now.some((set, i) => set !== parts[i])) {
			parts = now;
			union = unionOf([given, ...now]);
		}
		return union;
	};
}
