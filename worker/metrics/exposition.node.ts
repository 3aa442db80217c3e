/**
 * The metrics of a worker in the text format of Prometheus. Labels are words of the protocol alone: never a host, an
 * address or a caller, so there is a bounded number of them, and who may read metrics learns nobody's list.
 */
import type { Metric } from 'prom-client';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricFamily, Sample } from '../../shared/metric-family.ts';
import { counter, gauge, histogram, unwantedGauges } from '../../shared/metric-family.ts';
import type { LogHistogram } from './log-histogram.ts';
import type { NodeMetrics } from './node-metrics.node.ts';
import { outcomes } from './outcomes.ts';
import type { InFlight } from './worker-metrics.ts';

export type Exposition = (inFlight: InFlight) => Promise<{ type: string; text: string }>;

/** What has been counted so far is there at once; of the process itself, some things from now on. */
export function createExposition(metrics: NodeMetrics): Exposition {
	const registry = new Registry();
	let held: InFlight = { requestsInFlight: 0, hostsInFlight: 0 };
	const families = [
		...identity(metrics),
		...requestFamilies(metrics, () => held),
		...resultFamilies(metrics),
		...echoFamilies(metrics),
		...ceilingFamilies(metrics),
	];
	// What the registry needs of a metric is what these have; its types know prom-client's own classes alone.
	for (const family of families) registry.registerMetric(family as unknown as Metric);
	collectDefaultMetrics({ register: registry });
	for (const name of unwantedGauges) registry.removeSingleMetric(name);
	return async (inFlight) => {
		held = inFlight;
		return { type: registry.contentType, text: await registry.metrics() };
	};
}

function identity({ options: { capabilities } }: NodeMetrics): MetricFamily[] {
	const { version, icmp, probes } = capabilities;
	const labels = { version, node: process.version, icmp: icmp ?? 'none', probes: probes.join('+') };
	return [
		gauge('pingpool_worker_build_info', 'What this worker is, as labels; always 1.', () => [[labels, 1]]),
	];
}

/** Codes that are there from the start, so that the first of them is seen as a change. */
const codes = ['ok', 'cancelled', 'unauthorized', 'busy', 'bad-request', 'too-large', 'internal'];
const disturbanceKinds = ['no-http', 'headers', 'slow', 'ahead', 'tls', 'displaced'] as const;

function requestFamilies(metrics: NodeMetrics, held: () => InFlight): MetricFamily[] {
	const { requests, disturbances, durations, options } = metrics;
	const { hostsInFlightMax } = options.capabilities;
	return [
		counter(
			'pingpool_worker_requests_total',
			'POST /ping by what became of it, and others that were refused for their token.',
			() =>
				Array.from(
					new Set([...codes, ...requests.keys()]),
					(code): Sample => [{ code }, requests.get(code) ?? 0],
				),
		),
		histogram(
			'pingpool_worker_request_duration_seconds',
			'From the head of a request to the end of its answer, of those that were answered in full.',
			() => [bucketsOf(durations, {})],
		),
		gauge('pingpool_worker_requests_in_flight', 'Requests that are served now, of all callers.', () => {
			return held().requestsInFlight;
		}),
		gauge('pingpool_worker_requests_in_flight_max', 'Ceiling of requests of one caller.', () => {
			return options.requestsInFlightMax;
		}),
		gauge('pingpool_worker_hosts_in_flight', 'Hosts of requests that are served now.', () => {
			return held().hostsInFlight;
		}),
		gauge('pingpool_worker_hosts_in_flight_max', 'Ceiling of hosts in flight of one caller.', () => {
			return hostsInFlightMax;
		}),
		gauge(
			'pingpool_worker_connections',
			'Open connections: without a token so far, idle, or with a request under way.',
			() => {
				const { strangers, idle, busy } = options.connections();
				return [
					[{ state: 'stranger' }, strangers],
					[{ state: 'idle' }, idle],
					[{ state: 'busy' }, busy],
				];
			},
		),
		gauge('pingpool_worker_connections_max', 'Ceiling of open connections.', () => {
			return options.callerConnectionsMax;
		}),
		counter(
			'pingpool_worker_disturbances_total',
			'What was no proper request, by kind, and connections displaced by newcomers.',
			() => disturbanceKinds.map((kind): Sample => [{ kind }, disturbances.get(kind) ?? 0]),
		),
	];
}

function resultFamilies({ results, options: { capabilities } }: NodeMetrics): MetricFamily[] {
	const { probes } = capabilities;
	return [
		counter('pingpool_worker_results_total', 'Hosts by probe, status and reason.', function* () {
			for (const probe of probes) {
				for (const { status, reason, statusAt, reasonAt, isExpected } of outcomes) {
					const hosts = results.hostsOf(probe, statusAt, reasonAt);
					if (isExpected || hosts > 0) yield [{ probe, status, reason }, hosts];
				}
			}
		}),
		histogram('pingpool_worker_rtt_seconds', 'Round-trip times of hosts that are up, by probe.', () =>
			probes.map((probe) => bucketsOf(results.rtts(probe), { probe })),
		),
	];
}

const ignoredReplies = ['late', 'duplicate', 'forged', 'corrupted', 'truncated'] as const;

function echoFamilies({ options: { counters } }: NodeMetrics): MetricFamily[] {
	if (counters === undefined) return [];
	return [
		counter('pingpool_worker_echo_requests_sent_total', 'Echo requests that left.', () => counters().sent),
		counter('pingpool_worker_echo_replies_received_total', 'Echo replies that counted.', () => {
			return counters().received;
		}),
		counter(
			'pingpool_worker_echo_replies_ignored_total',
			'Echo replies that did not count, by why: forged ones carry no cookie of this worker.',
			() => {
				const counts = counters();
				return ignoredReplies.map((reason): Sample => [{ reason }, counts[reason]]);
			},
		),
		counter(
			'pingpool_worker_echo_packets_dropped_total',
			'Packets for the echo sockets that the kernel had no room for.',
			() => counters().dropped,
		),
		counter(
			'pingpool_worker_echo_sends_blocked_total',
			'Times that sending was put off because the kernel had no room.',
			() => counters().sendBlocked,
		),
	];
}

const ceilingNames = ['prefix', 'caller'] as const;

function ceilingFamilies({ options: { rates, capabilities } }: NodeMetrics): MetricFamily[] {
	return [
		gauge(
			'pingpool_worker_probes_per_second_max',
			'Ceiling of probes per second of one caller; 0 for none.',
			() => {
				return capabilities.ratePerSecondMax;
			},
		),
		gauge('pingpool_worker_probes_waiting', 'Probes that wait now, by the ceiling that they wait for.', () =>
			ceilingNames.map((ceiling): Sample => [{ ceiling }, rates.held(ceiling).waiting]),
		),
		counter('pingpool_worker_probes_held_total', 'Times that a probe had to wait, by the ceiling.', () =>
			ceilingNames.map((ceiling): Sample => [{ ceiling }, rates.held(ceiling).ever]),
		),
	];
}

function bucketsOf({ boundsSeconds, counts, sumSeconds }: LogHistogram, labels: Record<string, string>) {
	return { labels, bounds: boundsSeconds, counts, sum: sumSeconds };
}
