/**
 * Whether a worker gets work.
 *
 *   ready ──fails──► resting ──time──► (checked) ──► trial ──answers for a host──► ready
 *     ▲                 ▲                              │
 *     └──time── busy    └────────────fails─────────────┘          out: for good
 *
 * A failure sets a worker aside for a time that doubles with every strike and is jittered. Then it has to answer
 * a check, and one small request (half-open), before it gets its full share. Strikes are forgiven one by one,
 * while it works well: a worker that flaps rests longer every time, whatever it answers in between. While it is
 * not there, each check that fails doubles the time to the next one, but is no strike: a machine that was switched off
 * for an hour is as good as one that was for a second. A worker that only asks for time (`busy`) is not struck.
 */
import type { Random } from '../../../shared/random.ts';
import type { WorkerFailure } from '../worker-link.ts';
import { backoffMs, backoffMsMax } from './backoff.ts';

/** Working well for this long takes one strike away. */
const forgiveMs = 30_000;

/** A worker that is not there costs nothing to ask, and may be started any time. */
const unreachableMsMax = 5_000;

/** Whoever is busy so often in a row has no room for us. */
const busyInARowMax = 10;

export type HealthState = 'ready' | 'trial' | 'resting' | 'out';

export class Health {
	state: HealthState;
	/** while resting: until when, as a monotonic time */
	restUntilMs: number;
	/** whether it must answer a check before it gets work */
	needsCheck: boolean;
	/** a check is under way */
	checking = false;
	/** why it was set aside last */
	lastFailure: WorkerFailure | undefined;
	/** since when it needs a check, or has been busy all the time, and has done nothing useful */
	unwellSinceMs: number | undefined;
	#strikes = 0;
	/** checks that failed in a row */
	#checksFailed = 0;
	#busyInARow = 0;
	#goodSinceMs: number;
	/** what a rest without a check ends in */
	#afterRest: 'ready' | 'trial' = 'ready';

	/** @param isMet whether its capabilities are known already */
	constructor(isMet: boolean, nowMs: number) {
		this.state = isMet ? 'ready' : 'resting';
		this.needsCheck = !isMet;
		this.restUntilMs = nowMs;
		this.unwellSinceMs = isMet ? undefined : nowMs;
		this.#goodSinceMs = nowMs;
	}

	/** Whether it may get work. */
	get usable(): boolean {
		return this.state === 'ready' || this.state === 'trial';
	}

	/** Whether it rests for no other reason than that it had no room, and not for the tenth time in a row. */
	get isBusy(): boolean {
		const { state, needsCheck, lastFailure } = this;
		return (
			state === 'resting' && !needsCheck && lastFailure?.kind === 'busy' && this.#busyInARow < busyInARowMax
		);
	}

	/** Failures that count, those forgiven apart. */
	get strikes(): number {
		return this.#strikes;
	}

	/** Whether there is anything against it. */
	get isStruck(): boolean {
		return this.#strikes + this.#checksFailed > 0;
	}

	/** Times in a row that it had no room for a request. */
	get busyInARow(): number {
		return this.#busyInARow;
	}

	/** A request failed. @returns for how long it is set aside, in ms; `undefined` for good */
	failed(failure: WorkerFailure, nowMs: number, random: Random): number | undefined {
		const { usable, state } = this;
		this.lastFailure = failure;
		// What is out stays out, whatever becomes of its other requests.
		if (state === 'out' || failure.kind === 'refused' || failure.kind === 'invalid') {
			this.state = 'out';
			return undefined;
		}
		if (failure.kind === 'busy' || failure.kind === 'local') {
			// Requests that come back together say it once.
			if (usable) {
				this.#busyInARow += 1;
				this.#afterRest = state === 'trial' ? 'trial' : 'ready';
			}
			// Hosts that only it could probe must not wait for it forever.
			if (failure.kind === 'busy' && this.#busyInARow >= busyInARowMax) this.unwellSinceMs ??= nowMs;
			const restMs = backoffMs(Math.max(1, this.#busyInARow), random);
			return this.#rest(Math.max(failure.retryAfterMs ?? 0, restMs), nowMs);
		}
		if (usable) this.#strike(nowMs);
		this.needsCheck = true;
		this.unwellSinceMs ??= nowMs;
		const msMax = failure.kind === 'unreachable' ? unreachableMsMax : backoffMsMax;
		return this.#rest(backoffMs(Math.max(1, this.#strikes + this.#checksFailed), random, msMax), nowMs);
	}

	/** A check failed. @returns like `failed` */
	checkFailed(failure: WorkerFailure, nowMs: number, random: Random): number | undefined {
		this.checking = false;
		this.#checksFailed += 1;
		this.needsCheck = true;
		return this.failed(failure, nowMs, random);
	}

	/** The worker has answered a check. @returns whether it was set aside until now */
	checked(): boolean {
		const isBack = this.state === 'resting' && this.needsCheck;
		this.checking = false;
		this.needsCheck = false;
		if (isBack) this.state = this.isStruck ? 'trial' : 'ready';
		this.#checksFailed = 0;
		return isBack;
	}

	/** It has rested long enough, and needs no check. */
	rested(): void {
		this.state = this.#afterRest;
	}

	/** It need not rest any longer than to this time. */
	restAtMost(untilMs: number): void {
		this.restUntilMs = Math.min(this.restUntilMs, untilMs);
	}

	/** It did something useful: a host was answered for. */
	worked(): void {
		this.unwellSinceMs = undefined;
	}

	/** It has answered without trouble of its own: nothing is left to try, and hosts that are down need not be waited
	 * for. */
	passed(): void {
		if (this.state === 'trial') this.state = 'ready';
	}

	/** A request ended well. */
	succeeded(nowMs: number): void {
		this.#busyInARow = 0;
		this.passed();
		if (this.#strikes > 0 && nowMs - this.#goodSinceMs >= forgiveMs) {
			this.#strikes -= 1;
			this.#goodSinceMs = nowMs;
		}
	}

	#rest(ms: number, nowMs: number): number {
		this.state = 'resting';
		this.restUntilMs = Math.max(this.restUntilMs, nowMs + ms);
		return ms;
	}

	#strike(nowMs: number): void {
		this.#strikes += 1;
		this.#goodSinceMs = nowMs;
	}
}
