/**
 * Lines that strangers can cause without end are let through a few at a time; the rest is counted and said in one
 * line. The first line about something opens a window; within it so many lines pass; at its end one more says how
 * many were held back, and how many addresses they came from. So what strangers can write into a log is bounded by
 * the clock, and not by what they send.
 */
import { noLongerNeeded } from '../shared/abort.ts';
import type { Clock } from '../shared/clock.ts';
import { logAddressesMax, logFloodLinesMax, logFloodWindowMs } from '../shared/limits.ts';

/** What was held back of one kind in one window. */
export interface HeldBack<Kind extends string> {
	readonly kind: Kind;
	readonly lines: number;
	/** different ones, counted up to a ceiling */
	readonly addresses: number;
	/** whether there were more addresses than are counted */
	readonly moreAddresses: boolean;
}

interface Window {
	lines: number;
	heldBack: number;
	readonly addresses: Set<string>;
	moreAddresses: boolean;
}

export class FloodGate<Kind extends string> {
	readonly #clock: Clock;
	readonly #say: (heldBack: HeldBack<Kind>) => void;
	readonly #windows = new Map<Kind, Window>();
	readonly #over = new AbortController();

	/** @param say takes what is to be said at the end of a window in which lines were held back */
	constructor(clock: Clock, say: (heldBack: HeldBack<Kind>) => void) {
		this.#clock = clock;
		this.#say = say;
	}

	/** Whether a line may be written now; if not, it is counted. */
	passes(kind: Kind, address: string | undefined): boolean {
		const window = this.#windows.get(kind) ?? this.#open(kind);
		window.lines += 1;
		if (window.lines <= logFloodLinesMax) return true;
		window.heldBack += 1;
		const from = address ?? '';
		if (window.addresses.has(from)) return false;
		if (window.addresses.size < logAddressesMax) window.addresses.add(from);
		else window.moreAddresses = true;
		return false;
	}

	/** Says what was held back up to now, and leaves no timer behind. */
	close(): void {
		this.#over.abort(noLongerNeeded);
		for (const kind of [...this.#windows.keys()]) this.#close(kind);
	}

	#open(kind: Kind): Window {
		const window: Window = { lines: 0, heldBack: 0, addresses: new Set(), moreAddresses: false };
		this.#windows.set(kind, window);
		this.#clock.sleep(logFloodWindowMs, this.#over.signal).then(
			() => this.#close(kind),
			() => undefined,
		);
		return window;
	}

	#close(kind: Kind): void {
		const window = this.#windows.get(kind);
		this.#windows.delete(kind);
		if (window === undefined || window.heldBack === 0) return;
		const { heldBack: lines, addresses, moreAddresses } = window;
		this.#say({ kind, lines, addresses: addresses.size, moreAddresses });
	}
}
