/**
 * Every echo that is under way, or about to be, has a slot: a position in typed arrays. Free slots form a
 * queue, so that a slot rests for as long as possible before it is used again and a late or second answer
 * can still be told from the first. Nothing is allocated after the table.
 *
 * An echo carries its slot and the slot's generation, which grows with every echo that is sent from it. The
 * ICMP sequence number is the slot's low 16 bits: not enough to tell echoes apart, but all that a router
 * quotes back when it keeps to RFC 792's eight bytes.
 */

/** What a slot is doing. */
export const slotState = {
	free: 0,
	/** in the queue of echoes to send */
	ready: 1,
	/** as before, but its job has gone: freed when the queue comes to it */
	cancelled: 2,
	/** sent, neither answered nor timed out */
	inFlight: 3,
	/** waiting for the time of its next echo */
	waiting: 4,
	/** its echo is due, and waits for leave (rates/probe-gate.ts) */
	held: 5,
} as const;

/** What became of the last echo of a slot. */
export const slotOutcome = { none: 0, answered: 1, lost: 2 } as const;

/** 32-bit words of an address in a slot: four for IPv6, one used for IPv4. */
export const addressWords = 4;

export class SlotTable {
	readonly capacity: number;
	readonly state: Uint8Array;
	readonly outcome: Uint8Array;
	readonly family: Uint8Array;
	readonly generation: Int32Array;
	readonly tagLow: Int32Array;
	readonly tagHigh: Int32Array;
	/** network order, as they lie in a socket address; `addressWords` for each slot */
	readonly address: Int32Array;
	/** number of the job and the host's position in it */
	readonly job: Int32Array;
	readonly host: Int32Array;
	/** which of the host's echoes (count above 1), or which try */
	readonly echo: Uint16Array;
	/** 1 when the host's next echo follows from this slot */
	readonly leads: Uint8Array;
	/** when the last echo left, in ms of the thread's clock */
	readonly sentAtMs: Float64Array;
	/** by when it certainly had left, which is when its time begins: a process that is stopped in between has it leave
	 * later than it seems */
	readonly leftByMs: Float64Array;
	/** times that an echo was sent again because the kernel had dropped answers */
	readonly resends: Uint8Array;
	/** times that the local firewall refused the echo */
	readonly refusals: Uint8Array;
	/** the ceilings that the echo is under beside the worker's: cells, or -1 */
	readonly prefix: Int32Array;
	readonly caller: Int32Array;
	/** the ceiling that the echo waits for, and those that it has waited for */
	readonly heldBy: Uint8Array;
	readonly turns: Uint8Array;
	readonly #queue: Int32Array;
	#first = 0;
	#free: number;

	/** @param capacity a power of two */
	constructor(capacity: number) {
		this.capacity = capacity;
		this.state = new Uint8Array(capacity);
		this.outcome = new Uint8Array(capacity);
		this.family = new Uint8Array(capacity);
		this.generation = new Int32Array(capacity);
		this.tagLow = new Int32Array(capacity);
		this.tagHigh = new Int32Array(capacity);
		this.address = new Int32Array(capacity * addressWords);
		this.job = new Int32Array(capacity);
		this.host = new Int32Array(capacity);
		this.echo = new Uint16Array(capacity);
		this.leads = new Uint8Array(capacity);
		this.sentAtMs = new Float64Array(capacity);
		this.leftByMs = new Float64Array(capacity);
		this.resends = new Uint8Array(capacity);
		this.refusals = new Uint8Array(capacity);
		this.prefix = new Int32Array(capacity);
		this.caller = new Int32Array(capacity);
		this.heldBy = new Uint8Array(capacity);
		this.turns = new Uint8Array(capacity);
		this.#queue = new Int32Array(capacity);
		for (let slot = 0; slot < capacity; slot += 1) this.#queue[slot] = slot;
		this.#free = capacity;
	}

	get free(): number {
		return this.#free;
	}

	/** The slot that has been free the longest; there must be one. */
	take(): number {
		const slot = this.#queue[this.#first]!;
		this.#first = (this.#first + 1) & (this.capacity - 1);
		this.#free -= 1;
		this.outcome[slot] = slotOutcome.none;
		this.leads[slot] = 0;
		this.resends[slot] = 0;
		this.refusals[slot] = 0;
		this.turns[slot] = 0;
		return slot;
	}

	/** Gives a slot back. What became of its echo stays readable until it is taken again. */
	release(slot: number): void {
		this.state[slot] = slotState.free;
		this.#queue[(this.#first + this.#free) & (this.capacity - 1)] = slot;
		this.#free += 1;
	}
}
