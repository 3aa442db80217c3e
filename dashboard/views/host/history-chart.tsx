/** RTTs of a host over runs, and below them a mark for every run in which it was not up. */
import { useMemo } from 'preact/hooks';
import type { AlignedData, Options } from 'uplot';
import type { HostHistory } from '../../../shared/dashboard-api.ts';
import { formatMoment, formatMs, formatPlural } from '../../../shared/format.ts';
import { axisOf, Chart } from '../../parts/chart.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { themeColor } from '../../state/theme.ts';

const heightPx = 260;

interface HistoryChartProps {
	readonly entries: HostHistory['entries'];
}

export function HistoryChart({ entries }: HistoryChartProps) {
	const data = useMemo(() => dataOf(entries), [entries]);
	const notUp = [...new Set(entries.map(({ status }) => status).filter((status) => status !== 'up'))];
	return (
		<>
			<Chart summary={summaryOf(entries)} heightPx={heightPx} options={options} data={data} />
			<ul class="host-chart-legend" aria-label="Marks">
				<li>
					<span class="host-chart-line" aria-hidden="true" /> RTT
				</li>
				<li>
					<span class="host-chart-band" aria-hidden="true" /> its least and greatest
				</li>
				{notUp.map((status) => (
					<li key={status}>
						<StatusBadge status={status} /> at the foot: a run in which it was that
					</li>
				))}
			</ul>
		</>
	);
}

/** x in s since 1970, RTT, its least and greatest, and a status for marks: down, and everything else that is not up. */
function dataOf(entries: HostHistory['entries']): AlignedData {
	const inTime = [...entries].sort((a, b) => a.checkedAtMs - b.checkedAtMs);
	return [
		inTime.map(({ checkedAtMs }) => checkedAtMs / 1_000),
		inTime.map(({ rttMs }) => rttMs),
		inTime.map(({ rttMaxMs }) => rttMaxMs),
		inTime.map(({ rttMinMs }) => rttMinMs),
		inTime.map(({ status }) => (status === 'down' ? 0 : null)),
		inTime.map(({ status }) => (status === 'up' || status === 'down' ? null : 0)),
	];
}

function options(): Omit<Options, 'width' | 'height'> {
	const accent = themeColor('--color-accent');
	const band = `color-mix(in srgb, ${accent} 18%, transparent)`;
	const mark = (color: string) => ({
		stroke: themeColor(color as `--${string}`),
		fill: themeColor(color as `--${string}`),
		paths: () => null,
		points: { show: true, size: 9, width: 0, fill: themeColor(color as `--${string}`) },
	});
	return {
		legend: { show: false },
		cursor: { show: false },
		// Half of the last moment stands beyond the end of its axis.
		padding: [null, 36, null, null],
		scales: { y: { range: (_, __, max) => [0, Math.max(max || 1, 0.01) * 1.08] } },
		axes: [
			axisOf({
				space: 110,
				values: (_, ticks, __, ___, stepSeconds) => ticks.map((at) => momentText(at, stepSeconds)),
			}),
			axisOf({
				size: 70,
				values: (_, ticks) => ticks.map((ms) => (ms === 0 ? '0' : formatMs(ms))),
			}),
		],
		series: [
			{},
			{
				stroke: accent,
				width: 2,
				spanGaps: false,
				points: { show: true, size: 6, fill: accent, width: 0 },
			},
			{ stroke: band, width: 1, points: { show: false } },
			{ stroke: band, width: 1, points: { show: false } },
			mark('--fill-down'),
			mark('--fill-error'),
		],
		bands: [{ series: [2, 3], fill: band }],
	};
}

/** A day, and the time of it where marks are nearer than that. */
function momentText(atSeconds: number, stepSeconds: number): string {
	const [day, time] = formatMoment(atSeconds * 1_000).split(' ');
	return stepSeconds >= 86_400 ? day! : `${day!.slice(5)} ${time!.slice(0, stepSeconds < 60 ? 8 : 5)}`;
}

function summaryOf(entries: HostHistory['entries']): string {
	const rtts = entries.flatMap(({ rttMs }) => rttMs ?? []);
	const notUp = entries.filter(({ status }) => status !== 'up').length;
	const range =
		rtts.length === 0
			? 'without an RTT'
			: `RTTs from ${formatMs(Math.min(...rtts))} to ${formatMs(Math.max(...rtts))}`;
	return `${formatPlural(entries.length, 'run')}, ${range}; not up in ${notUp}.`;
}
