/**
 * Sends what stands ready, in batches, and finds out whose fault it is when a send fails. A socket reports the
 * pending error of some other destination at the next send, so a failure counts against a destination only
 * when it comes back after the error queue was drained and the pending error taken off.
 */
import type { Reason } from '../../shared/outcome.ts';
import { reasonCode } from '../../shared/outcome.ts';
import type { Pacer } from '../../shared/pacer.ts';
import { noCell } from '../rates/prefix-cells.ts';
import type { ProbeGate } from '../rates/probe-gate.ts';
import type { CookieJar } from './cookie.ts';
import { counterAt } from './echo-counters.ts';
import { checksum, echoBytes, writeEcho } from './echo-packet.ts';
import type { IcmpSocket } from './icmp-socket.node.ts';
import { EACCES, EAGAIN, EINTR, ENOBUFS, ENOMEM, EPERM } from './linux.ts';
import { SendThrottle } from './send-throttle.ts';
import { SlotQueue } from './slot-queue.ts';
import type { SlotTable } from './slot-table.ts';
import { addressWords, slotState } from './slot-table.ts';

/** How often a failed send is tried again at once, the pending error taken off each time. */
const triesMax = 8;

/** While the kernel has no buffer. */
const blockedPauseMs = 1;
/** Without a buffer for longer than this and than the host's timeout, the host is given up. */
const blockedMsMin = 500;

/** A full connection tracking table refuses like a firewall rule does, but not for long. */
const refusalsMax = 5;
const refusedPauseMs = 20;

export interface EchoSenderOptions {
	readonly sockets: readonly IcmpSocket[];
	readonly slots: SlotTable;
	readonly cookies: CookieJar;
	readonly counters: Float64Array;
	readonly pacer: Pacer;
	/** ceilings beside the pacer's */
	readonly gate: ProbeGate | undefined;
	readonly nowMs: () => number;
	readonly timeoutMs: (slot: number) => number;
	/** whether an echo that stands ready is needed no more; its slot is then free */
	readonly superseded: (slot: number) => boolean;
	/** takes an echo that one of the gate's ceilings holds until then */
	readonly held: (slot: number, heldBy: number, untilMs: number) => void;
	/** takes an echo that left, about when, and no later than when */
	readonly left: (slot: number, sentAtMs: number, leftByMs: number) => void;
	/** takes an echo that can not leave */
	readonly failed: (slot: number, reason: number) => void;
	/** takes an echo that the local firewall refused and that should be tried again at `retryAtMs` */
	readonly refused: (slot: number, retryAtMs: number) => void;
	readonly drainErrors: (socket: IcmpSocket) => void;
}

/** One socket and what waits to be sent from it. */
interface Lane {
	readonly socket: IcmpSocket;
	readonly queue: SlotQueue;
	/** the slots in the outgoing batch */
	readonly batch: Int32Array;
	/** a send was cut short: the error queue may hold why */
	errorHint: boolean;
}

export class EchoSender {
	readonly #options: EchoSenderOptions;
	readonly #lanes: readonly Lane[];
	readonly #laneOf: readonly (Lane | undefined)[];
	readonly #throttle = new SendThrottle();
	/** leave that the pacer gave and no echo has used */
	#leave = 0;
	#heldUntilMs = 0;
	/** since when no send has succeeded for want of a buffer */
	#blockedSinceMs: number | undefined;

