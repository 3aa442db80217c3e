/**
 * Requests and answers in columns: what costs a JSON text and a string per host is a few bytes here. Numbers are
 * little-endian.
 *
 * A request (`application/vnd.pingpool.columns`) is for bare IPv4 addresses:
 *
 *   u32  length of the settings     JSON  the request without its hosts     u32 × hosts  addresses
 *
 * An answer (`application/vnd.pingpool.frames`) is a stream of frames (frames.ts): the mark
 * `{"worker":"…","hosts":4096,"request":"…"}` as the first, with the worker's instance and what the request was
 * named; any number of blocks; the mark `{"alive":true}` whenever nothing else was said for a while; once the mark
 * `{"sent":true,"waitMs":12}`, when every host has had its first probe; and the mark
 * `{"done":true,"results":4096}` as the last. A block of n results, whose columns stand one after the other:
 *
 *   u16  n                          u8  columns that hold one value for all rows     u8  columns that are there
 *   u16 × n  positions in the request
 *   u16  probes sent, u16 received, u8 statuses, u8 reasons (positions in outcome.ts): each × n or × 1
 *   u32 × n  mean RTT in µs, all ones for none; then, with a count above 1, lowest, highest, jitter
 *   UTF-8  addresses that were probed where they are not the host itself, n texts joined by line feeds
 */
import { PingpoolError } from './errors.ts';
import { frameKinds, newFrame } from './frames.ts';
import { parseIp } from './ip.ts';
import { checkJsonForm } from './json-form.ts';
import { countMax, settingsBytesMax } from './limits.ts';
import { reasons, statuses } from './outcome.ts';
import type { ResultBlock } from './results.ts';

/** Bits of the columns that are folded into one value … */
const folds = { sent: 1, received: 2, status: 4, reason: 8 } as const;
/** … and of those that may be left out. */
const parts = { rtt: 1, statistics: 2, address: 4 } as const;

const allFolds = folds.sent | folds.received | folds.status | folds.reason;
const allParts = parts.rtt | parts.statistics | parts.address;

const blockHeadBytes = 4;
const noRtt = 0xffff_ffff;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** @param settings the request without its hosts */
export function encodeRequest(settings: object, ipv4: Uint32Array): Uint8Array<ArrayBuffer> {
	const head = encoder.encode(JSON.stringify(settings));
	const bytes = new Uint8Array(4 + head.length + 4 * ipv4.length);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, head.length, true);
	bytes.set(head, 4);
	let at = 4 + head.length;
	for (let host = 0; host < ipv4.length; host += 1, at += 4) view.setUint32(at, ipv4[host]!, true);
	return bytes;
}

/**
 * The settings, parsed but not checked, and the addresses of a request.
 *
 * @throws PingpoolError `bad-request`
 */
export function decodeRequest(bytes: Uint8Array): { settings: unknown; ipv4: Uint32Array } {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const headBytes = bytes.length < 4 ? Number.POSITIVE_INFINITY : view.getUint32(0, true);
	const hostBytes = bytes.length - 4 - headBytes;
	if (hostBytes < 0 || hostBytes % 4 !== 0) throw notColumns('its lengths do not fit each other');
	if (headBytes > settingsBytesMax) throw notColumns(`its settings are over ${settingsBytesMax} bytes`);
	checkJsonForm(bytes.subarray(4, 4 + headBytes));
	let settings: unknown;
	try {
		settings = JSON.parse(decoder.decode(bytes.subarray(4, 4 + headBytes)));
	} catch (cause) {
		throw notColumns('its settings are not JSON', cause);
	}
	const ipv4 = new Uint32Array(hostBytes / 4);
	let at = 4 + headBytes;
	for (let host = 0; host < ipv4.length; host += 1, at += 4) ipv4[host] = view.getUint32(at, true);
	return { settings, ipv4 };
}

function notColumns(why: string, cause?: unknown): PingpoolError {
	return new PingpoolError('bad-request', `the body is no request in columns: ${why}`, {
		cause,
		details: { path: '', expected: 'settings as JSON behind their length, then addresses' },
	});
}

