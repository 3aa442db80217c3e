/**
 * Packets and messages of the error queue, laid into the memory that the kernel writes, under a socket that is none.
 * What the readers make of them is held against a plain reading of the same bytes. Everything is run twice, with
 * different leftovers behind the bytes that came: whoever reads beyond them does something else the second time.
 *
 * An input is its choices and then messages: flags, bytes of data, of control data and of the address (one byte
 * each), and these.
 */
import type { Random } from '../../../shared/random.ts';
import { CookieJar } from '../../../worker/icmp/cookie.ts';
import { counterAt } from '../../../worker/icmp/echo-counters.ts';
import { checksum, echoBytes, echoTypes, writeEcho } from '../../../worker/icmp/echo-packet.ts';
import { ErrorReader } from '../../../worker/icmp/error-reader.node.ts';
import type { IcmpSocket } from '../../../worker/icmp/icmp-socket.node.ts';
import { KernelTime } from '../../../worker/icmp/kernel-time.node.ts';
import type { Libc } from '../../../worker/icmp/libc.node.ts';
import {
	IP_RECVERR,
	IPV6_RECVERR,
	MSG_TRUNC,
	SO_TIMESTAMPNS,
	SOL_IP,
	SOL_IPV6,
	SOL_SOCKET,
} from '../../../worker/icmp/linux.ts';
import { MessageBatch } from '../../../worker/icmp/message-batch.node.ts';
import { ReplyReader } from '../../../worker/icmp/reply-reader.node.ts';
import { addressWords, SlotTable, slotOutcome, slotState } from '../../../worker/icmp/slot-table.ts';
import { unreachableReason } from '../../../worker/icmp/unreachable.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { promise } from '../fuzz-target.ts';
import { choice, choiceBytes, pick } from './pieces.ts';

const identifier = 0x1234;
const timeoutMs = 500;
const nowMs = 10_000;
const wallSeconds = 1_800_000_000;
const messagesMax = 6;
const dataBytes = 128;
const counters = new Float64Array(Object.keys(counterAt).length);

/** A libc that knows the time and where buffers are, which is nowhere. */
const buffers: ArrayBuffer[] = [];
const libc = {
	addressOf: (buffer: ArrayBuffer) => buffers.push(buffer) * 0x10_0000,
	clockGettime(_clock: number, address: number) {
		new Int32Array(buffers[address / 0x10_0000 - 1]!).set([wallSeconds, 0, 0, 0]);
		return 0;
	},
} as unknown as Libc;

/** Echoes in flight to few addresses; two have the same 16 bits of sequence, one is done with, one rests. */
const slots = new SlotTable(2 ** 17);
const used = [0, 1, 2, 0xffff, 0x10001, 0x1ffff];
const done = 2;
const resting = 0xffff;
/** by slot: generation and tag of an echo before the last, to the address of the kind that was prepared first */
const past = new Map<number, readonly [number, number, number]>();
const cookies = new CookieJar(slots, [0x0123_4567, 0x89ab_cdef]);
const addressOfSlot = (slot: number): Uint8Array =>
	family(slot) === 4
		? Uint8Array.of(10, 0, 0, slot & 1 ? 1 : 2)
		: Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, slot & 1 ? 1 : 2);

function family(slot: number): 4 | 6 {
	return current.family === 4 || slot === resting ? current.family : slot === 0x1ffff ? 4 : 6;
}

interface Kind {
	readonly family: 4 | 6;
	readonly mode: 'datagram' | 'raw';
}
const kinds: readonly Kind[] = [
	{ family: 4, mode: 'datagram' },
	{ family: 4, mode: 'raw' },
	{ family: 6, mode: 'datagram' },
	{ family: 6, mode: 'raw' },
];
let current: Kind = kinds[0]!;

function batchOf(nameBytes: number, controlBytes: number): MessageBatch {
	return new MessageBatch(libc, { messages: messagesMax, nameBytes, dataBytes, controlBytes });
}

const replyControlBytes = 64;
const errorControlBytes = 256;
const batches = {
	replies: { 4: batchOf(16, replyControlBytes), 6: batchOf(28, replyControlBytes) },
	errors: { 4: batchOf(16, errorControlBytes), 6: batchOf(28, errorControlBytes) },
};
const kernelTime = new KernelTime(libc, () => nowMs);

