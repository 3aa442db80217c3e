/**
 * What deploy/ brings for Prometheus and Grafana: without mistakes, and about metrics that workers and masters have.
 * A name that was changed in the code alone would leave an alert that never fires, and an empty picture.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMetrics } from '../../master/dashboard/metrics.ts';
import { liveRun, liveWorker, rttHistogram } from '../master/dashboard/live-fixture.ts';
import type { PrometheusSample } from '../prometheus.ts';
import { promtool, samplesOf, withoutPromtool } from '../prometheus.ts';
import { describeUnless } from '../requirements.ts';
import { deployed } from '../security/unit-file.ts';
import { countedMetrics } from '../worker/metrics/metrics-fixture.ts';
import { groupingsIn, mentionsIn } from './promql.ts';

interface Target {
	/** A, B, …: of a panel's targets */
	readonly refId: string;
	readonly expr: string;
	readonly legendFormat: string;
	readonly datasource: { readonly uid: string };
}

interface Panel {
	readonly id: number;
	readonly type: string;
	readonly title: string;
	readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
	readonly datasource?: { readonly uid: string };
	readonly targets?: readonly Target[];
}

interface Grafana {
	readonly uid: string;
	readonly panels: readonly Panel[];
	readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}

const alerts = readFileSync(deployed('prometheus/alerts.yml'), 'utf8');
const alertTests = readFileSync(deployed('prometheus/alerts.test.yml'), 'utf8');
const grafanaText = readFileSync(deployed('grafana/pingpool.json'), 'utf8');
const grafana = JSON.parse(grafanaText) as Grafana;
const targets = grafana.panels.flatMap(({ title, targets: some = [] }) =>
	some.map((target) => ({ title, ...target })),
);

/** Expressions of alerts, on the line of their key or below it. */
const alertExpressions = [...alerts.matchAll(/^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/gm)].map(
	([, block, line]) => (block ?? line)!.replaceAll(/\s+/g, ' ').trim(),
);
const alertNames = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);

/** Prometheus gives these to what it scrapes. */
const labelsOfScraping = ['job', 'instance'];
const metricsOfScraping = new Map([['up', []]]);

/** What a worker and a master say. */
async function scraped(): Promise<PrometheusSample[]> {
	const { metrics } = countedMetrics();
	const { text } = await metrics.render({ requestsInFlight: 1, hostsInFlight: 2 });
	const message = { run: liveRun(), workers: [liveWorker()], rttHistogram };
	const response = await createMetrics({ moment: () => message }).request('/metrics');
	return [...samplesOf(text), ...samplesOf(await response.text())];
}

describe('alerts and pictures', () => {
	/** label names of each metric */
	const known = new Map<string, ReadonlySet<string>>(
		Array.from(metricsOfScraping, ([name, labels]) => [name, new Set(labels)]),
	);
	beforeAll(async () => {
		for (const { name, labels } of await scraped()) {
			known.set(name, new Set([...(known.get(name) ?? []), ...Object.keys(labels)]));
		}
	});

	/** What is wrong with an expression. */
	function faults(expression: string): string[] {
		const mentions = mentionsIn(expression);
		const found = mentions.length === 0 ? ['it is about nothing'] : [];
		for (const { metric, labels } of mentions) {
			const has = known.get(metric);
			if (has === undefined) found.push(`there is no ${metric}`);
			else
				for (const label of labels) {
					if (!has.has(label) && !labelsOfScraping.includes(label)) found.push(`${metric} has no ${label}`);
				}
		}
		for (const label of groupingsIn(expression)) {
			const isKnown =
				labelsOfScraping.includes(label) || mentions.every(({ metric }) => known.get(metric)?.has(label));
			if (!isKnown) found.push(`not all have ${label}`);
		}
		return found;
	}

	it('would be found out', () => {
		expect(faults('rate(pingpool_worker_result_total{status="up"}[5m]) > 1')).toEqual([
			'there is no pingpool_worker_result_total',
		]);
		expect(faults('sum by (worker) (pingpool_master_hosts{state="a"})')).toEqual([
			'pingpool_master_hosts has no state',
			'not all have worker',
		]);
		expect(faults('vector(1)')).toEqual(['it is about nothing']);
	});

	it.each(alertExpressions)('alerts are about what is there: %s', (expression) => {
		expect(faults(expression)).toEqual([]);
	});

	it.each(targets)('pictures are of what is there: $title, $refId', ({ expr, legendFormat }) => {
		expect(faults(expr)).toEqual([]);
		const groupings = groupingsIn(expr);
		const labels =
			groupings.length > 0
				? groupings
				: mentionsIn(expr).flatMap(({ metric }) => [...labelsOfScraping, ...known.get(metric)!]);
		for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(labels).toContain(label);
	});

	it('show everything that only pingpool has', () => {
		const shown = new Set(
			[...targets.map(({ expr }) => expr), ...alertExpressions].flatMap((expression) =>
				mentionsIn(expression).map(({ metric }) => metric),
			),
		);
		/** what stands in a variable of the dashboard, or is of use to those who ask themselves */
		const others = [
			'build_info',
			'run_start_time_seconds',
			'requests_total',
			'rows_total',
			'connections_max',
		];
		const missing = [...known.keys()].filter(
			(name) =>
				name.startsWith('pingpool_') &&
				!/_(sum|count)$/.test(name) &&
				!shown.has(name) &&
				!others.some((other) => name.endsWith(other)),
		);
		expect(missing).toEqual([]);
	});
});

