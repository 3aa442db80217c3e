/**
 * Results of a job in columns over one buffer: what crosses from the engine's thread is one piece of memory for
 * some hundred hosts, transferred and not copied.
 */
import type { ResultBlock } from '../../shared/results.ts';
import type { BlockMessage } from './thread-messages.ts';

/** As a block of results has them (shared/results.ts). */
export interface EchoColumns {
	readonly index: Uint32Array<ArrayBuffer>;
	readonly status: Uint8Array<ArrayBuffer>;
	readonly reason: Uint8Array<ArrayBuffer>;
	readonly sent: Uint16Array<ArrayBuffer>;
	readonly received: Uint16Array<ArrayBuffer>;
	readonly rttMs: Float64Array<ArrayBuffer>;
	/** with count above 1 */
	readonly rtt:
		| {
				readonly min: Float64Array<ArrayBuffer>;
				readonly max: Float64Array<ArrayBuffer>;
				readonly jitter: Float64Array<ArrayBuffer>;
		  }
		| undefined;
}

/** Columns for so many rows, all zero. */
export function newColumns(rows: number, withStatistics: boolean): EchoColumns {
	return columnsOver(new ArrayBuffer(rows * (withStatistics ? 42 : 18)), rows, withStatistics);
}

/** The first rows of columns as a message, copied into a buffer of just their size. */
export function asMessage(id: number, columns: EchoColumns, length: number): BlockMessage {
	const copy = newColumns(length, columns.rtt !== undefined);
	copy.index.set(columns.index.subarray(0, length));
	copy.status.set(columns.status.subarray(0, length));
	copy.reason.set(columns.reason.subarray(0, length));
	copy.sent.set(columns.sent.subarray(0, length));
	copy.received.set(columns.received.subarray(0, length));
	copy.rttMs.set(columns.rttMs.subarray(0, length));
	if (columns.rtt !== undefined && copy.rtt !== undefined) {
		copy.rtt.min.set(columns.rtt.min.subarray(0, length));
		copy.rtt.max.set(columns.rtt.max.subarray(0, length));
		copy.rtt.jitter.set(columns.rtt.jitter.subarray(0, length));
	}
	return { type: 'block', id, length, withStatistics: copy.rtt !== undefined, columns: copy.rttMs.buffer };
}

/** A message as the block of results that it carries. */
export function asBlock({ length, withStatistics, columns }: BlockMessage): ResultBlock {
	const { index, status, reason, sent, received, rttMs, rtt } = columnsOver(columns, length, withStatistics);
	return { length, index, status, reason, address: undefined, sent, received, rttMs, rtt };
}

/** The widest columns come first, so that each lies at a multiple of its width. */
function columnsOver(buffer: ArrayBuffer, rows: number, withStatistics: boolean): EchoColumns {
	let at = 0;
	const take = (bytesEach: number): number => {
		const from = at;
		at += bytesEach * rows;
		return from;
	};
	const times = (): Float64Array<ArrayBuffer> => new Float64Array(buffer, take(8), rows);
	return {
		rttMs: times(),
		rtt: withStatistics ? { min: times(), max: times(), jitter: times() } : undefined,
		index: new Uint32Array(buffer, take(4), rows),
		sent: new Uint16Array(buffer, take(2), rows),
		received: new Uint16Array(buffer, take(2), rows),
		status: new Uint8Array(buffer, take(1), rows),
		reason: new Uint8Array(buffer, take(1), rows),
	};
}
