/** Values that are read when a registry of prom-client asks for them. */
import type { Metric } from 'prom-client';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { MetricFamily } from '../../shared/metric-family.ts';
import { counter, gauge, histogram } from '../../shared/metric-family.ts';

function textOf(families: readonly MetricFamily[]): Promise<string> {
	const registry = new Registry();
	for (const family of families) registry.registerMetric(family as unknown as Metric);
	return registry.metrics();
}

it('is a value now, with labels or without, and nothing where there is none', async () => {
	let level = 1;
	const families = [
		gauge('level', 'How high.', () => level),
		counter('events_total', 'What "was".', () => [
			[{ kind: 'a"b\\c\nd' }, 2],
			[{ kind: '' }, 0],
		]),
		gauge('none', 'Not known.', () => []),
	];
	await textOf(families);
	level = 2;
	expect(await textOf(families)).toBe(
		`# HELP level How high.
# TYPE level gauge
level 2

# HELP events_total What "was".
# TYPE events_total counter
events_total{kind="a\\"b\\\\c\\nd"} 2
events_total{kind=""} 0

# HELP none Not known.
# TYPE none gauge
`,
	);
});

it('is a histogram: buckets add up, the last one has all', async () => {
	const counts = Float64Array.of(1, 0, 2, 4);
	const sample = { labels: { of: 'x' }, bounds: [0.1, 1, 10], counts, sum: 55.5 };
	expect(await textOf([histogram('time_seconds', 'How long.', () => [sample])])).toBe(
		`# HELP time_seconds How long.
# TYPE time_seconds histogram
time_seconds_bucket{of="x",le="0.1"} 1
time_seconds_bucket{of="x",le="1"} 1
time_seconds_bucket{of="x",le="10"} 3
time_seconds_bucket{of="x",le="+Inf"} 7
time_seconds_sum{of="x"} 55.5
time_seconds_count{of="x"} 7
`,
	);
});