/** A block as a frame. It holds at most 65,535 rows, of a request with at most 65,536 hosts. */
export function encodeBlock(block: ResultBlock): Uint8Array {
	const { length, index, status, reason, sent, received, rttMs, rtt } = block;
	let folded = 0;
	if (isUniform(sent, length)) folded |= folds.sent;
	if (isUniform(received, length)) folded |= folds.received;
	if (isUniform(status, length)) folded |= folds.status;
	if (isUniform(reason, length)) folded |= folds.reason;
	const hasRtt = hasNumber(rttMs, length);
	const address =
		block.address === undefined || block.address.every((text) => text === undefined)
			? undefined
			: encoder.encode(block.address.map((text) => text ?? '').join('\n'));
	const present =
		(hasRtt ? parts.rtt : 0) |
		(rtt === undefined ? 0 : parts.statistics) |
		(address === undefined ? 0 : parts.address);
	const rows = (fold: number): number => (folded & fold ? 1 : length);
	const payloadBytes =
		blockHeadBytes +
		2 * (length + rows(folds.sent) + rows(folds.received)) +
		rows(folds.status) +
		rows(folds.reason) +
		4 * length * ((hasRtt ? 1 : 0) + (rtt === undefined ? 0 : 3)) +
		(address?.length ?? 0);
	const { bytes, payloadAt } = newFrame(frameKinds.block, payloadBytes);
	const view = new DataView(bytes.buffer);
	view.setUint16(payloadAt, length, true);
	bytes[payloadAt + 2] = folded;
	bytes[payloadAt + 3] = present;
	let at = payloadAt + blockHeadBytes;
	at = write16(view, at, index, length);
	at = write16(view, at, sent, rows(folds.sent));
	at = write16(view, at, received, rows(folds.received));
	at = write8(bytes, at, status, rows(folds.status));
	at = write8(bytes, at, reason, rows(folds.reason));
	if (hasRtt) at = writeTimes(view, at, rttMs, length);
	if (rtt !== undefined) {
		at = writeTimes(view, at, rtt.min, length);
		at = writeTimes(view, at, rtt.max, length);
		at = writeTimes(view, at, rtt.jitter, length);
	}
	if (address !== undefined) bytes.set(address, at);
	return bytes;
}

function isUniform(column: ArrayLike<number>, length: number): boolean {
	const first = column[0];
	for (let row = 1; row < length; row += 1) if (column[row] !== first) return false;
	return true;
}

function hasNumber(column: ArrayLike<number>, length: number): boolean {
	for (let row = 0; row < length; row += 1) if (!Number.isNaN(column[row]!)) return true;
	return false;
}

function write16(view: DataView, from: number, column: ArrayLike<number>, rows: number): number {
	for (let row = 0; row < rows; row += 1) view.setUint16(from + 2 * row, column[row]!, true);
	return from + 2 * rows;
}

function write8(bytes: Uint8Array, from: number, column: ArrayLike<number>, rows: number): number {
	for (let row = 0; row < rows; row += 1) bytes[from + row] = column[row]!;
	return from + rows;
}

function writeTimes(view: DataView, from: number, column: ArrayLike<number>, rows: number): number {
	for (let row = 0; row < rows; row += 1) {
		const ms = column[row]!;
		view.setUint32(from + 4 * row, Number.isNaN(ms) ? noRtt : Math.round(ms * 1000), true);
	}
	return from + 4 * rows;
}

/**
 * Columns that are decoded into, again and again: memory outside of V8's heap is not let go before the next
 * collection, and a master reads a thousand blocks a second.
 */
export class BlockMemory {
	index = new Uint16Array(0);
	sent = new Uint16Array(0);
	received = new Uint16Array(0);
	status = new Uint8Array(0);
	reason = new Uint8Array(0);
	rttMs = new Float64Array(0);

	/** Makes room for blocks of so many rows. */
	reserve(rows: number): void {
		if (rows <= this.index.length) return;
		const capacity = 2 ** Math.ceil(Math.log2(rows));
		this.index = new Uint16Array(capacity);
		this.sent = new Uint16Array(capacity);
		this.received = new Uint16Array(capacity);
		this.status = new Uint8Array(capacity);
		this.reason = new Uint8Array(capacity);
		this.rttMs = new Float64Array(capacity);
	}
}

/**
 * The payload of a block's frame, checked row by row: a worker may be broken or lie.
 *
 * @param hosts hosts in the request; every index must be below
 * @param rttMsMax no round-trip time may be above
 * @param memory holds the block until the next one is decoded into it. Default: of its own
 * @returns the block, or what is wrong with it
 */
