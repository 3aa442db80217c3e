/**
 * The metrics of a master in the text format of Prometheus. Of the hosts there are numbers alone. Workers have their
 * names as labels: they are few, they stay, and whoever runs them has named them; beyond `metricsWorkersMax` they are
 * only counted.
 */
import type { Metric } from 'prom-client';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { LiveRun, LiveState, LiveWorker, RttHistogram } from '../../shared/dashboard-api.ts';
import { workerStates } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { metricsWorkersMax } from '../../shared/limits.ts';
import type { BucketSample, MetricFamily, Sample } from '../../shared/metric-family.ts';
import { counter, gauge, histogram, unwantedGauges } from '../../shared/metric-family.ts';
import { reasons, statuses } from '../../shared/outcome.ts';
import type { WorkerLoad } from '../../shared/worker-load.ts';
import { version } from '../version.ts';

/** The run at one moment. */
export interface RunMoment {
	readonly run: LiveRun;
	readonly workers: readonly LiveWorker[];
	readonly rttHistogram: RttHistogram;
}

/** @param moment `undefined` where no run goes on */
export type RenderMetrics = (moment: RunMoment | undefined) => Promise<{ type: string; text: string }>;

/** Registers all families once; what they read is what each call is given. */
export function createRender(): RenderMetrics {
	const ofRun = new Registry();
	const ofProcess = new Registry();
	let moment!: RunMoment;
	const families = [
		...runFamilies(() => moment.run),
		rttFamily(() => moment.rttHistogram),
		...workerFamilies(() => moment.workers),
	];
	// What the registry needs of a metric is what these have; its types know prom-client's own classes alone.
	for (const family of families) ofRun.registerMetric(family as unknown as Metric);
	const info = gauge('pingpool_master_build_info', 'What this master is, as labels; always 1.', () => [
		[{ version, node: process.version }, 1],
	]);
	ofProcess.registerMetric(info as unknown as Metric);
	collectDefaultMetrics({ register: ofProcess });
	for (const name of unwantedGauges) ofProcess.removeSingleMetric(name);
	return async (now) => {
		const texts: Promise<string>[] = [];
		if (now !== undefined) {
			moment = now;
			// Reads all it needs before it waits for anything: another request may set another moment then.
			texts.push(ofRun.metrics());
		}
		texts.push(ofProcess.metrics());
		return { type: ofProcess.contentType, text: (await Promise.all(texts)).join('\n') };
	};
}

const liveStates: Readonly<Record<LiveState, true>> = {
	starting: true,
	running: true,
	stopping: true,
	finished: true,
	failed: true,
	interrupted: true,
};

function runFamilies(run: () => LiveRun): MetricFamily[] {
	return [
		gauge('pingpool_master_run_info', 'The run, as labels; always 1.', () => [
			[{ run: String(run().runId ?? ''), probe: run().probe }, 1],
		]),
		gauge('pingpool_master_run_state', 'The state of the run: 1 for the one that it is in.', () =>
			Object.keys(liveStates).map((state): Sample => [{ state }, run().state === state ? 1 : 0]),
		),
		gauge(
			'pingpool_master_run_start_time_seconds',
			'When this process began with the run, since 1970.',
			() => {
				return run().startedAtMs / 1e3;
			},
		),
		gauge('pingpool_master_run_eta_seconds', 'How long the rest will take; absent when nothing says.', () => {
			const { etaMs } = run();
			return etaMs === null ? [] : [[{}, etaMs / 1e3]];
		}),
		gauge('pingpool_master_hosts', 'Hosts of the list.', () => run().total),
		gauge(
			'pingpool_master_hosts_done',
			'Hosts that have a row, those of an earlier process included.',
			() => {
				return run().done;
			},
		),
		gauge('pingpool_master_hosts_pending', 'Hosts that wait in the master to go out.', () => run().pending),
		gauge('pingpool_master_hosts_in_flight', 'Hosts in requests under way.', () => run().inFlight),
		gauge('pingpool_master_hosts_per_second', 'Hosts per second, of the last few seconds.', () => {
			return run().ratePerSecond;
		}),
		counter('pingpool_master_rows_total', 'Hosts that this process has a row of.', () => {
			return run().done - run().doneBefore;
		}),
		counter('pingpool_master_results_total', 'Rows by status.', () =>
			statuses.map((status): Sample => [{ status }, run().byStatus[status]]),
		),
		counter('pingpool_master_result_reasons_total', 'Rows of hosts that are not up, by reason.', () =>
			reasons
				.filter((reason) => reason !== '')
				.map((reason): Sample => [{ reason }, run().byReason[reason] ?? 0]),
		),
		counter('pingpool_master_requests_total', 'Requests to workers.', () => run().requests),
		counter('pingpool_master_retries_total', 'Requests that asked hosts again.', () => run().retries),
		counter('pingpool_master_hedges_total', 'Requests that took over from a late one.', () => run().hedges),
		counter('pingpool_master_request_failures_total', 'Requests that failed.', () => run().failures),
	];
}

/** Buckets of the monitor that are one here, of which it has 20 per decade. */
const bucketsFolded = 4;

function rttFamily(read: () => RttHistogram): MetricFamily {
	const help = 'Round-trip times of hosts that are up; the sum is estimated from finer buckets, within 6 %.';
	return histogram('pingpool_master_rtt_seconds', help, () => [folded(read())]);
}

