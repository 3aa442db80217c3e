/** The ceilings of a worker beside its own rate: what its threads share, and the main thread's view of it. */
import type { IpAddress } from '../../shared/ip.ts';
import { callerBurstMs, callersMax, prefixBurstMs } from '../../shared/limits.ts';
import type { PrefixRateScope } from '../config.ts';
import { CallerCells } from './caller-cells.ts';
import { noCell, PrefixCells, prefixCellsCount } from './prefix-cells.ts';
import type { GateSetup, HeldCounts } from './probe-gate.ts';
import { ceilings, heldAt, ProbeGate } from './probe-gate.ts';
import type { RateCellsSetup } from './rate-cells.ts';
import { ratePerSecondMax } from './rate-cells.ts';

export interface ProbeRatesOptions {
	/** probes per second to one prefix; 0 for no ceiling */
	readonly prefixRatePerSecond: number;
	readonly prefixRateFor: PrefixRateScope;
	/** probes per second for one caller; 0 for no ceiling */
	readonly callerRatePerSecond: number;
	/** random, and secret: nobody may know which prefixes share a ceiling */
	readonly key: readonly [number, number];
	/** one time base for all threads, in microseconds */
	readonly nowUs: () => number;
	/** takes a number of bytes. Default: memory that no other thread sees */
	readonly allocate?: (bytes: number) => ArrayBufferLike;
}

/** What probes that go through a turnstile need of them. */
export interface TurnstileRates {
	readonly gate: ProbeGate;
	prefixOf(address: IpAddress | undefined): number;
}

const heldCountsLength = Object.keys(ceilings).length;

/** @param allocate takes a number of bytes. Default: memory that no other thread sees */
function heldCounts(
	allocate: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
): HeldCounts {
	return {
		waiting: new Int32Array(allocate(4 * heldCountsLength)),
		ever: new Float64Array(allocate(8 * heldCountsLength)),
	};
}

export class ProbeRates implements TurnstileRates {
	/** probes per second to one prefix, and for one caller; 0 for no ceiling */
	readonly prefixRatePerSecond: number;
	readonly callerRatePerSecond: number;
	/** of this thread */
	readonly gate: ProbeGate;
	/** `undefined` where prefixes have no ceiling */
	readonly prefixCells: PrefixCells | undefined;
	/** `undefined` where callers have none */
	readonly callers: CallerCells | undefined;
	readonly #setup: GateSetup;
	readonly #nowUs: () => number;
	readonly #allocate: (bytes: number) => ArrayBufferLike;
	/** of the other threads */
	readonly #heldElsewhere = new Set<HeldCounts>();
	/** of those that have ended */
	readonly #heldBefore = new Float64Array(heldCountsLength);

	constructor({
		prefixRatePerSecond,
		prefixRateFor,
		callerRatePerSecond,
		key,
		nowUs,
		allocate = (bytes) => new ArrayBuffer(bytes),
	}: ProbeRatesOptions) {
		const cellsFor = (ratePerSecond: number, burstMs: number, count: number): RateCellsSetup | undefined => {
			if (ratePerSecond === 0 || ratePerSecond > ratePerSecondMax) return undefined;
			return { ratePerSecond, burstMs, cells: new Int32Array(allocate(4 * count)) };
		};
		const prefixes = cellsFor(prefixRatePerSecond, prefixBurstMs, prefixCellsCount);
		const callers = cellsFor(callerRatePerSecond, callerBurstMs, callersMax);
		this.#nowUs = nowUs;
		this.#allocate = allocate;
		this.prefixRatePerSecond = prefixes?.ratePerSecond ?? 0;
		this.callerRatePerSecond = callers?.ratePerSecond ?? 0;
		this.#setup = { prefixes, callers, held: heldCounts() };
		this.gate = new ProbeGate(this.#setup, nowUs);
		this.prefixCells = prefixes && new PrefixCells({ scope: prefixRateFor, key });
		this.callers = callers && new CallerCells();
	}

	/** Whether any probe waits for its prefix, in whatever thread. */
	get isHolding(): boolean {
		if (this.gate.isHolding) return true;
		for (const { waiting } of this.#heldElsewhere) {
			if (Atomics.load(waiting, heldAt(ceilings.prefix)) > 0) return true;
		}
		return false;
	}

	/** Probes that a ceiling holds, in all threads: how many wait now, and how often one had to. */
	held(ceiling: keyof typeof ceilings): { readonly waiting: number; readonly ever: number } {
		const at = heldAt(ceilings[ceiling]);
		let waiting = 0;
		let ever = this.#heldBefore[at]!;
		for (const counts of [this.#setup.held, ...this.#heldElsewhere]) {
			waiting += Atomics.load(counts.waiting, at);
			ever += counts.ever[at]!;
		}
		return { waiting, ever };
	}

	/** The same ceilings for another thread; `ended` when there is no such thread any more, whatever waited in it. */
	forThread(): { readonly setup: GateSetup; ended(): void } {
		const held = heldCounts(this.#allocate);
		this.#heldElsewhere.add(held);
		const ended = (): void => {
			if (!this.#heldElsewhere.delete(held)) return;
			for (const [at, ever] of held.ever.entries()) this.#heldBefore[at]! += ever;
		};
		return { setup: { ...this.#setup, held }, ended };
	}

	/** What one caller gets of the worker's rate, in probes per second; 0 for no ceiling. */
	ofOneCaller(ratePerSecond: number): number {
		const caller = this.callerRatePerSecond;
		return ratePerSecond === 0 || caller === 0
			? Math.max(ratePerSecond, caller)
			: Math.min(ratePerSecond, caller);
	}

	/** The same ceilings for a request that may be ended without a word, as in Cloudflare's runtime: what waits in it then
	 * is in no line of others. */
	ofRequest(): TurnstileRates {
		const gate = new ProbeGate({ ...this.#setup, held: heldCounts() }, this.#nowUs);
		return { gate, prefixOf: (address) => this.prefixOf(address) };
	}

	/** The cell of an address's prefix; an address that nobody knows here has none. */
	prefixOf(address: IpAddress | undefined): number {
		return address === undefined || this.prefixCells === undefined ? noCell : this.prefixCells.of(address);
	}
}