interface Echo {
	readonly slot: number;
	readonly generation: number;
	readonly tagLow: number;
	readonly tagHigh: number;
	readonly address: Int32Array;
}

/** by kind: hashing anew for every input would be most of the work */
const echoes = new Map<Kind, readonly Echo[]>();

function echoesOf(kind: Kind): readonly Echo[] {
	const known = echoes.get(kind);
	if (known !== undefined) return known;
	current = kind;
	const made = used.map((slot): Echo => {
		const address = new Uint8Array(4 * addressWords);
		address.set(addressOfSlot(slot));
		const words = new Int32Array(address.buffer);
		slots.address.set(words, slot * addressWords);
		slots.family[slot] = family(slot);
		slots.generation[slot] = 5;
		cookies.renew(slot);
		past.set(slot, [slots.generation[slot], slots.tagLow[slot]!, slots.tagHigh[slot]!]);
		cookies.renew(slot);
		const [generation, tagLow, tagHigh] = [slots.generation[slot], slots.tagLow[slot]!, slots.tagHigh[slot]!];
		return { slot, generation, tagLow, tagHigh, address: words };
	});
	echoes.set(kind, made);
	return made;
}

function prepareSlots(kind: Kind): void {
	const made = echoesOf(kind);
	current = kind;
	for (const { slot, generation, tagLow, tagHigh, address } of made) {
		slots.state[slot] = slot === resting ? slotState.waiting : slotState.inFlight;
		slots.outcome[slot] = slotOutcome.none;
		slots.family[slot] = family(slot);
		slots.sentAtMs[slot] = nowMs - 100;
		slots.generation[slot] = generation;
		slots.tagLow[slot] = tagLow;
		slots.tagHigh[slot] = tagHigh;
		slots.address.set(address, slot * addressWords);
	}
	slots.state[done] = slotState.free;
	slots.outcome[done] = slotOutcome.answered;
}

interface Message {
	readonly flags: number;
	readonly data: Uint8Array;
	readonly control: Uint8Array;
	readonly address: Uint8Array;
}

/** What the kernel can have written: no more than there is room for. */
function messagesIn(input: Uint8Array, addressBytes: number, controlBytes: number): Message[] {
	const messages: Message[] = [];
	for (let at = choiceBytes; at + 4 <= input.length && messages.length < messagesMax; ) {
		const [flags, dataLength, controlLength, addressLength] = input.subarray(at, at + 4) as unknown as [
			number,
			number,
			number,
			number,
		];
		at += 4;
		const take = (length: number): Uint8Array => {
			const bytes = input.slice(at, at + length);
			at += bytes.length;
			return bytes;
		};
		const data = take(Math.min(dataLength, dataBytes));
		const control = take(Math.min(controlLength, controlBytes));
		const address = new Uint8Array(addressBytes);
		address.set(take(Math.min(addressLength, addressBytes)));
		messages.push({ flags, data, control, address });
	}
	return messages;
}

function lay(
	batch: MessageBatch,
	{ family, mode }: Kind,
	messages: readonly Message[],
	leftover: number,
): IcmpSocket {
	for (const [i, { flags, data, control, address }] of messages.entries()) {
		const { bytes, words } = batch;
		const header = i * 16;
		bytes.fill(leftover, batch.dataAt(i), batch.dataAt(i) + dataBytes);
		bytes.set(data, batch.dataAt(i));
		bytes.fill(
			leftover,
			batch.controlAt(i),
			batch.controlAt(i) + (batch === batches.errors[family] ? errorControlBytes : replyControlBytes),
		);
		bytes.set(control, batch.controlAt(i));
		bytes.fill(0, batch.nameAt(i), batch.nameAt(i) + (family === 4 ? 16 : 28));
		bytes.set(address, batch.nameAt(i) + (family === 4 ? 4 : 8));
		words[header + 14] = data.length;
		words[header + 12] = flags & 1 ? MSG_TRUNC : 0;
		words[header + 10] = control.length;
	}
	let left = messages.length;
	const receive = (): number => {
		const count = left;
		left = 0;
		return count;
	};
	return {
		family,
		mode,
		identifier,
		incoming: batch,
		errors: batch,
		receive,
		receiveErrors: receive,
	} as unknown as IcmpSocket;
}

