/**
 * Leave for probes that are under a ceiling of their own beside the worker's: that of their prefix, and that of their
 * caller. Every probe that leaves is charged, whichever try of its host it is.
 *
 * A probe that must wait is told for how long: until its turn behind those that wait already for the same ceiling in
 * this thread. So each waits once, holds up nobody who is under another ceiling, and newcomers do not overtake. Only
 * where threads compete for the last leave may one be told to wait again.
 */
import type { RateCellsSetup } from './rate-cells.ts';
import { RateCells } from './rate-cells.ts';

/** The ceilings that may hold a probe, as bits. */
export const ceilings = { prefix: 1, caller: 2 } as const;

/** Time bases differ by fractions of a millisecond: nobody comes back a moment too early. */
const marginMs = 1;

/** Probes of one thread that were held, by their prefix and by their caller, in this order. */
export interface HeldCounts {
	/** that wait now */
	readonly waiting: Int32Array;
	/** times that one had to, since the start */
	readonly ever: Float64Array;
}

/** What a thread of a worker is given. All but `held` is shared by all of them. */
export interface GateSetup {
	/** by prefix (prefix-cells.ts); `undefined` for no such ceiling */
	readonly prefixes: RateCellsSetup | undefined;
	/** by caller (caller-cells.ts) */
	readonly callers: RateCellsSetup | undefined;
	readonly held: HeldCounts;
}

/** Those that wait for each cell, in this thread. */
class Lines {
	readonly #cells: RateCells;
	readonly #waiting = new Map<number, number>();

	constructor(setup: RateCellsSetup, nowUs: () => number) {
		this.#cells = new RateCells(setup, nowUs);
	}

	take(cell: number, hasTurn: boolean): boolean {
		return (hasTurn || !this.#waiting.has(cell)) && this.#cells.take(cell);
	}

	giveBack(cell: number): void {
		this.#cells.giveBack(cell);
	}

	/** One more waits. @returns how long, in ms */
	join(cell: number): number {
		const before = this.#waiting.get(cell) ?? 0;
		this.#waiting.set(cell, before + 1);
		return this.#cells.delayMs(cell) + before * this.#cells.stepMs + marginMs;
	}

	leave(cell: number): void {
		const waiting = this.#waiting.get(cell)! - 1;
		if (waiting === 0) this.#waiting.delete(cell);
		else this.#waiting.set(cell, waiting);
	}
}

export class ProbeGate {
	/** the ceiling that held the last probe which was not let through */
	heldBy: number = ceilings.prefix;
	readonly #prefixes: Lines | undefined;
	readonly #callers: Lines | undefined;
	readonly #held: HeldCounts;

	/** @param nowUs one time base for all threads, in microseconds */
	constructor({ prefixes, callers, held }: GateSetup, nowUs: () => number) {
		this.#prefixes = prefixes && new Lines(prefixes, nowUs);
		this.#callers = callers && new Lines(callers, nowUs);
		this.#held = held;
	}

	/** Whether any probe waits for its prefix. */
	get isHolding(): boolean {
		return Atomics.load(this.#held.waiting, heldAt(ceilings.prefix)) > 0;
	}

	/**
	 * Takes leave for one probe.
	 *
	 * @param prefix the cell of its prefix (prefix-cells.ts), or -1
	 * @param caller the cell of its caller (caller-cells.ts), or -1
	 * @param turns ceilings that the probe has waited for already
	 * @returns 0 when it may leave now. Else how long it has to wait, in ms: `heldBy` says for what, and whoever asked
	 * calls `release` when that time is over, or when the probe is needed no more
	 */
	pass(prefix: number, caller: number, turns: number): number {
		const callers = caller < 0 ? undefined : this.#callers;
		if (callers !== undefined && !callers.take(caller, (turns & ceilings.caller) !== 0)) {
			this.#hold(ceilings.caller);
			return callers.join(caller);
		}
		const prefixes = prefix < 0 ? undefined : this.#prefixes;
		if (prefixes === undefined || prefixes.take(prefix, (turns & ceilings.prefix) !== 0)) return 0;
		callers?.giveBack(caller);
		this.#hold(ceilings.prefix);
		return prefixes.join(prefix);
	}

	#hold(ceiling: number): void {
		this.heldBy = ceiling;
		Atomics.add(this.#held.waiting, heldAt(ceiling), 1);
		this.#held.ever[heldAt(ceiling)]! += 1;
	}

	/** A probe that was held waits no more. @param heldBy the ceiling that held it */
	release(heldBy: number, prefix: number, caller: number): void {
		Atomics.sub(this.#held.waiting, heldAt(heldBy), 1);
		if (heldBy === ceilings.caller) this.#callers!.leave(caller);
		else this.#prefixes!.leave(prefix);
	}
}

/** The place of a ceiling in HeldCounts. */
export function heldAt(ceiling: number): number {
	return ceiling - 1;
}
