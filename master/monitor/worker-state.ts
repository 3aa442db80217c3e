/** How a worker is, in words, from what the rules of dispatch know of it. */
import type { WorkerState } from '../../shared/dashboard-api.ts';
import type { Lane } from '../dispatch/rules/lane.ts';

/** A worker that holds probes back says so four times a second. */
const holdingMs = 1_000;

export interface WorkerCondition {
	readonly state: WorkerState;
	readonly why: string | null;
	/** monotonic; `null` when it does not rest */
	readonly restUntilMs: number | null;
}

/** @param lateRequests that others have taken over, and that it may still answer */
export function workerCondition(lane: Lane, lateRequests: number, nowMs: number): WorkerCondition {
	const { health, requests } = lane;
	const failure = health.lastFailure?.message;
	const is = (state: WorkerState, why: string | null): WorkerCondition => ({ state, why, restUntilMs: null });
	if (lane.isLeaving) {
		return requests > 0
			? is('draining', 'left the list of workers; what it has under way may end')
			: is('gone', 'left the list of workers');
	}
	if (health.state === 'out') return is('gone', `${failure}; out of this run`);
	if (health.state === 'resting') {
		const isResting = health.restUntilMs > nowMs;
		const check = health.checking ? 'is being asked what it can do' : 'will be asked what it can do';
		const next = health.needsCheck ? check : 'gets work again then';
		return {
			state: lane.isMet ? 'aside' : 'unmet',
			why: failure === undefined ? check : `${failure}; ${next}`,
			restUntilMs: isResting ? health.restUntilMs : null,
		};
	}
	if (lane.isSilent) return is('slowed', 'nothing is heard of it; it gets no more until something is');
	if (health.state === 'trial') return is('slowed', `on trial after it ${failure ?? 'failed'}`);
	if (nowMs - lane.holdingMs < holdingMs) return is('slowed', 'holds probes back for their prefixes');
	if (lateRequests > 0) {
		return is('slowed', `late with ${lateRequests} request${lateRequests === 1 ? '' : 's'}, asked elsewhere`);
	}
	return is('healthy', null);
}
