/**
 * Hosts that a probe is given at once. A request may take an hour, waits for a prefix and all, and who is put on a list
 * meanwhile is to get nothing more: a group can be asked which of its hosts a policy closes, and for one of the rest.
 */
import { formatIp } from '../shared/ip.ts';
import type { Reason } from '../shared/outcome.ts';
import type { TargetPolicy } from '../shared/policy.ts';
import type { ResultBlock } from '../shared/results.ts';
import type { Ipv4Hosts } from './ipv4-hosts.ts';
import type { BatchReporting, Probe, ProbeHost } from './probes/probe.ts';

/** The positions of hosts that may not be probed, by reason. */
type Denied = ReadonlyMap<Reason, readonly number[]>;

export interface ProbeGroup {
	/** of its hosts in the request */
	readonly positions: ArrayLike<number>;
	/** Gives them to the probe (probes/probe.ts). */
	run(reporting: BatchReporting): Promise<void>;
	/** @param isOpen whether the host at a position is still to be reported; others are in neither part */
	sortOut(
		policy: TargetPolicy,
		isOpen: (position: number) => boolean,
	): { allowed: ProbeGroup; denied: Denied };
}

/** @param run the probe's way to take them */
export function ipv4Group(hosts: Ipv4Hosts, probe: Probe, run: NonNullable<Probe['runIpv4']>): ProbeGroup {
	return {
		positions: hosts.index,
		run: (reporting) => run.call(probe, { ...hosts, ...reporting }),
		sortOut(policy, isOpen) {
			const open = rowsOf(hosts, (row) => isOpen(hosts.index[row]!));
			const { allowed, denied } = sortOutIpv4(open, (value) => policy.checkIpv4(value, probe.name));
			return { allowed: ipv4Group(allowed, probe, run), denied };
		},
	};
}

export function hostGroup(hosts: readonly ProbeHost[], probe: Probe): ProbeGroup {
	const resolved = new Map<number, string>();
	for (const { index, target, address } of hosts) {
		if (target.address === undefined && address !== undefined) resolved.set(index, formatIp(address));
	}
	return {
		positions: hosts.map(({ index }) => index),
		run: (reporting) => {
			const report = (block: ResultBlock): void => reporting.report(withAddresses(block, resolved));
			return probe.run({ hosts, ...reporting, report });
		},
		sortOut(policy, isOpen) {
			const denied = new Map<Reason, number[]>();
			const allowed = hosts.filter(({ index, address }) => {
				if (!isOpen(index)) return false;
				const reason = address && policy.check(address, probe.name);
				if (reason !== undefined) addTo(denied, reason, index);
				return reason === undefined;
			});
			return { allowed: hostGroup(allowed, probe), denied };
		},
	};
}

/** The hosts that may be probed, which are nearly always all of them as they are, and the others. */
export function sortOutIpv4(
	hosts: Ipv4Hosts,
	check: (value: number) => Reason | undefined,
): { allowed: Ipv4Hosts; denied: Denied } {
	const denied = new Map<Reason, number[]>();
	const rows = new Set<number>();
	for (let row = 0; row < hosts.ipv4.length; row += 1) {
		const reason = check(hosts.ipv4[row]!);
		if (reason === undefined) continue;
		addTo(denied, reason, hosts.index[row]!);
		rows.add(row);
	}
	if (rows.size === 0) return { allowed: hosts, denied };
	return { allowed: rowsOf(hosts, (row) => !rows.has(row)), denied };
}

function rowsOf({ index, ipv4 }: Ipv4Hosts, isWanted: (row: number) => boolean): Ipv4Hosts {
	const filter = (_: number, row: number): boolean => isWanted(row);
	return { index: index.filter(filter), ipv4: ipv4.filter(filter) };
}

function addTo(denied: Map<Reason, number[]>, reason: Reason, position: number): void {
	const positions = denied.get(reason);
	if (positions === undefined) denied.set(reason, [position]);
	else positions.push(position);
}

/** Adds the addresses that names resolved to, where something was sent there; addresses speak for themselves. */
function withAddresses(block: ResultBlock, resolved: ReadonlyMap<number, string>): ResultBlock {
	if (resolved.size === 0) return block;
	const address = Array.from({ length: block.length }, (_, row) =>
		block.sent[row] === 0 ? undefined : resolved.get(block.index[row]!),
	);
	return { ...block, address };
}