	constructor(options: EchoSenderOptions) {
		this.#options = options;
		this.#lanes = options.sockets.map((socket) => ({
			socket,
			queue: new SlotQueue(options.slots.capacity),
			batch: new Int32Array(socket.outgoing.messages),
			errorHint: false,
		}));
		const laneOf: (Lane | undefined)[] = [];
		for (const lane of this.#lanes) laneOf[lane.socket.family] = lane;
		this.#laneOf = laneOf;
	}

	/** echoes that stand ready */
	get ready(): number {
		let ready = 0;
		for (const lane of this.#lanes) ready += lane.queue.length;
		return ready;
	}

	/** Whether there is a socket for this family. */
	supports(family: number): boolean {
		return this.#laneOf[family] !== undefined;
	}

	enqueue(slot: number): void {
		this.#laneOf[this.#options.slots.family[slot]!]!.queue.push(slot);
	}

	slowDown(nowMs: number): void {
		this.#throttle.slowDown(nowMs);
	}

	/** Whether a send from this socket was cut short since the last call. */
	takeErrorHint(socket: IcmpSocket): boolean {
		const lane = this.#laneOf[socket.family]!;
		const hint = lane.errorHint;
		lane.errorHint = false;
		return hint;
	}

	/** How long until something may leave, in ms. */
	delayMs(nowMs: number): number {
		return Math.max(1, this.#heldUntilMs - nowMs, this.#leave > 0 ? 0 : this.#options.pacer.delayMs());
	}

	/** Sends up to one batch per family. @returns how many left */
	send(nowMs: number): number {
		let sent = 0;
		for (const lane of this.#lanes) {
			if (nowMs < this.#heldUntilMs) break;
			const count = this.#fill(lane, nowMs);
			if (count > 0) sent += this.#sendBatch(lane, count);
		}
		return sent;
	}

	#fill(lane: Lane, nowMs: number): number {
		const { slots, cookies, pacer, superseded } = this.#options;
		const { socket, queue, batch } = lane;
		const { outgoing, family, identifier } = socket;
		const { words } = outgoing;
		const wanted = this.#throttle.take(Math.min(queue.length, outgoing.messages), nowMs);
		if (wanted > this.#leave) this.#leave += pacer.take(wanted - this.#leave);
		const room = Math.min(wanted, this.#leave);
		// Only IPv4 raw sockets leave the checksum to us.
		const needsChecksum = socket.mode === 'raw' && family === 4;
		let count = 0;
		while (count < room && queue.length > 0) {
			const slot = queue.shift();
			if (slots.state[slot] === slotState.cancelled) {
				slots.release(slot);
				continue;
			}
			if (superseded(slot) || this.#isHeld(slot)) continue;
			cookies.renew(slot);
			const data = outgoing.dataAt(count) >> 2;
			writeEcho(
				words,
				data,
				family,
				identifier,
				slot,
				slots.generation[slot]!,
				slots.tagLow[slot]!,
				slots.tagHigh[slot]!,
			);
			if (needsChecksum) words[data]! |= checksum(words, data, echoBytes) << 16;
			const name = outgoing.nameAt(count) >> 2;
			const address = slot * addressWords;
			if (family === 4) words[name + 1] = slots.address[address]!;
			else {
				for (let word = 0; word < addressWords; word += 1) {
					words[name + 2 + word] = slots.address[address + word]!;
				}
			}
			batch[count] = slot;
			count += 1;
		}
		return count;
	}

	/** Whether an echo that is about to leave is under a ceiling that has no leave for it now; it is put aside then. What
	 * the kernel does not take after all is charged again when it is tried again: rather too much than too little. */
	#isHeld(slot: number): boolean {
		const { gate, slots, held, nowMs } = this.#options;
		const prefix = slots.prefix[slot]!;
		const caller = slots.caller[slot]!;
		// On a private network both are -1: one comparison is all that such an echo pays.
		if ((prefix & caller) === noCell || gate === undefined) return false;
		const waitMs = gate.pass(prefix, caller, slots.turns[slot]!);
		if (waitMs === 0) {
			slots.turns[slot] = 0;
			return false;
		}
		held(slot, gate.heldBy, nowMs() + waitMs);
		return true;
	}

	#sendBatch(lane: Lane, count: number): number {
		const { nowMs } = this.#options;
		const { socket } = lane;
		let position = 0;
		let total = 0;
		let tries = 0;
		while (position < count) {
			const beforeMs = nowMs();
			const result = socket.send(position, count - position);
			if (result > 0) {
				this.#markLeft(lane, position, result, beforeMs, nowMs());
				position += result;
				total += result;
				tries = 0;
				if (position < count) lane.errorHint = true;
				continue;
			}
			const errno = -result;
			if (isBlocked(errno)) {
				this.#block(lane, position, count, beforeMs);
				break;
			}
			tries += 1;
			if (tries < triesMax) {
				this.#options.drainErrors(socket);
				socket.clearError();
				continue;
			}
			this.#giveUp(lane.batch[position]!, errno, beforeMs);
			position += 1;
			tries = 0;
		}
		this.#throttle.sent(total, nowMs());
		return total;
	}

	/** The kernel sends one message after the other: each left at its share of the time that the call took. */
	#markLeft(lane: Lane, from: number, count: number, beforeMs: number, afterMs: number): void {
		const stepMs = (afterMs - beforeMs) / count;
		const { left, counters } = this.#options;
		for (let i = 0; i < count; i += 1) left(lane.batch[from + i]!, beforeMs + i * stepMs, afterMs);
		counters[counterAt.sent]! += count;
		this.#leave -= count;
		this.#blockedSinceMs = undefined;
	}

	/** No buffer: everything from `position` goes back, or is given up when that has lasted too long. */
	#block(lane: Lane, position: number, count: number, nowMs: number): void {
		const { counters, timeoutMs, failed } = this.#options;
		counters[counterAt.sendBlocked]! += 1;
		this.#heldUntilMs = nowMs + blockedPauseMs;
		this.#blockedSinceMs ??= nowMs;
		const blockedMs = nowMs - this.#blockedSinceMs;
		for (let i = count - 1; i >= position; i -= 1) {
			const slot = lane.batch[i]!;
			if (blockedMs > Math.max(blockedMsMin, timeoutMs(slot))) failed(slot, reasonCode('no-buffers'));
			else lane.queue.unshift(slot);
		}
	}

	#giveUp(slot: number, errno: number, nowMs: number): void {
		const { slots, failed, refused } = this.#options;
		if (errno === EPERM && slots.refusals[slot]! < refusalsMax) {
			slots.refusals[slot]! += 1;
			refused(slot, nowMs + refusedPauseMs);
			return;
		}
		failed(slot, reasonCode(sendErrorReason(errno, slots.family[slot]!)));
	}
}

function isBlocked(errno: number): boolean {
	return errno === EAGAIN || errno === ENOBUFS || errno === ENOMEM || errno === EINTR || errno === 0;
}

/** What a send error that stays says of this machine. EACCES is how Linux refuses an IPv4 broadcast address;
 * IPv6 has none, so there it is a route that prohibits. */
function sendErrorReason(errno: number, family: number): Reason {
	if (errno === EACCES && family === 4) return 'broadcast';
	return errno === EPERM || errno === EACCES ? 'blocked-locally' : 'no-route';
}