describe('the dashboard of Grafana', () => {
	it('asks the source that its user has chosen, and nobody else', () => {
		expect(grafana.templating.list.map(({ name }) => name)).toEqual(['datasource', 'master', 'worker']);
		for (const { datasource } of targets) expect(datasource.uid).toBe('$' + '{datasource}');
		expect(grafanaText).not.toMatch(/https?:/);
	});

	it('has panels beside each other, each with a number of its own', () => {
		const { panels } = grafana;
		expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
		const overlaps = panels.flatMap(({ id, gridPos: a }, i) =>
			panels
				.slice(i + 1)
				.filter(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
				.map((other) => [id, other.id]),
		);
		expect(overlaps).toEqual([]);
		for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
		for (const { type, targets: some } of panels) expect(some === undefined).toBe(type === 'row');
	});
});

describe('the tests of the alerts', () => {
	it.each(alertNames)('%s has a case in which it fires, and one in which it does not', (name) => {
		const cases = alertTests
			.split(/\n(?= {6}- )/)
			.filter((text) => new RegExp(`alertname: ${name}\\b`).test(text));
		expect(cases.some((text) => text.includes('exp_alerts:'))).toBe(true);
		expect(cases.some((text) => !text.includes('exp_alerts:'))).toBe(true);
	});
});

describeUnless(withoutPromtool, 'promtool', () => {
	let folder: string;
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), 'pingpool-prometheus-'));
		for (const name of ['prometheus.yml', 'alerts.yml', 'alerts.test.yml']) {
			copyFileSync(deployed(`prometheus/${name}`), join(folder, name));
		}
		writeFileSync(join(folder, 'pingpool-worker.token'), 'a-token-for-tests-only\n');
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	it('finds no fault with the configuration and its alerts', () => {
		expect(promtool(['check', 'config', '--lint-fatal', join(folder, 'prometheus.yml')])).toBe('');
	});

	it('finds that each alert fires when it should, and not when it need not', () => {
		expect(promtool(['test', 'rules', join(folder, 'alerts.test.yml')])).toBe('');
	});

	const filled = (expr: string): string =>
		expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:master|worker)/g, 'x');

	it('can read every expression of the pictures', () => {
		const rules = targets.map(({ expr }, i) => ({ record: `picture:${i}`, expr: filled(expr) }));
		const file = join(folder, 'pictures.yml');
		// JSON is YAML.
		writeFileSync(file, JSON.stringify({ groups: [{ name: 'pictures', rules }] }));
		expect(promtool(['check', 'rules', file])).toBe('');
	});

	it('finds something in every picture when there is something of everything', async () => {
		// Of an operation between metrics of different labels nothing is left.
		const input_series = (await scraped()).map(({ name, labels }) => {
			const all = Object.entries({ ...labels, instance: 'x', job: 'pingpool' });
			const series = `${name}{${all.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`;
			return { series, values: /_(total|bucket|sum|count)$/.test(name) ? '0+10x20' : '1x20' };
		});
		const unique = Map.groupBy(input_series, ({ series }) => series);
		const promql_expr_test = targets.map(({ expr }) => ({
			expr: `count(${filled(expr)}) > bool 0`,
			eval_time: '15m',
			exp_samples: [{ labels: '{}', value: 1 }],
		}));
		const tests = [
			{ interval: '1m', input_series: Array.from(unique.values(), ([first]) => first), promql_expr_test },
		];
		const file = join(folder, 'pictures.test.yml');
		writeFileSync(file, JSON.stringify({ evaluation_interval: '1m', tests }));
		expect(promtool(['test', 'rules', file])).toBe('');
	});
});