interface Slotted {
	readonly slot: number;
	readonly value: number;
}

/** The slot whose last echo a packet of all 28 bytes quotes, by the table alone; -1 for none. */
function quotedSlot(kind: Kind, echo: DataView, address: Uint8Array): number {
	const slot = echo.getInt32(12, true);
	if (!used.includes(slot) || echo.getInt32(8, true) !== 0x676e6970) return -1;
	const isSame =
		echo.getInt32(16, true) === slots.generation[slot] &&
		echo.getInt32(20, true) === slots.tagLow[slot] &&
		echo.getInt32(24, true) === slots.tagHigh[slot];
	return isSame && isTo(kind, slot, address) ? slot : -1;
}

function isTo(kind: Kind, slot: number, address: Uint8Array): boolean {
	return family(slot) === kind.family && Buffer.compare(address, addressOfSlot(slot)) === 0;
}

function viewOf(bytes: Uint8Array, at = 0): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
}

/** The slots that must be answered, in order. */
function repliesIn(kind: Kind, messages: readonly Message[]): number[] {
	const answered: number[] = [];
	for (const { flags, data, address } of messages) {
		const at = kind.family === 4 && kind.mode === 'raw' ? 4 * ((data[0] ?? 0) & 15) : 0;
		if (data.length - at !== echoBytes || (flags & 1) === 1) continue;
		const echo = viewOf(data, at);
		if (echo.getUint8(0) !== echoTypes[kind.family].reply || echo.getUint8(1) !== 0) continue;
		if (echo.getUint16(4, true) !== identifier) continue;
		if (kind.family === 4 && kind.mode === 'raw' && sumOf(echo) !== 0xffff) continue;
		const slot = quotedSlot(kind, echo, address);
		if (slot >= 0 && slot !== done && slot !== resting && !answered.includes(slot)) answered.push(slot);
	}
	return answered;
}

/** The Internet checksum by its definition: words in network order, carries added at once. */
function sumOf(view: DataView): number {
	let sum = 0;
	for (let at = 0; at < view.byteLength; at += 2) {
		sum += view.getUint16(at);
		if (sum > 0xffff) sum -= 0xffff;
	}
	return sum;
}

/** @returns what the reader did, as a text */
function readReplies(kind: Kind, messages: readonly Message[], leftover: number): string {
	prepareSlots(kind);
	counters.fill(0);
	const answered: Slotted[] = [];
	const reader = new ReplyReader({
		slots,
		cookies,
		counters,
		receiveTime: kernelTime,
		timeoutMs: () => timeoutMs,
		answered: (slot, value) => {
			promise(slots.state[slot] === slotState.inFlight, () => `slot ${slot} is answered and not in flight`);
			promise(value >= 0 && value <= timeoutMs, () => `an RTT of ${value} ms`);
			slots.state[slot] = slotState.free;
			slots.outcome[slot] = slotOutcome.answered;
			answered.push({ slot, value });
		},
	});
	const isEmpty = reader.drain(lay(batches.replies[kind.family], kind, messages, leftover));
	promise(isEmpty === true && reader.packets === messages.length, 'packets are left');
	const counted = counters.reduce((sum, count) => sum + count, 0);
	promise(counted <= messages.length, () => `${messages.length} packets are counted ${counted} times`);
	const may = repliesIn(kind, messages);
	for (const { slot } of answered)
		promise(may.includes(slot), () => `slot ${slot} is answered by another packet`);
	// A kernel may say that an answer came too late for its echo; none that came in time is left out.
	const late = counters[counterAt.late]!;
	promise(
		answered.length + late >= may.length,
		() => `${may.length} answers, of which ${answered.length} are taken`,
	);
	return JSON.stringify([answered, [...counters]]);
}

