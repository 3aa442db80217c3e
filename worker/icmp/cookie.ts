/**
 * Who an answer belongs to. The tag of an echo is a keyed hash of its slot, generation and destination, so that
 * an answer whose slot has been used again, or that nobody asked for, is told apart without any memory of it.
 */
import { echoMagic, sequenceOf } from './echo-packet.ts';
import { HalfSipHash } from './half-sip-hash.ts';
import type { SlotTable } from './slot-table.ts';
import { addressWords, slotState } from './slot-table.ts';

/** How a packet's cookie fits the echoes that we sent. */
export const cookieFit = {
	/** the last echo of its slot, from the address that was asked */
	current: 0,
	/** an earlier echo of its slot, from the address that was asked */
	past: 1,
	/** none, but an echo to that address with that sequence number is in flight */
	damaged: 2,
	/** none */
	foreign: 3,
} as const;

export class CookieJar {
	/** the slot of the packet that `match` looked at, when it fits `current` or `damaged`; else -1 */
	slot = -1;
	readonly #slots: SlotTable;
	readonly #hash: HalfSipHash;

	constructor(slots: SlotTable, key: readonly [number, number]) {
		this.#slots = slots;
		this.#hash = new HalfSipHash(key);
	}

	/** Starts a new generation of a slot and writes its tag into the table. */
	renew(slot: number): void {
		const slots = this.#slots;
		const generation = (slots.generation[slot]! + 1) | 0;
		const words = slots.family[slot] === 4 ? 1 : addressWords;
		this.#hash.hash(slot, generation, slots.address, slot * addressWords, words);
		slots.generation[slot] = generation;
		slots.tagLow[slot] = this.#hash.low;
		slots.tagHigh[slot] = this.#hash.high;
	}

	/**
	 * @param words the packet, its ICMP header at `at`, all of it there
	 * @param address the other side's address in network order, `source` its place in `address`
	 */
	match(words: Int32Array, at: number, family: 4 | 6, address: Int32Array, source: number): number {
		const slots = this.#slots;
		const slot = words[at + 3]!;
		const generation = words[at + 4]!;
		const low = words[at + 5]!;
		const high = words[at + 6]!;
		if (words[at + 2] === echoMagic && slot >= 0 && slot < slots.capacity) {
			if (
				slots.generation[slot] === generation &&
				slots.tagLow[slot] === low &&
				slots.tagHigh[slot] === high &&
				this.#isTo(slot, family, address, source)
			) {
				this.slot = slot;
				return cookieFit.current;
			}
			this.#hash.hash(slot, generation, address, source, family === 4 ? 1 : addressWords);
			if (this.#hash.low === low && this.#hash.high === high) {
				this.slot = -1;
				return cookieFit.past;
			}
		}
		this.slot = this.find(words, at, family, address, source);
		return this.slot < 0 ? cookieFit.foreign : cookieFit.damaged;
	}

	/** The slot of an echo in flight with this packet's sequence number and address, or -1. */
	find(words: Int32Array, at: number, family: 4 | 6, address: Int32Array, source: number): number {
		const slots = this.#slots;
		for (let slot = sequenceOf(words[at + 1]!); slot < slots.capacity; slot += 0x10000) {
			if (slots.state[slot] === slotState.inFlight && this.#isTo(slot, family, address, source)) return slot;
		}
		return -1;
	}

	#isTo(slot: number, family: 4 | 6, address: Int32Array, source: number): boolean {
		const slots = this.#slots;
		const own = slot * addressWords;
		if (slots.family[slot] !== family || slots.address[own] !== address[source]) return false;
		return (
			family === 4 ||
			(slots.address[own + 1] === address[source + 1] &&
				slots.address[own + 2] === address[source + 2] &&
				slots.address[own + 3] === address[source + 3])
		);
	}
}
