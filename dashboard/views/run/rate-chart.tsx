/** The rate over time, stacked by what was answered, and the hosts in flight below it. */
import { useCallback, useMemo, useRef } from 'preact/hooks';
import type { AlignedData, Options } from 'uplot';
import type { Series } from '../../../shared/dashboard-api.ts';
import { formatClock, formatCompact, formatCount, formatRate } from '../../../shared/format.ts';
import { Card } from '../../parts/card.tsx';
import { axisBelowPx, axisOf, Chart } from '../../parts/chart.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { themeColor } from '../../state/theme.ts';
import type { RateColumns } from './rate-data.ts';
import { rateColumns, rateExtremes } from './rate-data.ts';

const heightPx = 220;
const inFlightHeightPx = 90;
/** Charts with this key share their cursor. */
const cursorKey = 'run';

export function RateChart({
	series,
	hasInFlight,
}: {
	readonly series: Series;
	readonly hasInFlight: boolean;
}) {
	const columns = useMemo(() => rateColumns(series), [series]);
	const newest = useRef(columns);
	newest.current = columns;
	const rateOptions = useCallback(() => optionsOfRate(newest), []);
	const { seconds, all, upDown, up, inFlight } = columns;
	const rates = useMemo((): AlignedData => [seconds, all, upDown, up], [columns]);
	const flights = useMemo((): AlignedData => [seconds, inFlight], [columns]);
	if (seconds.length < 2) {
		return (
			<Card title="Rate over time">
				<EmptyState title="Nothing to draw yet" />
			</Card>
		);
	}
	const { max, mean } = rateExtremes(columns);
	const summary =
		`Hosts per second over ${formatClock(seconds.at(-1)! * 1_000)}: ` +
		`${formatRate(mean)} on average, ${formatRate(max)} at most.`;
	return (
		<Card title="Rate over time">
			<Chart summary={summary} heightPx={heightPx} options={rateOptions} data={rates} />
			{hasInFlight && (
				<Chart
					summary={`Hosts in flight over time, now ${formatCount(inFlight.at(-1)!)}.`}
					heightPx={inFlightHeightPx}
					options={optionsOfInFlight}
					data={flights}
				/>
			)}
		</Card>
	);
}

function optionsOfRate(newest: { readonly current: RateColumns }): Omit<Options, 'width' | 'height'> {
	// Each area is painted over the one before, which reaches higher: what remains to be seen is its own share.
	const layer = (label: string, color: `--${string}`, own: (columns: RateColumns, at: number) => number) => ({
		label,
		stroke: themeColor(color),
		fill: themeColor(color),
		width: 0,
		points: { show: false },
		value: (_plot: unknown, _value: unknown, _series: number, at: number | null) => {
			const columns = newest.current;
			return formatRate(own(columns, at ?? columns.all.length - 1));
		},
	});
	return {
		...shared(),
		series: [
			{
				label: 'At',
				value: (_plot, value) => formatClock((value ?? newest.current.seconds.at(-1)!) * 1_000),
			},
			layer('other', '--fill-error', ({ all, upDown }, at) => all[at]! - upDown[at]!),
			layer('down', '--fill-down', ({ upDown, up }, at) => upDown[at]! - up[at]!),
			layer('up', '--fill-up', ({ up }, at) => up[at]!),
		],
		axes: [timeAxis(), countAxis((value) => `${formatCompact(value)}/s`)],
	};
}

function optionsOfInFlight(): Omit<Options, 'width' | 'height'> {
	return {
		...shared(),
		series: [
			{ label: 'At', value: (plot, value) => formatClock((value ?? plot.data[0].at(-1) ?? 0) * 1_000) },
			{
				label: 'in flight',
				stroke: themeColor('--fill-accent'),
				width: 1.5,
				points: { show: false },
				value: (plot, value) => formatCount(value ?? plot.data[1]?.at(-1) ?? 0),
			},
		],
		axes: [timeAxis(), countAxis(formatCompact)],
	};
}

function shared(): Pick<Options, 'scales' | 'cursor' | 'padding'> {
	return {
		scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, Math.max(max * 1.08, 1)] } },
		cursor: { y: false, drag: { x: false, y: false }, sync: { key: cursorKey } },
		padding: [8, 12, 0, 0],
	};
}

function timeAxis() {
	return axisOf({
		size: axisBelowPx,
		space: 64,
		incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400],
		values: (_plot, values) => values.map((value) => formatClock(value * 1_000)),
	});
}

/** Of what there is no part of: 1, 2, 5, 10 and so on. */
const countSteps = Array.from({ length: 30 }, (_, i) => [1, 2, 5][i % 3]! * 10 ** Math.floor(i / 3));

function countAxis(format: (value: number) => string) {
	return axisOf({ incrs: countSteps, values: (_plot, values) => values.map(format), size: 56, space: 28 });
}
