/** What the main thread and the engine's thread tell each other. Buffers are transferred, not copied. */
import type { GateSetup } from '../rates/probe-gate.ts';

/** The two kinds of ICMP socket; which of them is permitted differs by machine. */
export type SocketMode = 'datagram' | 'raw';

/** Given to the thread at its start. */
export interface ThreadSetup {
	/** tried in this order; the first that opens is used */
	readonly modes: readonly SocketMode[];
	readonly ratePerSecond: number;
	/** the pacer's cell, on shared memory */
	readonly paceCell: BigInt64Array<SharedArrayBuffer>;
	/** the ceilings beside it, on shared memory; `undefined` for none */
	readonly gate: GateSetup | undefined;
	/** `counterNames.length` counters, on shared memory, written by the thread only */
	readonly counters: Float64Array<SharedArrayBuffer>;
	/** the key of the cookies and the identifier of raw sockets, random */
	readonly secret: readonly [number, number, number];
}

export interface JobMessage {
	readonly type: 'job';
	readonly id: number;
	readonly hosts: number;
	/** 4 or 6, one for each host */
	readonly families: Uint8Array<ArrayBuffer>;
	/** addresses in network order: `stride` words for each host, the first of them used by IPv4 */
	readonly addresses: Int32Array<ArrayBuffer>;
	/** 1 when all hosts are IPv4, else 4 */
	readonly stride: 1 | 4;
	/** the cell of each host's prefix, or -1; `undefined` when no host is under such a ceiling */
	readonly prefixes: Int32Array<ArrayBuffer> | undefined;
	/** the cell of the caller, or -1 */
	readonly caller: number;
	readonly count: number;
	readonly attempts: number;
	readonly timeoutMs: number;
	readonly intervalMs: number;
}

export type ToThread =
	| JobMessage
	| { readonly type: 'abort'; readonly id: number }
	| { readonly type: 'close' };

export interface BlockMessage {
	readonly type: 'block';
	readonly id: number;
	readonly length: number;
	readonly withStatistics: boolean;
	/** the columns one after the other: echo-results.ts */
	readonly columns: ArrayBuffer;
}

export type FromThread =
	| { readonly type: 'open'; readonly mode: SocketMode; readonly ipv4: boolean; readonly ipv6: boolean }
	/** no socket in any mode */
	| { readonly type: 'unavailable'; readonly why: string }
	| BlockMessage
	/** every address has had its first echo request or will have none; the last of them waited this long */
	| { readonly type: 'left'; readonly id: number; readonly waitMs: number }
	| { readonly type: 'done'; readonly id: number }
	/** no echo request of this job leaves any more */
	| { readonly type: 'aborted'; readonly id: number };

/** The order of the counters in shared memory. */
export const counterNames = [
	'sent',
	'received',
	'late',
	'duplicate',
	'forged',
	'corrupted',
	'truncated',
	'dropped',
	'sendBlocked',
] as const;
export type CounterName = (typeof counterNames)[number];
