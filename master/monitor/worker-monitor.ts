/** What is counted of one worker. */
import type { LiveWorker } from '../../shared/dashboard-api.ts';
import { noHosts } from '../../shared/outcome.ts';
import type { Capabilities } from '../../shared/protocol.ts';
import type { WorkerLoad } from '../../shared/worker-load.ts';
import type { Lane } from '../dispatch/rules/lane.ts';
import type { Tally } from '../tally.ts';
import { FailureCounts } from './failure-counts.ts';
import { RateMeter } from './rate-meter.ts';
import { RttCounts } from './rtt-histogram.ts';
import type { RunTime } from './run-time.ts';
import { workerCondition } from './worker-state.ts';

/** Latencies, after which those so far weigh half: what is shown is of the last few hundred requests, not of a morning
 * long ago. */
const latenciesMax = 1_000;

/** What a worker counts from its start on. */
const counted = ['sent', 'received', 'dropped', 'forged'] as const satisfies readonly (keyof WorkerLoad)[];

/** What is known elsewhere. */
export interface WorkerMoment {
	readonly lane: Lane | undefined;
	readonly tally: Tally | undefined;
	readonly time: RunTime;
}

export class WorkerMonitor {
	readonly index: number;
	readonly name: string;
	readonly failures = new FailureCounts();
	readonly rate = new RateMeter();
	capabilities: Capabilities | undefined;
	retries = 0;
	hedges = 0;
	/** requests that others have taken over, and that it may still answer */
	late = 0;
	readonly #latency = new RttCounts();
	/** what it said last */
	#load: WorkerLoad | null = null;
	/** the most that it has counted since it started, and what it had counted whenever it started anew */
	readonly #counts = { sent: 0, received: 0, dropped: 0, forged: 0 };
	readonly #countsBefore = { sent: 0, received: 0, dropped: 0, forged: 0 };

	constructor(index: number, name: string) {
		this.index = index;
		this.name = name;
	}

	/** Its counts never go back here, which would be read as a jump: not when it has started anew, and not when its answers
	 * come in another order than they left. */
	takeLoad(load: WorkerLoad): void {
		// An answer that was overtaken is not that old.
		const isStartedAnew = load.sent < this.#counts.sent / 2;
		for (const name of counted) {
			if (isStartedAnew) this.#countsBefore[name] += this.#counts[name];
			this.#counts[name] = isStartedAnew ? load[name] : Math.max(load[name], this.#counts[name]);
		}
		this.#load = load;
	}

	/** A request ended well, so long after it left. */
	answeredIn(ms: number): void {
		if (this.#latency.total >= latenciesMax) this.#latency.halve();
		this.#latency.add(ms);
	}

	live({ lane, tally, time }: WorkerMoment): LiveWorker {
		const { index, name, capabilities, failures, retries, hedges } = this;
		const { nowMs } = time;
		const done = tally?.doneOf(name) ?? 0;
		const condition = lane && workerCondition(lane, this.late, nowMs);
		const restUntilMs = condition?.restUntilMs ?? null;
		return {
			...{ index, name },
			state: condition?.state ?? 'unmet',
			why: condition?.why ?? null,
			asideUntilAtMs: restUntilMs === null ? null : time.wallMsOf(restUntilMs),
			runtime: capabilities?.runtime ?? null,
			version: capabilities?.version ?? null,
			probes: capabilities?.probes ?? [],
			icmp: capabilities?.icmp ?? null,
			requests: lane?.requests ?? 0,
			inFlight: lane?.inFlight ?? 0,
			unsentHosts: lane?.window.unsent ?? 0,
			windowHosts: lane?.window.limit ?? 0,
			chunkHosts: lane?.chunkHosts ?? 0,
			done,
			byStatus: tally?.byStatusOf(name) ?? noHosts,
			ratePerSecond: Math.round(this.rate.perSecond(nowMs, done)),
			latencyMs:
				this.#latency.total === 0
					? null
					: { p50: this.#latency.quantile(0.5), p99: this.#latency.quantile(0.99) },
			failures: failures.total,
			failureReasons: failures.commonest(),
			...{ retries, hedges, load: this.#countedLoad() },
		};
	}

	#countedLoad(): WorkerLoad | null {
		if (this.#load === null) return null;
		const load = { ...this.#load };
		for (const name of counted) load[name] = this.#countsBefore[name] + this.#counts[name];
		return load;
	}
}
