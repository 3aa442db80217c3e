/**
 * When a request is late enough to ask somebody else as well (a hedge, after Dean and Barroso, The Tail at Scale,
 * CACM 56/2, 2013): sooner than it would be given up, and later than almost all requests need.
 */
import { quantile } from '../../../shared/stats.ts';
import type { Flight } from './flight.ts';

/** A worker with a heartbeat of a quarter of a second that leaves a request without a word for this long has
 * something; and so it has when it is silent in all its requests for this long. More than this process may be held up
 * for without noticing (dispatch-rules.ts). */
const silentMs = 1_000;
const laneSilentMs = 600;
/** What an answer may take beyond the longest that a host can, where idle workers wait for the last ones. */
const lateMs = 250;
/** The same while there is other work: less eager. */
const lateMsMidRun = 2_000;
/** Send times that are remembered, and as how many of them a request is slow: twice the 95th percentile. */
const samplesMax = 256;
const samplesMin = 16;
const slowShare = 0.95;
const slowTimes = 2;
const slowMsMin = 100;

/** Whether nothing was heard of its worker for too long, in this request and in all others. */
export function isLaneSilent({ lane, startedMs }: Flight, nowMs: number): boolean {
	return lane.hasHeartbeat && nowMs - Math.max(lane.heardMs, startedMs) >= laneSilentMs;
}

export class Hedging {
	readonly #samples: number[] = [];
	#next = 0;
	#slowMs: number | undefined;

	/** A request has been sent on by its worker so long after it left. */
	sent(tookMs: number): void {
		this.#samples[this.#next] = tookMs;
		this.#next = (this.#next + 1) % samplesMax;
		this.#slowMs = undefined;
	}

	/**
	 * @param spanMs how long one host may take
	 * @param nothingLeft whether workers have nothing else to do
	 */
	isDue(flight: Flight, nowMs: number, spanMs: number, nothingLeft: boolean): boolean {
		if (isLaneSilent(flight, nowMs)) return true;
		if (flight.lane.hasHeartbeat && nowMs - flight.heardMs >= silentMs) return true;
		const { startedMs, sentMs, holdingMs } = flight;
		if (sentMs !== undefined) {
			return nowMs - Math.max(sentMs, holdingMs) >= spanMs + (nothingLeft ? lateMs : lateMsMidRun);
		}
		return nothingLeft && nowMs - Math.max(startedMs, holdingMs) >= this.#slow();
	}

	#slow(): number {
		if (this.#samples.length < samplesMin) return silentMs;
		this.#slowMs ??= Math.max(slowMsMin, slowTimes * quantile(this.#samples, slowShare));
		return this.#slowMs;
	}
}
