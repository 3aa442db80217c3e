/**
 * Invariant 12: a worker that failed rests for a time that grows with its failures, is jittered and bounded; one
 * that asks for time gets what it asks for.
 */
import type { Lane } from '../../../master/dispatch/rules/lane.ts';
import type { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { mustHold } from './violation.ts';

const restMsMin = 200;
const restMsMax = 30_000;
/** Of a worker that is not there. */
const unreachableMsMax = 5_000;
/** Working well for this long takes one failure back. */
const forgiveMs = 30_000;
/** So many rests without jitter are no chance. */
const roundRestsMax = 3;

interface Record {
	/** failures of requests that are not forgiven, at least */
	strikes: number;
	/** checks that failed in a row */
	checksFailed: number;
	goodSinceMs: number;
}

export class RestCheck {
	readonly #records = new Map<Lane, Record>();
	/** workers that are out for good */
	readonly #out = new Set<Lane>();
	/** workers that must answer a check before they get work */
	readonly #unchecked = new Set<Lane>();
	#roundRests = 0;

	/** A worker was asked for hosts with success. */
	succeeded(lane: Lane, nowMs: number): void {
		const record = this.#recordOf(lane, nowMs);
		if (record.strikes === 0 || nowMs - record.goodSinceMs < forgiveMs) return;
		record.strikes -= 1;
		record.goodSinceMs = nowMs;
	}

	/** A worker has answered a check. */
	checked(lane: Lane, nowMs: number): void {
		this.#unchecked.delete(lane);
		this.#recordOf(lane, nowMs).checksFailed = 0;
	}

	/** A worker is asked for hosts. */
	asked(lane: Lane): void {
		mustHold(!this.#out.has(lane), 12, () => `${lane.name} is out for good, and is asked on`);
		mustHold(!this.#unchecked.has(lane), 12, () => `${lane.name} failed, and is asked before it was checked`);
	}

	/**
	 * A worker failed, and the rules were told.
	 *
	 * @param at what: at a check, at a request while it could get work, or at one that it had from before
	 */
	failed(lane: Lane, failure: WorkerFailure, at: 'check' | 'work' | 'rest', nowMs: number): void {
		const { health, name } = lane;
		const { kind } = failure;
		if (kind === 'refused' || kind === 'invalid') {
			mustHold(health.state === 'out', 12, () => `${name} gave a wrong answer, and is asked on`);
			this.#out.add(lane);
			return;
		}
		if (health.state === 'out') return;
		mustHold(!this.#out.has(lane), 12, () => `${name} is out for good, and comes back`);
		if (kind !== 'busy' && kind !== 'local') this.#unchecked.add(lane);
		mustHold(health.state === 'resting', 12, () => `${name} failed, and does not rest`);
		const restMs = health.restUntilMs - nowMs;
		mustHold(restMs <= restMsMax + 1e-6, 12, () => `${name} rests for ${restMs} ms`);
		mustHold(restMs >= restMsMin / 2 - 1e-6, 12, () => `${name} rests for ${restMs} ms only`);
		this.#lookForJitter(restMs);
		if (kind === 'busy') {
			const askedMs = failure.retryAfterMs ?? 0;
			mustHold(restMs >= askedMs - 1e-6, 12, () => `${name} asked for ${askedMs} ms, and gets ${restMs} ms`);
		}
		const record = this.#recordOf(lane, nowMs);
		if (at === 'check') record.checksFailed += 1;
		if (at === 'rest' || kind === 'busy' || kind === 'local') return;
		if (at === 'work') {
			record.strikes += 1;
			record.goodSinceMs = nowMs;
		}
		const failures = record.strikes + record.checksFailed;
		const msMax = kind === 'unreachable' ? unreachableMsMax : restMsMax;
		const leastMs = Math.min(msMax, restMsMin * 2 ** (failures - 1)) / 2;
		mustHold(
			restMs >= leastMs - 1e-6,
			12,
			() => `${name} failed ${failures} times, and rests for ${restMs.toFixed(1)} ms only`,
		);
	}

	#recordOf(lane: Lane, nowMs: number): Record {
		let record = this.#records.get(lane);
		if (record === undefined) {
			record = { strikes: 0, checksFailed: 0, goodSinceMs: nowMs };
			this.#records.set(lane, record);
		}
		return record;
	}

	/** Times without jitter are the first one, doubled a few times. */
	#lookForJitter(restMs: number): void {
		const doubled = Math.log2(restMs / restMsMin);
		const isRound = Math.abs(doubled - Math.round(doubled)) < 1e-9;
		if (isRound) this.#roundRests += 1;
		mustHold(this.#roundRests < roundRestsMax, 12, 'rests have no jitter');
	}
}