/** The reason in the control data of an error, read message by message (cmsg(3)), or 0. */
function reasonIn({ family }: Kind, control: Uint8Array): number {
	const view = viewOf(control);
	for (let at = 0; at + 16 <= control.length; ) {
		const length = view.getUint32(at, true);
		if (length < 16 || length > control.length - at) return 0;
		const [level, type] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
		if (level === (family === 4 ? SOL_IP : SOL_IPV6) && type === (family === 4 ? IP_RECVERR : IPV6_RECVERR)) {
			if (length < 32) return 0;
			const origin = view.getUint8(at + 20);
			return origin === (family === 4 ? 2 : 3)
				? unreachableReason(family, view.getUint8(at + 21), view.getUint8(at + 22))
				: 0;
		}
		at += Math.ceil(length / 8) * 8;
	}
	return 0;
}

/** The checksum of the echo in an IPv4 slot. */
function checksumOf(slot: number): number {
	const echo = viewOf(new Uint8Array(echoBytes));
	echo.setUint8(0, echoTypes[4].request);
	echo.setUint16(4, identifier, true);
	echo.setUint16(6, slot & 0xffff);
	const { generation, tagLow, tagHigh } = slots;
	const words = [0x676e6970, slot, generation[slot]!, tagLow[slot]!, tagHigh[slot]!];
	for (const [i, word] of words.entries()) echo.setInt32(8 + 4 * i, word, true);
	return 0xffff - sumOf(echo);
}

function errorsIn(kind: Kind, messages: readonly Message[]): { certain: Slotted[]; hinted: Slotted[] } {
	const certain: Slotted[] = [];
	const hinted: Slotted[] = [];
	for (const { data, control, address } of messages) {
		const value = reasonIn(kind, control);
		if (value === 0) continue;
		const at = kind.family === 6 && data.length >= 40 && data[0]! >> 4 === 6 ? 40 : 0;
		if (data.length - at < 8) continue;
		const echo = viewOf(data, at);
		if (echo.getUint8(0) !== echoTypes[kind.family].request || echo.getUint8(1) !== 0) continue;
		if (echo.getUint16(4, true) !== identifier) continue;
		if (data.length - at >= echoBytes) {
			const slot = quotedSlot(kind, echo, address);
			if (slot >= 0 && slot !== done && slot !== resting) certain.push({ slot, value });
			continue;
		}
		// Eight bytes are believed only when the checksum among them is that of the whole echo.
		const sequence = echo.getUint16(6);
		const slot = [sequence, sequence + 0x10000].find(
			(slot) => used.includes(slot) && slot !== done && slot !== resting && isTo(kind, slot, address),
		);
		if (kind.family === 4 && slot !== undefined && checksumOf(slot) === echo.getUint16(2)) {
			hinted.push({ slot, value });
		}
	}
	return { certain, hinted };
}

function readErrors(kind: Kind, messages: readonly Message[], leftover: number): string {
	prepareSlots(kind);
	counters.fill(0);
	const certain: Slotted[] = [];
	const hinted: Slotted[] = [];
	const reader = new ErrorReader({
		slots,
		cookies,
		counters,
		unreachable: (slot, value) => certain.push({ slot, value }),
		hinted: (slot, value) => hinted.push({ slot, value }),
	});
	promise(reader.drain(lay(batches.errors[kind.family], kind, messages, leftover)), 'errors are left');
	const told = JSON.stringify({ certain, hinted });
	const expected = JSON.stringify(errorsIn(kind, messages));
	promise(told === expected, () => `tells ${told} where ${expected} is meant`);
	return `${told} ${counters.join()}`;
}

function twice(input: Uint8Array, controlBytes: number, read: typeof readReplies): void {
	const kind = choice(input, 0, kinds);
	const messages = messagesIn(input, kind.family === 4 ? 4 : 16, controlBytes);
	promise(read(kind, messages, 0) === read(kind, messages, 0xa5), 'reads beyond what came');
}

/** An echo of a slot, as it was sent or with another type. */
function echoOf(random: Random, kind: Kind, type: number): { slot: number; bytes: Uint8Array } {
	const slot = pick(random, used);
	const words = new Int32Array(echoBytes / 4);
	const { generation, tagLow, tagHigh } = slots;
	const last = [generation[slot]!, tagLow[slot]!, tagHigh[slot]!] as const;
	writeEcho(words, 0, kind.family, identifier, slot, ...(random.below(6) === 0 ? past.get(slot)! : last));
	words[0] = type;
	words[0] |= checksum(words, 0, echoBytes) << 16;
	return { slot, bytes: new Uint8Array(words.buffer) };
}

