/** Reads echo replies: each is validated in full before it counts, and counted when it does not. */
import type { CookieJar } from './cookie.ts';
import { cookieFit } from './cookie.ts';
import { counterAt } from './echo-counters.ts';
import { checksum, echoBytes, echoTypes } from './echo-packet.ts';
import type { IcmpSocket } from './icmp-socket.node.ts';
import type { ReceiveTime } from './kernel-time.node.ts';
import { MSG_TRUNC } from './linux.ts';
import type { SlotTable } from './slot-table.ts';
import { slotOutcome, slotState } from './slot-table.ts';

/** The time of sending is interpolated inside a batch: an answer may seem to come earlier by less than this. */
const interpolationErrorMsMax = 2;

/** Calls that one drain makes at most, so that a flood can not keep the thread from sending. */
const callsPerDrain = 32;

export interface ReplyReaderOptions {
	readonly slots: SlotTable;
	readonly cookies: CookieJar;
	readonly counters: Float64Array;
	readonly receiveTime: ReceiveTime;
	/** the timeout of the echo in a slot */
	readonly timeoutMs: (slot: number) => number;
	/** takes the answer to an echo in flight that came in time */
	readonly answered: (slot: number, rttMs: number) => void;
}

export class ReplyReader {
	/** packets read since the start, of any kind */
	packets = 0;
	readonly #slots: SlotTable;
	readonly #cookies: CookieJar;
	readonly #counters: Float64Array;
	readonly #receiveTime: ReceiveTime;
	readonly #timeoutMs: (slot: number) => number;
	readonly #answered: (slot: number, rttMs: number) => void;

	constructor({ slots, cookies, counters, receiveTime, timeoutMs, answered }: ReplyReaderOptions) {
		this.#slots = slots;
		this.#cookies = cookies;
		this.#counters = counters;
		this.#receiveTime = receiveTime;
		this.#timeoutMs = timeoutMs;
		this.#answered = answered;
	}

	/**
	 * Reads what the socket holds.
	 *
	 * @returns true when it is empty, false when there may be more; a negated errno when the socket reported an
	 * error of some destination, which the error queue explains
	 */
	drain(socket: IcmpSocket): boolean | number {
		const { incoming } = socket;
		for (let call = 0; call < callsPerDrain; call += 1) {
			const count = socket.receive();
			if (count < 0) return count;
			if (count === 0) return true;
			const nowMs = this.#receiveTime.synchronize();
			for (let i = 0; i < count; i += 1) this.#read(socket, i, nowMs);
			incoming.reset(count);
			this.packets += count;
			if (count < incoming.messages) return true;
		}
		return false;
	}

	#read(socket: IcmpSocket, i: number, nowMs: number): void {
		const { incoming, family } = socket;
		const { words } = incoming;
		let at = incoming.dataAt(i) >> 2;
		let length = incoming.length(i);
		const isRawV4 = family === 4 && socket.mode === 'raw';
		if (isRawV4) {
			const headerWords = words[at]! & 15;
			at += headerWords;
			length -= 4 * headerWords;
		}
		// A raw socket hears the answers to every program of the machine.
		if (length < 8 || (words[at + 1]! & 0xffff) !== socket.identifier) return;
		const typeAndCode = words[at]! & 0xffff;
		if ((typeAndCode & 0xff) !== echoTypes[family].reply) return;
		if (typeAndCode >> 8 !== 0) {
			this.#count(counterAt.forged);
			return;
		}
		if (length < echoBytes) {
			this.#count(counterAt.truncated);
			return;
		}
		// IPv4 raw sockets get packets before the kernel looks at their checksum; all others after.
		const isDamaged =
			length > echoBytes ||
			(incoming.flags(i) & MSG_TRUNC) !== 0 ||
			(isRawV4 && checksum(words, at, length) !== 0);
		const source = (incoming.nameAt(i) >> 2) + (family === 4 ? 1 : 2);
		const fit = this.#cookies.match(words, at, family, words, source);
		if (fit === cookieFit.foreign) this.#count(counterAt.forged);
		else if (isDamaged || fit === cookieFit.damaged) this.#count(counterAt.corrupted);
		else if (fit === cookieFit.past) this.#count(counterAt.late);
		else this.#accept(this.#cookies.slot, this.#receiveTime.receivedAtMs(incoming, i), nowMs);
	}

	#accept(slot: number, receivedAtMs: number, nowMs: number): void {
		const slots = this.#slots;
		if (slots.state[slot] !== slotState.inFlight) {
			this.#count(slots.outcome[slot] === slotOutcome.answered ? counterAt.duplicate : counterAt.late);
			return;
		}
		const sentAtMs = slots.sentAtMs[slot]!;
		const timeoutMs = this.#timeoutMs(slot);
		let rttMs = receivedAtMs - sentAtMs;
		// Outside what is possible (or NaN), the wall clock was stepped: the answer counts, and it took no longer
		// than until now.
		if (!(rttMs > -interpolationErrorMsMax && receivedAtMs <= nowMs)) {
			rttMs = Math.min(nowMs - sentAtMs, timeoutMs);
		}
		if (rttMs > timeoutMs + (slots.leftByMs[slot]! - sentAtMs)) {
			this.#count(counterAt.late);
			return;
		}
		this.#count(counterAt.received);
		this.#answered(slot, Math.min(Math.max(0, rttMs), timeoutMs));
	}

	#count(counter: number): void {
		this.#counters[counter]! += 1;
	}
}
