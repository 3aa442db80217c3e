/**
 * What travels between the master's thread and the store's. Calls are numbered and answered in order; rows go as
 * transferred columns, and hosts that have a text as one: cloning an array of strings costs several times as much
 * as joining and splitting it.
 */
import type { ErrorCode } from '../../shared/errors.ts';
import { messageOf, PingpoolError } from '../../shared/errors.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { NewRun, RunCounts, RunEnd, StoredRows } from './store.ts';

/** The first message to the thread: opens the database. */
export interface ThreadOptions {
	readonly path: string;
	readonly busyTimeoutMs: number | undefined;
}

export type Call =
	| { readonly method: 'startRun'; readonly run: NewRun }
	| { readonly method: 'append'; readonly rows: PackedRows }
	| { readonly method: 'flush' }
	| { readonly method: 'finishRun'; readonly runId: number; readonly end: RunEnd }
	| { readonly method: 'close' };

export type ToThread = Call & { readonly id: number };

export type FromThread =
	/** the database is open */
	| { readonly type: 'open' }
	| { readonly type: 'notice'; readonly message: string }
	| { readonly type: 'done'; readonly id: number; readonly value: number | RunCounts | undefined }
	/** without an id: the database could not be opened */
	| { readonly type: 'failed'; readonly id: number | undefined; readonly error: PackedError };

export interface PackedRows {
	readonly runId: number;
	readonly worker: string;
	readonly checkedAtMs: number;
	readonly positions: Uint32Array<ArrayBuffer>;
	readonly ipv4: Uint32Array<ArrayBuffer>;
	/** of hosts that are not in `ipv4`, joined by line feeds, which no canonical target has in it */
	readonly texts: string | undefined;
	readonly status: Uint8Array<ArrayBuffer>;
	readonly reason: Uint8Array<ArrayBuffer>;
	readonly address: ResultBlock['address'];
	readonly sent: Uint16Array<ArrayBuffer>;
	readonly received: Uint16Array<ArrayBuffer>;
	readonly rttMs: Float64Array<ArrayBuffer>;
	readonly rtt:
		| {
				readonly min: Float64Array<ArrayBuffer>;
				readonly max: Float64Array<ArrayBuffer>;
				readonly jitter: Float64Array<ArrayBuffer>;
		  }
		| undefined;
}

/** The buffers of packed rows, to be transferred. */
export function buffersOf({
	positions,
	ipv4,
	status,
	reason,
	sent,
	received,
	rttMs,
	rtt,
}: PackedRows): ArrayBuffer[] {
	const columns = [positions, ipv4, status, reason, sent, received, rttMs];
	const more = rtt === undefined ? [] : [rtt.min, rtt.max, rtt.jitter];
	return [...columns, ...more].map((column) => column.buffer);
}

/** @throws RangeError for what the typed array would turn into another number */
function checkedUint16(column: ArrayLike<number>): Uint16Array<ArrayBuffer> {
	const packed = new Uint16Array(column);
	if (column instanceof Uint16Array) return packed;
	for (let row = 0; row < packed.length; row += 1) {
		if (packed[row] !== column[row]) throw new RangeError(`${column[row]} is no number of probes`);
	}
	return packed;
}

export function packRows({ runId, worker, checkedAtMs, positions, hosts, block }: StoredRows): PackedRows {
	const { rtt } = block;
	return {
		runId,
		worker,
		checkedAtMs,
		positions: new Uint32Array(positions),
		ipv4: new Uint32Array(hosts.ipv4),
		texts: hosts.texts?.map((text) => text ?? '').join('\n'),
		status: new Uint8Array(block.status),
		reason: new Uint8Array(block.reason),
		address: block.address,
		sent: checkedUint16(block.sent),
		received: checkedUint16(block.received),
		rttMs: new Float64Array(block.rttMs),
		rtt: rtt && {
			min: new Float64Array(rtt.min),
			max: new Float64Array(rtt.max),
			jitter: new Float64Array(rtt.jitter),
		},
	};
}

export function unpackRows(packed: PackedRows): StoredRows {
	const { runId, worker, checkedAtMs, positions, ipv4, status, reason, address, sent, received } = packed;
	const { texts, rttMs, rtt } = packed;
	const { length } = positions;
	const block = { length, index: positions, status, reason, address, sent, received, rttMs, rtt };
	const hosts = { length, ipv4, texts: texts?.split('\n').map((text) => text || undefined) };
	return { runId, worker, checkedAtMs, positions, hosts, block };
}

/** An error as plain data: structured clone would lose its class and code. */
export interface PackedError {
	readonly code: ErrorCode | 'range' | undefined;
	readonly message: string;
	readonly hint: string | undefined;
	readonly cause: string | undefined;
}

export function packError(error: unknown): PackedError {
	if (error instanceof PingpoolError) {
		const { code, message, hint, cause } = error;
		return { code, message, hint, cause: cause === undefined ? undefined : messageOf(cause) };
	}
	const stack = error instanceof Error ? error.stack : undefined;
	return {
		code: error instanceof RangeError ? 'range' : undefined,
		message: messageOf(error),
		hint: undefined,
		cause: stack,
	};
}

export function unpackError({ code, message, hint, cause }: PackedError): Error {
	if (code === 'range') return new RangeError(message, { cause });
	if (code === undefined) return new Error(message, { cause });
	return new PingpoolError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}