export function decodeBlock(
	payload: Uint8Array,
	hosts: number,
	rttMsMax: number,
	memory: BlockMemory = new BlockMemory(),
): ResultBlock | string {
	if (payload.length < blockHeadBytes) return 'a block is too short';
	const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
	const length = view.getUint16(0, true);
	const folded = payload[2]!;
	const present = payload[3]!;
	if ((folded & ~allFolds) !== 0 || (present & ~allParts) !== 0) return 'a block has unknown columns';
	if (length === 0 || length > hosts) return 'a block has no rows, or more than hosts';
	const rows = (fold: number): number => (folded & fold ? 1 : length);
	const times = (present & parts.rtt ? 1 : 0) + (present & parts.statistics ? 3 : 0);
	const fixedBytes =
		blockHeadBytes +
		2 * (length + rows(folds.sent) + rows(folds.received)) +
		rows(folds.status) +
		rows(folds.reason) +
		4 * length * times;
	const hasAddress = (present & parts.address) !== 0;
	if (payload.length < fixedBytes || (!hasAddress && payload.length > fixedBytes)) {
		return 'a block is not as long as its columns';
	}
	memory.reserve(length);
	let at = blockHeadBytes;
	const read16 = (into: Uint16Array, stored: number, max: number): Uint16Array | undefined => {
		const valueAt = (row: number): number => view.getUint16(at + 2 * row, true);
		const column = readColumn(into.subarray(0, length), stored, max, valueAt);
		at += 2 * stored;
		return column;
	};
	const read8 = (into: Uint8Array, stored: number, max: number): Uint8Array | undefined => {
		const column = readColumn(into.subarray(0, length), stored, max, (row) => payload[at + row]!);
		at += stored;
		return column;
	};
	const readTimes = (into: Float64Array): Float64Array | undefined => {
		const column = timesAt(view, at, into.subarray(0, length), rttMsMax);
		at += 4 * length;
		return column;
	};
	const index = read16(memory.index, length, hosts - 1);
	if (index === undefined) return `a position is not within 0 to ${hosts - 1}`;
	const sent = read16(memory.sent, rows(folds.sent), countMax);
	const received = read16(memory.received, rows(folds.received), countMax);
	if (sent === undefined || received === undefined)
		return `a number of probes is not within 0 to ${countMax}`;
	const status = read8(memory.status, rows(folds.status), statuses.length - 1);
	if (status === undefined) return 'a status is unknown';
	const reason = read8(memory.reason, rows(folds.reason), reasons.length - 1);
	if (reason === undefined) return 'a reason is unknown';
	const outOfRange = `a round-trip time is not within 0 to ${rttMsMax} ms`;
	const rttMs =
		present & parts.rtt ? readTimes(memory.rttMs) : memory.rttMs.subarray(0, length).fill(Number.NaN);
	if (rttMs === undefined) return outOfRange;
	let rtt: ResultBlock['rtt'];
	if (present & parts.statistics) {
		const column = (): Float64Array | undefined => readTimes(new Float64Array(length));
		const [min, max, jitter] = [column(), column(), column()];
		if (min === undefined || max === undefined || jitter === undefined) return outOfRange;
		rtt = { min, max, jitter };
	}
	const address = hasAddress ? addressesIn(payload.subarray(at), length) : undefined;
	if (address === false) return 'an address is no IP address';
	return { length, index, status, reason, address, sent, received, rttMs, rtt };
}

function readColumn<Column extends Uint8Array | Uint16Array>(
	column: Column,
	stored: number,
	max: number,
	valueAt: (row: number) => number,
): Column | undefined {
	for (let row = 0; row < stored; row += 1) {
		const value = valueAt(row);
		if (value > max) return undefined;
		column[row] = value;
	}
	if (stored === 1) column.fill(column[0]!);
	return column;
}

function timesAt(view: DataView, from: number, column: Float64Array, max: number): Float64Array | undefined {
	for (let row = 0; row < column.length; row += 1) {
		const us = view.getUint32(from + 4 * row, true);
		const ms = us === noRtt ? Number.NaN : us / 1000;
		if (ms > max) return undefined;
		column[row] = ms;
	}
	return column;
}

function addressesIn(bytes: Uint8Array, length: number): (string | undefined)[] | false {
	let texts: string[];
	try {
		texts = decoder.decode(bytes).split('\n');
	} catch {
		return false;
	}
	if (texts.length !== length) return false;
	const addresses = texts.map((text) => (text === '' ? undefined : text));
	return addresses.every((text) => text === undefined || isAddress(text)) && addresses;
}

/** Whether what a worker calls an address is one. */
export function isAddress(value: unknown): value is string {
	return typeof value === 'string' && parseIp(value) !== undefined;
}
