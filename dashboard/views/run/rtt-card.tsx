/** Round-trip times: how many of each length, and the percentiles. */
import { useCallback, useMemo, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import type { Options } from 'uplot';
import type { RttHistogram, RttPercentiles } from '../../../shared/dashboard-api.ts';
import { formatCompact, formatCount, formatMs } from '../../../shared/format.ts';
import { Card, Figure, Figures } from '../../parts/card.tsx';
import { axisBelowPx, axisOf, Chart, drawBars } from '../../parts/chart.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { themeColor } from '../../state/theme.ts';
import { nameSides, placeOf, rttBars, ticksBetween } from './rtt-data.ts';

const heightPx = 220;
const named = ['p50', 'p90', 'p95', 'p99', 'max'] as const;
/** Of them, those that are lines in the picture: more would stand on each other. */
const drawn = ['p50', 'p95', 'p99'] as const;

interface RttCardProps {
	readonly title?: string;
	readonly histogram: RttHistogram;
	readonly rtt: RttPercentiles | null;
}

export function RttCard({ title = 'Round-trip times', histogram, rtt }: RttCardProps) {
	const { edgesMs } = histogram;
	const data = useMemo((): [number[], number[]] => {
		const { places, counts } = rttBars(histogram);
		return [places, counts];
	}, [histogram]);
	const newest = useRef({ edgesMs, rtt });
	newest.current = { edgesMs, rtt };
	const options = useCallback(() => optionsOf(newest), []);
	if (rtt === null || data[0].length === 0) {
		return (
			<Card title={title}>
				<EmptyState title="No host has answered" />
			</Card>
		);
	}
	const words = named.map((name) => `${name} ${formatMs(rtt[name])}`).join(', ');
	return (
		<Card title={title}>
			<Chart
				summary={`Hosts by round-trip time on a logarithmic axis: ${words}.`}
				heightPx={heightPx}
				options={options}
				data={data}
			/>
			<Figures>
				{named.map((name) => (
					<Figure key={name} label={name} value={formatMs(rtt[name])} />
				))}
			</Figures>
		</Card>
	);
}

interface Drawn {
	readonly edgesMs: readonly number[];
	readonly rtt: RttPercentiles | null;
}

function optionsOf(newest: { readonly current: Drawn }): Omit<Options, 'width' | 'height'> {
	const spanOf = (place: number) => {
		const { edgesMs } = newest.current;
		const from = edgesMs[Math.floor(place)];
		const to = edgesMs[Math.floor(place) + 1];
		if (from === undefined) return '';
		return to === undefined ? `from ${formatMs(from)}` : `${formatMs(from)} to ${formatMs(to)}`;
	};
	return {
		scales: {
			x: { time: false, range: (_plot, min, max) => [min - 0.5, max + 0.5] },
			y: { range: (_plot, _min, max) => [0, max * 1.12] },
		},
		cursor: { y: false, drag: { x: false, y: false } },
		padding: [8, 12, 0, 0],
		series: [
			{ label: 'RTT', value: (_plot, place) => (place === null ? 'all' : spanOf(place)) },
			{
				label: 'hosts',
				stroke: themeColor('--fill-accent'),
				fill: themeColor('--fill-accent'),
				width: 0,
				paths: drawBars,
				points: { show: false },
				value: (plot, count) => formatCount(count ?? sumOf(plot.data[1]!)),
			},
		],
		axes: [
			axisOf({
				size: axisBelowPx,
				splits: (plot) => {
					const { min, max } = plot.scales.x!;
					const { edgesMs } = newest.current;
					return ticksBetween(edgesMs, min ?? 0, max ?? 0).map((ms) => placeOf(edgesMs, ms));
				},
				values: (plot, places) => places.map((place) => tickText(newest.current.edgesMs, place, plot)),
			}),
			axisOf({ values: (_plot, values) => values.map(formatCompact), size: 56, space: 28 }),
		],
		hooks: { draw: [(plot) => drawPercentiles(plot, newest.current)] },
	};
}

function sumOf(counts: ArrayLike<number | null | undefined>): number {
	return Array.from(counts, (count) => count ?? 0).reduce((sum, count) => sum + count, 0);
}

function tickText(edgesMs: readonly number[], place: number, plot: uPlot): string {
	const { min, max } = plot.scales.x!;
	const ms = ticksBetween(edgesMs, min ?? 0, max ?? 0).find(
		(tick) => Math.abs(placeOf(edgesMs, tick) - place) < 0.01,
	);
	if (ms === undefined) return '';
	return ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`;
}

function drawPercentiles(plot: uPlot, { edgesMs, rtt }: Drawn): void {
	if (rtt === null) return;
	const { ctx, bbox } = plot;
	const scale = devicePixelRatio;
	ctx.save();
	ctx.strokeStyle = themeColor('--color-text');
	ctx.fillStyle = themeColor('--color-text');
	ctx.lineWidth = scale;
	ctx.setLineDash([3 * scale, 3 * scale]);
	ctx.font = `${11 * scale}px ${themeColor('--font-sans')}`;
	ctx.textBaseline = 'top';
	const end = bbox.left + bbox.width;
	const lines = drawn
		.map((name) => ({
			name,
			x: Math.round(plot.valToPos(placeOf(edgesMs, rtt[name]), 'x', true)),
			width: ctx.measureText(name).width + 8 * scale,
		}))
		.filter(({ x }) => x >= bbox.left && x <= end);
	const sides = nameSides(lines, bbox.left, end);
	for (const [i, { name, x }] of lines.entries()) {
		ctx.beginPath();
		ctx.moveTo(x, bbox.top);
		ctx.lineTo(x, bbox.top + bbox.height);
		ctx.stroke();
		// A name that has no room is left out: the numbers stand below.
		const side = sides[i];
		if (side === undefined) continue;
		ctx.textAlign = side === 'right' ? 'left' : 'right';
		ctx.fillText(name, x + (side === 'right' ? 4 : -4) * scale, bbox.top + 2 * scale);
	}
	ctx.restore();
}
