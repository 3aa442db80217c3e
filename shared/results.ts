/**
 * Results in columns: how they travel inside a worker, over the wire and into the store. One object per host
 * would cost several times as much to make, send, parse and collect (bench/).
 */
import type { Reason, Status } from './outcome.ts';
import { reasonCode, reasons, statusCode, statuses } from './outcome.ts';
import { lossPercent } from './stats.ts';

/** Round-trip statistics, present when `count` > 1; NaN where nothing was received. */
export interface RttColumns {
	readonly min: ArrayLike<number>;
	readonly max: ArrayLike<number>;
	readonly jitter: ArrayLike<number>;
}

/** Some results of one request; every column has `length` entries. */
export interface ResultBlock {
	readonly length: number;
	/** position of the host in the request */
	readonly index: ArrayLike<number>;
	/** position in `statuses` */
	readonly status: ArrayLike<number>;
	/** position in `reasons`; 0 for none */
	readonly reason: ArrayLike<number>;
	/** the address that was probed; `undefined` when it is the host as asked, or when none was */
	readonly address: readonly (string | undefined)[] | undefined;
	readonly sent: ArrayLike<number>;
	readonly received: ArrayLike<number>;
	/** mean round-trip time of the received, in ms; NaN when there is none */
	readonly rttMs: ArrayLike<number>;
	readonly rtt: RttColumns | undefined;
}

/** One result as the JSON forms carry it; keys without a value are left out. */
export interface HostResult {
	host: string;
	status: string;
	reason?: string;
	address?: string;
	sent: number;
	received: number;
	rttMs?: number;
	rttMinMs?: number;
	rttAvgMs?: number;
	rttMaxMs?: number;
	jitterMs?: number;
	lossPercent?: number;
}

/**
 * Row `row` of a block as an object.
 *
 * @param host the host as it was asked
 * @param literalAddress the address when the host was written as one, to fill in what the column leaves out
 */
export function hostResult(
	block: ResultBlock,
	row: number,
	host: string,
	literalAddress: string | undefined,
): HostResult {
	const result: HostResult = {
		host,
		status: statuses[block.status[row]!]!,
		sent: block.sent[row]!,
		received: block.received[row]!,
	};
	const reason = reasons[block.reason[row]!];
	if (reason) result.reason = reason;
	const address = block.address?.[row] ?? literalAddress;
	if (address !== undefined) result.address = address;
	const rttMs = block.rttMs[row]!;
	if (!Number.isNaN(rttMs)) result.rttMs = rttMs;
	if (block.rtt !== undefined) {
		result.lossPercent = lossPercent(result.sent, result.received);
		if (!Number.isNaN(rttMs)) {
			result.rttMinMs = block.rtt.min[row]!;
			result.rttAvgMs = rttMs;
			result.rttMaxMs = block.rtt.max[row]!;
			result.jitterMs = block.rtt.jitter[row]!;
		}
	}
	return result;
}

/** Some rows of a block, in the order given. */
export function selectRows(block: ResultBlock, rows: readonly number[]): ResultBlock {
	const select = (column: ArrayLike<number>): number[] => rows.map((row) => column[row]!);
	const { address, rtt } = block;
	return {
		length: rows.length,
		index: select(block.index),
		status: select(block.status),
		reason: select(block.reason),
		address: address && rows.map((row) => address[row]),
		sent: select(block.sent),
		received: select(block.received),
		rttMs: select(block.rttMs),
		rtt: rtt && { min: select(rtt.min), max: select(rtt.max), jitter: select(rtt.jitter) },
	};
}

/** The same outcome for hosts that no probe was sent to; `index` has their positions in the request. */
export function unsentBlock(index: ArrayLike<number>, status: Status, reason: Reason): ResultBlock {
	const { length } = index;
	const none = new Uint8Array(length);
	return {
		length,
		index,
		status: new Uint8Array(length).fill(statusCode(status)),
		reason: new Uint8Array(length).fill(reasonCode(reason)),
		address: undefined,
		sent: none,
		received: none,
		rttMs: new Float64Array(length).fill(Number.NaN),
		rtt: undefined,
	};
}