function folded({ edgesMs, counts }: RttHistogram): BucketSample {
	const bounds: number[] = [];
	const folds: number[] = [];
	let sumMs = 0;
	for (let from = 0; from < edgesMs.length; from += bucketsFolded) {
		let count = 0;
		for (let bucket = from; bucket < Math.min(from + bucketsFolded, edgesMs.length); bucket += 1) {
			const lower = edgesMs[bucket]!;
			const upper = edgesMs[bucket + 1] ?? lower;
			count += counts[bucket]!;
			sumMs += counts[bucket]! * Math.sqrt(lower * upper);
		}
		folds.push(count);
		const bound = edgesMs[from + bucketsFolded];
		if (bound !== undefined) bounds.push(Number((bound / 1e3).toPrecision(4)));
	}
	return { labels: {}, bounds, counts: folds, sum: sumMs / 1e3 };
}

type ReadWorker = (worker: LiveWorker) => number | undefined;

function workerFamilies(workers: () => readonly LiveWorker[]): MetricFamily[] {
	/** One value for each worker that has it. */
	const each = (read: ReadWorker) =>
		function* (): Generator<Sample> {
			for (const [worker, live] of shown(workers())) {
				const value = read(live);
				if (value !== undefined) yield [{ worker }, value];
			}
		};
	const ofLoad = (read: (load: WorkerLoad) => number) =>
		each(({ load }) => (load === null ? undefined : read(load)));
	const name = (rest: string): string => `pingpool_master_worker_${rest}`;
	return [
		gauge('pingpool_master_workers', 'Workers of the run, by state.', () =>
			workerStates.map(
				(state): Sample => [{ state }, workers().filter((worker) => worker.state === state).length],
			),
		),
		gauge(name('state'), 'The state of each worker: 1 for the one that it is in.', function* () {
			for (const [worker, live] of shown(workers())) {
				for (const state of workerStates) yield [{ worker, state }, live.state === state ? 1 : 0];
			}
		}),
		gauge(
			name('requests_in_flight'),
			'Requests to each worker under way.',
			each(({ requests }) => requests),
		),
		gauge(
			name('hosts_in_flight'),
			'Hosts of requests to each worker under way.',
			each(({ inFlight }) => inFlight),
		),
		gauge(
			name('window_hosts'),
			'Hosts that each worker may have without a probe having left.',
			each(({ windowHosts }) => windowHosts),
		),
		gauge(
			name('chunk_hosts'),
			'Hosts of a whole request to each worker.',
			each(({ chunkHosts }) => chunkHosts),
		),
		gauge(
			name('hosts_per_second'),
			'Rows per second of each worker, of the last few seconds.',
			each((worker) => {
				return worker.ratePerSecond;
			}),
		),
		gauge(
			name('latency_seconds'),
			'From a request to the end of its answer, of the last few hundred of each worker.',
			function* () {
				for (const [worker, { latencyMs }] of shown(workers())) {
					if (latencyMs === null) continue;
					yield [{ worker, percentile: '50' }, latencyMs.p50 / 1e3];
					yield [{ worker, percentile: '99' }, latencyMs.p99 / 1e3];
				}
			},
		),
		counter(name('results_total'), 'Rows that each worker answered, by status.', function* () {
			for (const [worker, { byStatus }] of shown(workers())) {
				for (const status of statuses) yield [{ worker, status }, byStatus[status]];
			}
		}),
		counter(
			name('request_failures_total'),
			'Requests to each worker that failed.',
			each(({ failures }) => failures),
		),
		counter(
			name('retries_total'),
			'Requests to each worker for hosts asked again.',
			each(({ retries }) => retries),
		),
		counter(
			name('hedges_total'),
			'Requests to each worker that took over from a late one.',
			each(({ hedges }) => hedges),
		),
		gauge(
			name('cpu_cores'),
			'Processor cores that the process of each worker uses, as it says.',
			ofLoad(({ cpu }) => cpu),
		),
		gauge(
			name('memory_bytes'),
			'Resident memory of the process of each worker, as it says.',
			ofLoad(({ memoryBytes }) => memoryBytes),
		),
		gauge(
			name('event_loop_delay_seconds'),
			'The longest that the event loop of each worker was late lately, as it says.',
			ofLoad((load) => {
				return load.eventLoopDelayMs / 1e3;
			}),
		),
		counter(
			name('echo_requests_sent_total'),
			'Echo requests that it has sent, as it says.',
			ofLoad(({ sent }) => sent),
		),
		counter(
			name('echo_replies_received_total'),
			'Echo replies that it has counted, as it says.',
			ofLoad(({ received }) => received),
		),
		counter(
			name('echo_packets_dropped_total'),
			'Packets for its echo sockets that its kernel had no room for, as it says.',
			ofLoad(({ dropped }) => dropped),
		),
		counter(
			name('echo_replies_forged_total'),
			'Echo replies without a cookie of its own, as it says.',
			ofLoad(({ forged }) => forged),
		),
	];
}

/** As many workers as may be named, by label: those that have left first make room for others. */
function shown(workers: readonly LiveWorker[]): ReadonlyMap<string, LiveWorker> {
	let some = workers;
	if (workers.length > metricsWorkersMax) {
		const present = workers.filter(({ state }) => state !== 'gone');
		const left = workers.filter(({ state }) => state === 'gone');
		some = [...present, ...left].slice(0, metricsWorkersMax);
	}
	// A name that can not be shown as it is may become that of another: a series is there once.
	return new Map(some.map((worker) => [escapeUnsafe(worker.name), worker]));
}
