/**
 * Reads the error queue: ICMP errors about our echo requests, which quote them. An error whose quote carries
 * the echo's whole cookie ends that echo. A router that quotes only the eight bytes that RFC 792 asks for can
 * be believed no more than a forger: its word is kept as the reason should the echo time out.
 */
import type { CookieJar } from './cookie.ts';
import { cookieFit } from './cookie.ts';
import { counterAt } from './echo-counters.ts';
import { echoBytes, echoTypes } from './echo-packet.ts';
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
			const slot = this.#cookies.find(words, at, family, words, destination);
			if (slot >= 0) this.#hinted(slot, reason);
			else this.#counters[counterAt.forged]! += 1;
			return;
		}
		const fit = this.#cookies.match(words, at, family, words, destination);
		if (fit === cookieFit.past) return;
		if (fit !== cookieFit.current) this.#counters[counterAt.forged]! += 1;
		else if (this.#slots.state[this.#cookies.slot] === slotState.inFlight) {
			this.#unreachable(this.#cookies.slot, reason);
		}
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
		if (bytes < 16) return 0;
		if (words[word + 2] === level && words[word + 3] === type) {
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
