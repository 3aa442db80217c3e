/**
 * Reads the error queue: ICMP errors about our echo requests, which quote them. An error whose quote carries
 * the echo's whole cookie ends that echo.
 *
 * An IPv4 router that quotes only the eight bytes that RFC 792 asks for quotes the checksum, which covers the
 * cookie: 16 bits that a forger has to guess. Its word is kept as the reason should the echo time out, until
 * there have been a few wrong guesses: from then on nobody is believed who quotes so little. IPv6 routers quote
 * all of a packet of this size (RFC 4443 section 2.4), so a shorter quote is no router's.
 */
import type { CookieJar } from './cookie.ts';
import { cookieFit } from './cookie.ts';
import { counterAt } from './echo-counters.ts';
import { checksum, echoBytes, echoTypes, echoWords, writeEcho } from './echo-packet.ts';
import type { IcmpSocket } from './icmp-socket.node.ts';
import {
	IP_RECVERR,
	IPV6_RECVERR,
	SO_EE_ORIGIN_ICMP,
	SO_EE_ORIGIN_ICMP6,
	SOL_IP,
	SOL_IPV6,
} from './linux.ts';
import type { SlotTable } from './slot-table.ts';
import { slotState } from './slot-table.ts';
import { unreachableReason } from './unreachable.ts';

const callsPerDrain = 16;
const ipv6HeaderBytes = 40;
/** struct sock_extended_err */
const extendedErrorBytes = 16;

/** Short quotes with a wrong checksum in the life of an engine: more, and somebody guesses. A forger's chance of
 * being believed before is this many in 65,536. */
const wrongGuessesMax = 8;

export interface ErrorReaderOptions {
	readonly slots: SlotTable;
	readonly cookies: CookieJar;
	readonly counters: Float64Array;
	/** takes an error that is certainly about the echo in flight in a slot */
	readonly unreachable: (slot: number, reason: number) => void;
	/** takes one that may be */
	readonly hinted: (slot: number, reason: number) => void;
}

export class ErrorReader {
	readonly #slots: SlotTable;
	readonly #cookies: CookieJar;
	readonly #counters: Float64Array;
	readonly #unreachable: (slot: number, reason: number) => void;
	readonly #hinted: (slot: number, reason: number) => void;
	readonly #expected = new Int32Array(echoWords);
	#wrongGuesses = 0;

	constructor({ slots, cookies, counters, unreachable, hinted }: ErrorReaderOptions) {
		this.#slots = slots;
		this.#cookies = cookies;
		this.#counters = counters;
		this.#unreachable = unreachable;
		this.#hinted = hinted;
	}

	/** Reads what the error queue holds. @returns whether it is empty */
	drain(socket: IcmpSocket): boolean {
		const { errors } = socket;
		for (let call = 0; call < callsPerDrain; call += 1) {
			const count = socket.receiveErrors();
			if (count <= 0) return true;
			for (let i = 0; i < count; i += 1) this.#read(socket, i);
			errors.reset(count);
			if (count < errors.messages) return true;
		}
		return false;
	}

	#read(socket: IcmpSocket, i: number): void {
		const { errors, family } = socket;
		const { words } = errors;
		const reason = reasonOf(socket, i);
		if (reason === 0) return;
		let at = errors.dataAt(i) >> 2;
		let length = errors.length(i);
		// Raw IPv6 sockets get the quoted IPv6 header too.
		if (family === 6 && length >= ipv6HeaderBytes && (words[at]! & 0xf0) === 0x60) {
			at += ipv6HeaderBytes >> 2;
			length -= ipv6HeaderBytes;
		}
		if (length < 8 || (words[at]! & 0xffff) !== echoTypes[family].request) return;
		if ((words[at + 1]! & 0xffff) !== socket.identifier) return;
		const destination = (errors.nameAt(i) >> 2) + (family === 4 ? 1 : 2);
		if (length < echoBytes) {
			const slot = family === 4 ? this.#cookies.find(words, at, family, words, destination) : -1;
			if (slot >= 0 && this.#isQuoteOf(slot, words[at]! >>> 16, socket.identifier)) {
				this.#hinted(slot, reason);
			} else this.#counters[counterAt.forged]! += 1;
			return;
		}
		const fit = this.#cookies.match(words, at, family, words, destination);
		if (fit === cookieFit.past) return;
		if (fit !== cookieFit.current) this.#counters[counterAt.forged]! += 1;
		else if (this.#slots.state[this.#cookies.slot] === slotState.inFlight) {
			this.#unreachable(this.#cookies.slot, reason);
		}
	}

	/** Whether a checksum that was quoted is the one of the echo in flight in a slot, and may be believed. */
	#isQuoteOf(slot: number, quoted: number, identifier: number): boolean {
		if (this.#wrongGuesses > wrongGuessesMax) return false;
		const { generation, tagLow, tagHigh } = this.#slots;
		writeEcho(this.#expected, 0, 4, identifier, slot, generation[slot]!, tagLow[slot]!, tagHigh[slot]!);
		if (checksum(this.#expected, 0, echoBytes) === quoted) return true;
		this.#wrongGuesses += 1;
		return false;
	}
}

/** The reason in the struct sock_extended_err of an error message, or 0. */
function reasonOf(socket: IcmpSocket, i: number): number {
	const { errors, family } = socket;
	const { words } = errors;
	const level = family === 4 ? SOL_IP : SOL_IPV6;
	const type = family === 4 ? IP_RECVERR : IPV6_RECVERR;
	const origin = family === 4 ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6;
	let at = errors.controlAt(i);
	const end = at + errors.controlLength(i);
	while (at + 16 <= end) {
		const word = at >> 2;
		const bytes = words[word]!;
		// A length that can not be would lead on to what no message holds, or round in a circle.
		if (bytes < 16 || bytes > end - at) return 0;
		if (words[word + 2] === level && words[word + 3] === type) {
			if (bytes < 16 + extendedErrorBytes) return 0;
			// ee_errno, then one byte each: ee_origin, ee_type, ee_code
			const what = words[word + 5]!;
			return (what & 0xff) === origin
				? unreachableReason(family, (what >>> 8) & 0xff, (what >>> 16) & 0xff)
				: 0;
		}
		at += (bytes + 7) & ~7;
	}
	return 0;
}
