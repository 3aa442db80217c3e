/**
 * Metrics whose values are read when somebody asks, from counts that are kept elsewhere: what prom-client's registry
 * takes as metrics of its own, and turns into text. Its counters would have to be added to at every event, and its
 * histograms search for a bucket at every value.
 *
 * Names and units: https://prometheus.io/docs/practices/naming/
 */

/** Gauges of prom-client's own that nobody misses. */
export const unwantedGauges = [
	// named like counters, which promtool finds fault with
	'nodejs_active_handles_total',
	'nodejs_active_requests_total',
	'nodejs_active_resources_total',
	// where nothing was measured since the last scrape, as before the first: 292 years, and no number at all
	'nodejs_eventloop_lag_min_seconds',
	'nodejs_eventloop_lag_mean_seconds',
	'nodejs_eventloop_lag_stddev_seconds',
];

type Labels = Readonly<Record<string, string>>;

/** One value: without labels when there is but one. */
export type Sample = readonly [labels: Labels, value: number];

/** Durations or sizes in buckets. */
export interface BucketSample {
	readonly labels: Labels;
	/** upper bounds, ascending, without the infinite one */
	readonly bounds: readonly number[];
	/** of each bucket by itself, and behind them of those above the last bound */
	readonly counts: ArrayLike<number>;
	readonly sum: number;
}

interface Value {
	readonly labels: Labels & { readonly le?: string };
	readonly value: number;
	/** where it is not the family's own */
	readonly metricName?: string;
}

export interface MetricFamily {
	readonly name: string;
	readonly help: string;
	readonly type: 'counter' | 'gauge' | 'histogram';
	/** called by the registry */
	get(): Promise<MetricFamily & { readonly values: readonly Value[]; readonly aggregator: 'sum' }>;
}

type Read<Item> = () => number | Iterable<Item>;

/** What only grows while the process lives. @param name ends in `_total` */
export function counter(name: string, help: string, read: Read<Sample>): MetricFamily {
	return family({ name, help, type: 'counter' }, () => valuesOf(read()));
}

/** What goes up and down. */
export function gauge(name: string, help: string, read: Read<Sample>): MetricFamily {
	return family({ name, help, type: 'gauge' }, () => valuesOf(read()));
}

/** @param name in seconds or bytes, and says so */
export function histogram(name: string, help: string, read: () => Iterable<BucketSample>): MetricFamily {
	return family({ name, help, type: 'histogram' }, () => {
		const values: Value[] = [];
		for (const { labels, bounds, counts, sum } of read()) {
			let count = 0;
			const bucket = (le: string, place: number): void => {
				count += counts[place] ?? 0;
				values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: count });
			};
			for (const [place, bound] of bounds.entries()) bucket(String(bound), place);
			bucket('+Inf', bounds.length);
			values.push({ metricName: `${name}_sum`, labels, value: sum });
			values.push({ metricName: `${name}_count`, labels, value: count });
		}
		return values;
	});
}

function family(
	described: Pick<MetricFamily, 'name' | 'help' | 'type'>,
	read: () => readonly Value[],
): MetricFamily {
	const itself: MetricFamily = {
		...described,
		get: async () => ({ ...itself, values: read(), aggregator: 'sum' }),
	};
	return itself;
}

function valuesOf(read: number | Iterable<Sample>): Value[] {
	if (typeof read === 'number') return [{ labels: {}, value: read }];
	return Array.from(read, ([labels, value]) => ({ labels, value }));
}
