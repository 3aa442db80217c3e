/**
 * The metrics of a worker on Node. Counting is a few additions per block and per request; what turns the counts into
 * text (prom-client) is loaded when somebody asks for it the first time.
 */
import type { Capabilities } from '../../shared/protocol.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { ConnectionCounts } from '../connection-guard.node.ts';
import type { EchoCounters } from '../icmp/echo-engine.ts';
import type { BatchPlan } from '../plan.ts';
import type { ProbeRates } from '../rates/probe-rates.ts';
import type { Disturbance, RequestLog } from '../request-log.ts';
import type { Exposition } from './exposition.node.ts';
import { LogHistogram } from './log-histogram.ts';
import { ResultTally } from './result-tally.ts';
import type { InFlight, WorkerMetrics } from './worker-metrics.ts';

/** From 1 ms to 36 minutes. */
const durationBuckets = { first: 10, last: 31 };

/** What is read when somebody asks. */
export interface NodeMetricsOptions {
	readonly capabilities: Capabilities;
	readonly requestsInFlightMax: number;
	readonly callerConnectionsMax: number;
	readonly connections: () => ConnectionCounts;
	readonly rates: ProbeRates;
	/** `undefined` where no echo requests are sent */
	readonly counters: (() => EchoCounters) | undefined;
}

export class NodeMetrics implements WorkerMetrics {
	readonly results = new ResultTally();
	/** requests that had to show a token, by what became of them */
	readonly requests = new Map<string, number>();
	readonly disturbances = new Map<Disturbance, number>();
	/** of requests for hosts that were answered in full */
	readonly durations = new LogHistogram(durationBuckets);
	readonly options: NodeMetricsOptions;
	#exposition: Promise<Exposition> | undefined;

	constructor(options: NodeMetricsOptions) {
		this.options = options;
	}

	asked(plan: BatchPlan): (block: ResultBlock) => void {
		return this.results.taker(plan);
	}

	request({ outcome, hosts, ms }: RequestLog): void {
		this.requests.set(outcome, (this.requests.get(outcome) ?? 0) + 1);
		if (outcome === 'ok' && hosts > 0) this.durations.observe(ms);
	}

	disturbance(kind: Disturbance): void {
		this.disturbances.set(kind, (this.disturbances.get(kind) ?? 0) + 1);
	}

	async render(inFlight: InFlight): Promise<{ type: string; text: string }> {
		this.#exposition ??= import('./exposition.node.ts').then(({ createExposition }) =>
			createExposition(this),
		);
		return (await this.#exposition)(inFlight);
	}
}