function cmsg(level: number, type: number, payload: readonly number[]): number[] {
	const bytes = new Uint8Array(16 + Math.ceil(payload.length / 8) * 8);
	viewOf(bytes).setUint32(0, 16 + payload.length, true);
	viewOf(bytes).setInt32(8, level, true);
	viewOf(bytes).setInt32(12, type, true);
	bytes.set(payload, 16);
	return [...bytes];
}

function timestamp(random: Random): number[] {
	const time = new Int32Array([wallSeconds - random.below(2), 0, random.below(1_000_000_000), 0]);
	return cmsg(SOL_SOCKET, SO_TIMESTAMPNS, [...new Uint8Array(time.buffer)]);
}

function made(
	random: Random,
	message: (kind: Kind) => { data: number[]; control: number[]; address: Uint8Array },
): Uint8Array {
	const head = Array.from({ length: choiceBytes }, () => random.below(256));
	const kind = kinds[head[0]! % kinds.length]!;
	prepareSlots(kind);
	for (let count = 1 + random.below(3); count > 0; count -= 1) {
		const { data, control, address } = message(kind);
		head.push(
			random.below(8) === 0 ? 1 : 0,
			data.length,
			control.length,
			address.length,
			...data,
			...control,
			...address,
		);
	}
	return Uint8Array.from(head);
}

const modules = [
	'cookie.ts',
	'echo-packet.ts',
	'half-sip-hash.ts',
	'kernel-time.node.ts',
	'message-batch.node.ts',
	'unreachable.ts',
];
const modulesOf = (reader: string): string[] => [reader, ...modules].map((name) => `worker/icmp/${name}`);

export const icmpReplies: FuzzTarget = {
	name: 'icmp-replies',
	modules: modulesOf('reply-reader.node.ts'),
	dictionary: ['ping', '\x34\x12', '\x45\0\0\x30'],
	generate: (random) =>
		made(random, (kind) => {
			const { slot, bytes } = echoOf(random, kind, echoTypes[kind.family].reply);
			const words = pick(random, [5, 5, 6, 15]);
			const header =
				kind.family === 4 && kind.mode === 'raw' ? [0x40 | words, ...new Uint8Array(4 * words - 1)] : [];
			return {
				data: [...header, ...bytes],
				control: random.below(4) === 0 ? [] : timestamp(random),
				address: addressOfSlot(slot),
			};
		}),
	run: (input) => twice(input, replyControlBytes, readReplies),
};

export const icmpErrors: FuzzTarget = {
	name: 'icmp-errors',
	modules: modulesOf('error-reader.node.ts'),
	dictionary: ['ping', '\x34\x12', '\x60\0\0\0', '\x20\0\0\0\0\0\0\0'],
	generate: (random) =>
		made(random, (kind) => {
			const { slot, bytes } = echoOf(random, kind, echoTypes[kind.family].request);
			const origin = kind.family === 4 ? 2 : 3;
			const type = kind.family === 4 ? pick(random, [3, 3, 11, 12]) : pick(random, [1, 1, 3, 4]);
			const error = [
				113,
				0,
				0,
				0,
				origin,
				type,
				random.below(16),
				0,
				0,
				0,
				0,
				0,
				0,
				0,
				0,
				0,
				...new Uint8Array(16),
			];
			const [level, option] = kind.family === 4 ? [SOL_IP, IP_RECVERR] : [SOL_IPV6, IPV6_RECVERR];
			const header = kind.family === 6 && kind.mode === 'raw' ? [0x60, ...new Uint8Array(39)] : [];
			const quoted = random.below(3) === 0 ? bytes.slice(0, 8) : bytes;
			return {
				data: [...header, ...quoted],
				control: [...timestamp(random), ...cmsg(level!, option!, error)],
				address: addressOfSlot(slot),
			};
		}),
	run: (input) => twice(input, errorControlBytes, readErrors),
};
