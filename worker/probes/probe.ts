/** The contract between a batch and the probes. */
import type { IpAddress } from '../../shared/ip.ts';
import type { ProbeSettings } from '../../shared/protocol.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { ProbeName, Target } from '../../shared/target.ts';
import type { Ipv4Hosts } from '../ipv4-hosts.ts';

/** A host that is ready to be probed: parsed, resolved, and allowed by the policy. */
export interface ProbeHost {
	/** its position in the request */
	readonly index: number;
	readonly target: Target;
	/** the address that the policy was asked about, and the only one that may be probed; `undefined` only in a
	 * runtime that resolves names by itself (Cloudflare) */
	readonly address: IpAddress | undefined;
	/** set for tcp and http */
	readonly port: number | undefined;
}

/** What every batch brings, whatever its hosts look like. */
export interface BatchReporting {
	readonly settings: ProbeSettings;
	/** the cell of its caller's ceiling (rates/caller-cells.ts); `undefined` for none */
	readonly caller?: number | undefined;
	/** takes some results; together, the blocks hold every host once. `index` is the position in the request */
	readonly report: (block: ResultBlock) => void;
	/** takes that so many more of the hosts have had their first probe, wait for their prefix's leave for it, or will
	 * have none, and how long the last of them waited here until then, in ms */
	readonly left: (hosts: number, waitMs: number) => void;
	/** aborted when the caller has gone: nothing more is sent, and what is not reported stays so */
	readonly signal: AbortSignal;
}

export interface ProbeBatch extends BatchReporting {
	readonly hosts: readonly ProbeHost[];
}

/** Hosts that are bare IPv4 addresses, allowed by the policy. */
export interface Ipv4Batch extends BatchReporting, Ipv4Hosts {}

/** One kind of probe in one runtime. A dead host is a result, never an exception. */
export interface Probe {
	readonly name: ProbeName;
	/** resolves when every host is reported; rejects only with the signal's reason or for a fault of ours */
	run(batch: ProbeBatch): Promise<void>;
	/** the same for bare IPv4 addresses, by a probe that is faster without an object for each */
	runIpv4?(batch: Ipv4Batch): Promise<void>;
}
