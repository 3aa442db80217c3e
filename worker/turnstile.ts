/**
 * A bounded number of things at a time: whoever comes waits for a place, owners in turn (fair-queue.ts), and
 * then, where a rate is to be kept, for leave from the pacer. Whoever is under a ceiling of his own as well, of a
 * prefix or a caller, and has no leave from that, waits aside: he holds neither a place nor the others up.
 *
 * One pump serves everybody: a thousand waiters that each asked the pacer would wake a thousand times for one
 * leave. The ceiling moves: `narrow` lowers it to what the machine evidently bears (descriptors, ports), with an
 * eighth left for others, and every place given back in order raises it by a fraction, as TCP does with its
 * window.
 */
import { noLongerNeeded, onAbort } from '../shared/abort.ts';
import type { Clock } from '../shared/clock.ts';
import type { IpAddress } from '../shared/ip.ts';
import type { Pacer } from '../shared/pacer.ts';
import { FairQueue } from './fair-queue.ts';
import { noCell } from './rates/prefix-cells.ts';
import { ceilings } from './rates/probe-gate.ts';
import type { TurnstileRates } from './rates/probe-rates.ts';

export interface TurnstileOptions {
	/** places at a time */
	readonly placesMax: number;
	/** asked for leave before every entry, when given; needs `clock` */
	readonly pace?: {
		readonly pacer: Pacer;
		readonly clock: Clock;
		/** ceilings of prefixes and callers. Default: none */
		readonly rates?: TurnstileRates | undefined;
	};
}

/** A probe that is about to leave, for the ceilings that it is under. */
export interface Leaving {
	/** where to; `undefined` when only the runtime will know */
	readonly address: IpAddress | undefined;
	/** the cell of its caller's ceiling; `undefined` for none */
	readonly caller: number | undefined;
	/** called when it is held for its prefix */
	readonly held?: () => void;
}

interface Waiter {
	/** undefined once it has gone away */
	admit: (() => void) | undefined;
	readonly owner: object;
	readonly signal: AbortSignal;
	/** cells of ceilings, and the ceilings that were waited for */
	readonly prefix: number;
	readonly caller: number;
	turns: number;
	/** the ceiling that holds it now, or 0 */
	heldBy: number;
	readonly held: (() => void) | undefined;
}

export class Turnstile {
	readonly #placesMax: number;
	readonly #pace: TurnstileOptions['pace'];
	readonly #queue = new FairQueue<Waiter>();
	#waiting = 0;
	#inside = 0;
	#limit: number;
	/** leave that the pacer gave and nobody has used */
	#hasLeave = false;
	/** set while the pump waits for the pacer */
	#pacing: AbortController | undefined;

	constructor({ placesMax, pace }: TurnstileOptions) {
		this.#placesMax = placesMax;
		this.#limit = placesMax;
		this.#pace = pace;
	}

	/** Resolves with a place taken, to be given back by `leave`. Rejects with the signal's reason. The signal is
	 * also the owner that turns are counted by, unless another one is named. */
	enter(signal: AbortSignal, owner: object = signal, leaving?: Leaving): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) {
				reject(signal.reason);
				return;
			}
			const forget = onAbort(signal, () => {
				waiter.admit = undefined;
				if (waiter.heldBy === 0) this.#waiting -= 1;
				else this.#release(waiter);
				if (this.#waiting === 0) this.#pacing?.abort(noLongerNeeded);
				reject(signal.reason);
			});
			const waiter: Waiter = {
				admit: () => {
					forget();
					resolve();
				},
				owner,
				signal,
				prefix: (leaving && this.#pace?.rates?.prefixOf(leaving.address)) ?? noCell,
				caller: leaving?.caller ?? noCell,
				turns: 0,
				heldBy: 0,
				held: leaving?.held,
			};
			this.#queue.push(owner, waiter);
			this.#waiting += 1;
			this.#pump();
		});
	}

	leave(): void {
		this.#inside -= 1;
		this.#limit = Math.min(this.#placesMax, this.#limit + 1 / this.#limit);
		this.#pump();
	}

	/** Gives a place back and lowers the ceiling: the machine had no room for what was tried in it. */
	leaveNarrowed(): void {
		this.#inside -= 1;
		this.#limit = Math.max(1, Math.min(this.#limit, (this.#inside * 7) / 8));
		this.#pump();
	}

	#pump(): void {
		while (this.#waiting > 0 && this.#inside < Math.floor(this.#limit) && this.#pacing === undefined) {
			if (this.#pace !== undefined && !this.#hasLeave && this.#pace.pacer.take(1) === 0) {
				this.#pauseForPacer(this.#pace);
				return;
			}
			this.#hasLeave = true;
			const waiter = this.#nextWaiting();
			if (waiter === undefined) return;
			this.#waiting -= 1;
			if (this.#pace !== undefined && this.#isHeld(waiter, this.#pace)) continue;
			this.#hasLeave = false;
			this.#inside += 1;
			waiter.admit!();
		}
	}

	#nextWaiting(): Waiter | undefined {
		for (let waiter = this.#queue.shift(); waiter !== undefined; waiter = this.#queue.shift()) {
			if (waiter.admit !== undefined) return waiter;
		}
		return undefined;
	}

	/** Whether a ceiling of its own has no leave for it; it comes back by itself then, ahead of its owner's others. */
	#isHeld(waiter: Waiter, { clock, rates }: NonNullable<TurnstileOptions['pace']>): boolean {
		if (rates === undefined || (waiter.prefix & waiter.caller) === noCell) return false;
		const waitMs = rates.gate.pass(waiter.prefix, waiter.caller, waiter.turns);
		if (waitMs === 0) return false;
		waiter.heldBy = rates.gate.heldBy;
		if (waiter.heldBy === ceilings.prefix) waiter.held?.();
		clock.sleep(waitMs, waiter.signal).then(
			() => {
				// Gone in the very moment in which its wait was over.
				if (waiter.admit === undefined) return;
				waiter.turns |= waiter.heldBy;
				this.#release(waiter);
				this.#queue.pushFirst(waiter.owner, waiter);
				this.#waiting += 1;
				this.#pump();
			},
			() => undefined,
		);
		return true;
	}

	#release(waiter: Waiter): void {
		this.#pace!.rates!.gate.release(waiter.heldBy, waiter.prefix, waiter.caller);
		waiter.heldBy = 0;
	}

	#pauseForPacer({ pacer, clock }: NonNullable<TurnstileOptions['pace']>): void {
		const pacing = new AbortController();
		this.#pacing = pacing;
		const resume = (): void => {
			this.#pacing = undefined;
			this.#pump();
		};
		clock.sleep(Math.max(1, pacer.delayMs()), pacing.signal).then(resume, resume);
	}
}
