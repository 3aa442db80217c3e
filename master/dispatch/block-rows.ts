/** Blocks made or cut by the dispatcher. */
import type { Reason, Status } from '../../shared/outcome.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import type { ResultBlock } from '../../shared/results.ts';

const errorCode = statusCode('error');

/** Rows of a block whose status is `error`; `undefined`, without allocating, when there are none. */
export function errorRows(block: ResultBlock): number[] | undefined {
	let rows: number[] | undefined;
	for (let row = 0; row < block.length; row += 1) {
		if (block.status[row] === errorCode) {
			rows ??= [];
			rows.push(row);
		}
	}
	return rows;
}

/** A block without some of its rows; `without` is ascending. */
export function withoutRows(block: ResultBlock, without: readonly number[]): ResultBlock {
	const drop = new Set(without);
	const keep: number[] = [];
	for (let row = 0; row < block.length; row += 1) if (!drop.has(row)) keep.push(row);
	const pick = (column: ArrayLike<number>): number[] => keep.map((row) => column[row]!);
	return {
		length: keep.length,
		index: pick(block.index),
		status: pick(block.status),
		reason: pick(block.reason),
		address: block.address === undefined ? undefined : keep.map((row) => block.address![row]),
		sent: pick(block.sent),
		received: pick(block.received),
		rttMs: pick(block.rttMs),
		rtt: block.rtt && { min: pick(block.rtt.min), max: pick(block.rtt.max), jitter: pick(block.rtt.jitter) },
	};
}

/** The same outcome for `length` hosts that no probe was sent to. */
export function sameForAll(length: number, status: Status, reason: Reason): ResultBlock {
	return {
		length,
		index: Uint32Array.from({ length }, (_, row) => row),
		status: new Uint8Array(length).fill(statusCode(status)),
		reason: new Uint8Array(length).fill(reasonCode(reason)),
		address: undefined,
		sent: new Uint16Array(length),
		received: new Uint16Array(length),
		rttMs: new Float64Array(length).fill(Number.NaN),
		rtt: undefined,
	};
}
