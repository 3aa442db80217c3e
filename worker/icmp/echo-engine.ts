/** The contract of whatever sends echo requests: the socket engine and the ping command. */
import type { IpAddress } from '../../shared/ip.ts';
import type { ResultBlock } from '../../shared/results.ts';

/** Addresses of either family, or IPv4 addresses as unsigned 32-bit numbers. */
export type EchoAddresses = readonly IpAddress[] | Uint32Array;

export interface EchoJob {
	readonly addresses: EchoAddresses;
	/** echo requests per address; above 1 all are sent, `intervalMs` apart, and blocks carry `rtt` */
	readonly count: number;
	/** with count 1: tries until the first answer, each with its own timeout; the next one may leave before the last
	 * has timed out */
	readonly attempts: number;
	readonly timeoutMs: number;
	readonly intervalMs: number;
	/** the cell of its caller's ceiling (rates/caller-cells.ts). Default: none */
	readonly caller?: number;
	/** takes results as they are known; `index` is the position in `addresses`, `address` is `undefined` */
	readonly report: (block: ResultBlock) => void;
	/** called once, when every address has had its first echo request, waits for its prefix's leave for it, or will
	 * have none, with the longest that one of them waited until then, in ms */
	readonly left: (waitMs: number) => void;
	/** aborted: no further echo request of this job leaves, and `run` rejects with the signal's reason */
	readonly signal: AbortSignal;
}

export interface EchoEngine {
	readonly mode: 'datagram' | 'raw' | 'command';
	readonly families: { readonly ipv4: boolean; readonly ipv6: boolean };
	/** Probes every address and reports each once. */
	run(job: EchoJob): Promise<void>;
	/** since the start; what was ignored and why */
	counters(): EchoCounters;
	close(): Promise<void>;
}

export interface EchoCounters {
	sent: number;
	received: number;
	/** after the timeout had passed */
	late: number;
	/** a second answer to one echo request */
	duplicate: number;
	/** no cookie of ours, a wrong one, or a reply from an address that was not asked */
	forged: number;
	/** ours, but with a changed payload or a wrong checksum */
	corrupted: number;
	/** shorter than what was sent */
	truncated: number;
	/** replies that the kernel dropped because we did not read fast enough */
	dropped: number;
	/** times that a send had to be put off because the kernel had no buffer */
	sendBlocked: number;
}
