/**
 * The columns form of an answer (`application/vnd.pingpool.columns`): newline-delimited JSON, a few hundred
 * results a line, so that what a broken connection delivered is kept and a line costs one JSON.parse.
 *
 *   {"worker":"<instance>","hosts":4096}             first line
 *   {"i":[0,1,2],"s":0,"n":1,"k":1,"t":[0.1,0.2,0.15]}   any number of these
 *   {"sent":true,"waitMs":12}                        once, when every host has had its first probe
 *   {"done":true,"results":4096}                     last line
 *
 * `i` positions in the request, `s` statuses and `r` reasons (positions in outcome.ts), `a` addresses, `n`
 * sent, `k` received, `t` mean RTT in ms; `l`, `h`, `j` lowest and highest RTT and jitter. A column whose values
 * are all the same is that one value; `r`, `a`, `t` are left out where no row has one, and null stands for none.
 */
import { parseIp } from './ip.ts';
import { countMax } from './limits.ts';
import { reasons, statuses } from './outcome.ts';
import type { ResultBlock } from './results.ts';
import { roundToMicroseconds } from './stats.ts';

type Column<Value> = Value | Value[];

interface Line {
	i: number[];
	s: Column<number>;
	r?: Column<number>;
	a?: (string | null)[];
	n: Column<number>;
	k: Column<number>;
	t?: Column<number | null>;
	l?: Column<number | null>;
	h?: Column<number | null>;
	j?: Column<number | null>;
}

/** A block as a line of the columns form, without the line feed. */
export function encodeBlock(block: ResultBlock): string {
	const { length } = block;
	const line: Line = {
		i: Array.from(block.index),
		s: folded(block.status, length),
		n: folded(block.sent, length),
		k: folded(block.received, length),
	};
	const reason = folded(block.reason, length);
	if (reason !== 0) line.r = reason;
	if (block.address?.some((address) => address !== undefined)) {
		line.a = block.address.map((address) => address ?? null);
	}
	const rtt = times(block.rttMs, length);
	if (rtt !== null) line.t = rtt;
	if (block.rtt !== undefined) {
		line.l = times(block.rtt.min, length);
		line.h = times(block.rtt.max, length);
		line.j = times(block.rtt.jitter, length);
	}
	return JSON.stringify(line);
}

function folded(column: ArrayLike<number>, length: number): Column<number> {
	const first = column[0]!;
	for (let row = 1; row < length; row += 1) if (column[row] !== first) return Array.from(column);
	return first;
}

function times(column: ArrayLike<number>, length: number): Column<number | null> {
	const values = new Array<number | null>(length);
	let any = false;
	for (let row = 0; row < length; row += 1) {
		const ms = column[row]!;
		if (Number.isNaN(ms)) values[row] = null;
		else {
			values[row] = roundToMicroseconds(ms);
			any = true;
		}
	}
	return any ? values : null;
}

/**
 * A parsed line as a block, checked row by row: a worker may be broken or lie.
 *
 * @param line the parsed JSON of one line
 * @param hosts hosts in the request; every index must be below
 * @param rttMsMax no round-trip time may be above
 * @returns the block, or what is wrong with the line
 */
export function decodeBlock(line: unknown, hosts: number, rttMsMax: number): ResultBlock | string {
	if (typeof line !== 'object' || line === null) return 'a line is not an object';
	const { i, s, r, a, n, k, t, l, h, j } = line as Record<string, unknown>;
	if (!Array.isArray(i) || i.length === 0 || i.length > hosts) return 'a line has no list of positions';
	const { length } = i;
	const index = integers(i, length, hosts - 1);
	const status = integers(s, length, statuses.length - 1);
	const reason = integers(r ?? 0, length, reasons.length - 1);
	const sent = integers(n, length, countMax);
	const received = integers(k, length, countMax);
	const rttMs = milliseconds(t, length, rttMsMax);
	if (index === undefined) return `a position is not within 0 to ${hosts - 1}`;
	if (status === undefined) return 'a status is unknown';
	if (reason === undefined) return 'a reason is unknown';
	if (sent === undefined || received === undefined)
		return `a number of probes is not within 0 to ${countMax}`;
	if (rttMs === undefined) return `a round-trip time is not within 0 to ${rttMsMax} ms`;
	const address = addresses(a, length);
	if (address === false) return 'an address is no IP address';
	let rtt: ResultBlock['rtt'];
	if (l !== undefined || h !== undefined || j !== undefined) {
		const min = milliseconds(l, length, rttMsMax);
		const max = milliseconds(h, length, rttMsMax);
		const jitter = milliseconds(j, length, rttMsMax);
		if (min === undefined || max === undefined || jitter === undefined) {
			return `a round-trip time is not within 0 to ${rttMsMax} ms`;
		}
		rtt = { min, max, jitter };
	}
	return { length, index, status, reason, address, sent, received, rttMs, rtt };
}

/** Whether what a worker calls an address is one. */
export function isAddress(value: unknown): value is string {
	return typeof value === 'string' && parseIp(value) !== undefined;
}

function integers(column: unknown, length: number, max: number): ArrayLike<number> | undefined {
	if (typeof column === 'number') {
		if (!Number.isInteger(column) || column < 0 || column > max) return undefined;
		return new Uint32Array(length).fill(column);
	}
	if (!Array.isArray(column) || column.length !== length) return undefined;
	for (let row = 0; row < length; row += 1) {
		const value: unknown = column[row];
		if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) return undefined;
	}
	return column;
}

function milliseconds(column: unknown, length: number, max: number): ArrayLike<number> | undefined {
	const values = new Float64Array(length);
	if (column === undefined || column === null || typeof column === 'number') {
		const value = column ?? Number.NaN;
		if (value < 0 || value > max) return undefined;
		return values.fill(value);
	}
	if (!Array.isArray(column) || column.length !== length) return undefined;
	for (let row = 0; row < length; row += 1) {
		const value: unknown = column[row];
		if (value === null) values[row] = Number.NaN;
		else if (typeof value === 'number' && value >= 0 && value <= max) values[row] = value;
		else return undefined;
	}
	return values;
}

function addresses(column: unknown, length: number): (string | undefined)[] | undefined | false {
	if (column === undefined) return undefined;
	if (!Array.isArray(column) || column.length !== length) return false;
	const texts = new Array<string | undefined>(length);
	for (let row = 0; row < length; row += 1) {
		const value: unknown = column[row];
		if (value === null) texts[row] = undefined;
		else if (isAddress(value)) texts[row] = value;
		else return false;
	}
	return texts;
}
