/** What one life of the master has done with every host, as an onlooker sees it. */
import type { Lane } from '../../../master/dispatch/rules/lane.ts';
import type { Swarm } from '../swarm.ts';
import type { SimulatedMaster } from '../world/simulated-master.ts';
import { RateMeter } from './rate-meter.ts';
import { RestCheck } from './rest-check.ts';
import { RetryMeter } from './retry-meter.ts';

/** A request that the rules have asked for. */
export interface SeenFlight {
	readonly id: number;
	readonly lane: Lane;
	/** of its worker */
	readonly workerBit: number;
	readonly positions: Uint32Array;
	/** with the time left out in which the process was stopped */
	readonly askedMs: number;
	/** when its worker said that all of it had been sent, likewise */
	sentMs: number | undefined;
	/** the one host has a worker to itself */
	readonly isAlone: boolean;
}

export class Life {
	readonly master: SimulatedMaster;
	readonly meter: RetryMeter;
	readonly rate: RateMeter;
	readonly rests = new RestCheck();
	/** requests under way */
	readonly flights = new Map<number, SeenFlight>();
	/** per position: 1 when it was read from the list */
	readonly listed: Uint8Array;
	/** per position: 1 when it has a row, of this life or an earlier one */
	readonly rows: Uint8Array;
	/** per position: requests that reached a worker, as far as is known, and lost the host */
	readonly lost: Uint8Array;
	/** of those, requests that a worker died of */
	readonly crashed: Uint8Array;
	/** requests under way with it */
	readonly flying: Uint8Array;
	/** requests with it that a worker took */
	readonly reached: Uint8Array;
	/** bits of the workers that were asked for it, that failed at it, that said `error` for it */
	readonly askedOf: Uint8Array;
	readonly failedAt: Uint8Array;
	readonly troubledAt: Uint8Array;
	/** per position: 1 when a hedge has stood in for a request with it. What the rules then reckon with is known to be
	 * wrong when a request turns out not to have arrived: they err on the side of asking less */
	readonly hedged: Uint8Array;
	/** when a request with it failed last */
	readonly failedMs: Float64Array;
	/** when something was asked of a worker last, and when one was of use last, held-up time left out */
	attemptMs: number;
	usefulMs: number;
	/** since when no worker may get work */
	noneUsableMs: number | undefined;
	/** hosts in requests under way, at most so far */
	inFlightMax = 0;
	/** since when nobody is well, nor checked */
	lonelyMs: number | undefined;

	constructor(master: SimulatedMaster, { hosts, ratePerSecond }: Swarm, nowMs: number, activeMs: number) {
		this.master = master;
		this.meter = new RetryMeter(nowMs);
		this.rate = new RateMeter(ratePerSecond, nowMs);
		this.listed = new Uint8Array(hosts);
		this.rows = new Uint8Array(hosts);
		this.lost = new Uint8Array(hosts);
		this.crashed = new Uint8Array(hosts);
		this.flying = new Uint8Array(hosts);
		this.reached = new Uint8Array(hosts);
		this.askedOf = new Uint8Array(hosts);
		this.failedAt = new Uint8Array(hosts);
		this.troubledAt = new Uint8Array(hosts);
		this.hedged = new Uint8Array(hosts);
		this.failedMs = new Float64Array(hosts).fill(Number.NEGATIVE_INFINITY);
		this.attemptMs = activeMs;
		this.usefulMs = activeMs;
	}
}
