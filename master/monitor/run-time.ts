/** The time of a run, and the order of what changes in it. */
import type { Clock } from '../../shared/clock.ts';

/** Stands still when the run has ended. */
export class RunTime {
	readonly startedAtMs: number;
	readonly startedMs: number;
	readonly #clock: Pick<Clock, 'monotonicMs'>;
	#endedMs: number | undefined;

	/** @param startedAtMs wall-clock time of now */
	constructor(clock: Pick<Clock, 'monotonicMs'>, startedAtMs: number) {
		this.#clock = clock;
		this.startedAtMs = startedAtMs;
		this.startedMs = clock.monotonicMs();
	}

	get hasEnded(): boolean {
		return this.#endedMs !== undefined;
	}

	/** As a monotonic time. */
	get nowMs(): number {
		return this.#endedMs ?? this.#clock.monotonicMs();
	}

	/** From the start of the process. */
	get atMs(): number {
		return this.nowMs - this.startedMs;
	}

	/** A monotonic time as one of the wall clock. */
	wallMsOf(monotonicMs: number): number {
		return Math.round(this.startedAtMs + monotonicMs - this.startedMs);
	}

	end(): void {
		this.#endedMs = this.nowMs;
	}
}

/**
 * Numbers for changes: everything that changes gets the next one, so that what is new for a reader is what has a higher
 * one than the last that it knows. They begin where no other run's do: a reader of another one is noticed.
 */
export class Versions {
	readonly first: number;
	#now: number;

	constructor(startedAtMs: number) {
		this.first = Math.round(startedAtMs) * 1_000;
		this.#now = this.first;
	}

	/** Of the last change. */
	get now(): number {
		return this.#now;
	}

	/** Of a change that happens now. */
	next(): number {
		this.#now += 1;
		return this.#now;
	}

	/** Whether a reader can have seen it. */
	has(version: number): boolean {
		return version >= this.first && version <= this.#now;
	}
}
