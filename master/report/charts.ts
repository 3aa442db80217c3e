/**
 * The pictures of a report as inline SVG: no script, no file beside it. Colours are classes of the page's style, so that
 * they follow its theme; every picture has a title and says its numbers in words.
 */
import type { MapSquare, RttHistogram, Series } from '../../shared/dashboard-api.ts';
import { formatCount, formatDuration, formatMs } from '../../shared/format.ts';
import { html } from './html.ts';

const width = 720;
const height = 220;
const left = 64;
const bottom = 28;
const top = 12;
const plotWidth = width - left - 8;
const plotHeight = height - top - bottom;

interface Frame {
	readonly title: string;
	readonly text: string;
	readonly yMax: number;
	/** places along the axis from 0 to 1, with what stands there */
	readonly xTicks: readonly (readonly [number, string])[];
}

function chart({ title, text, yMax, xTicks }: Frame, content: string): string {
	const lines = [0, 0.5, 1]
		// Half of 1 or 5 would stand there as another number than it is.
		.filter((share) => Number.isInteger(yMax * share))
		.map((share) => {
			const y = (top + plotHeight * (1 - share)).toFixed(1);
			return (
				`<line class="grid" x1="${left}" x2="${left + plotWidth}" y1="${y}" y2="${y}"/>` +
				`<text class="tick" x="${left - 6}" y="${y}" dy="0.32em" text-anchor="end">${formatCount(yMax * share)}</text>`
			);
		})
		.join('');
	const ticks = xTicks
		.map(([share, label]) => {
			const x = (left + plotWidth * share).toFixed(1);
			const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
			return `<text class="tick" x="${x}" y="${height - 8}" text-anchor="${anchor}">${html(label)}</text>`;
		})
		.join('');
	return (
		`<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${html(`${title}: ${text}`)}">` +
		`${lines}${content}${ticks}</svg>` +
		`<figcaption><strong>${html(title)}</strong> ${html(text)}</figcaption></figure>`
	);
}

/** The next number of the form 1, 2 or 5 times a power of ten; 1 for nothing. */
export function ceilNice(value: number): number {
	if (!(value > 1)) return 1;
	const power = 10 ** Math.floor(Math.log10(value));
	return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= value)!;
}

/** Hosts per second over the time of a run: up, down and everything else, one above the other. */
export function rateChart({ sliceMs, points }: Series): string | undefined {
	if (points.length === 0 || sliceMs === 0) return undefined;
	const perSecond = points.map(({ up, down, other }) =>
		[up, down, other].map((hosts) => (hosts * 1000) / sliceMs),
	);
	const sums = perSecond.map((parts) => parts.reduce((sum, part) => sum + part, 0));
	const startMs = points[0]!.atMs;
	const spanMs = points.at(-1)!.atMs + sliceMs - startMs;
	const highest = sums.reduce((most, sum) => Math.max(most, sum), 0);
	const yMax = ceilNice(highest);
	const x = (atMs: number): string => (left + (plotWidth * (atMs - startMs)) / spanMs).toFixed(1);
	const y = (value: number): string => (top + plotHeight * (1 - value / yMax)).toFixed(1);
	const areas = ['up', 'down', 'other'].map((name, part) => {
		const bases = perSecond.map((parts) => parts.slice(0, part).reduce((sum, value) => sum + value, 0));
		const upper = points.map(({ atMs }, i) => {
			const value = y(bases[i]! + perSecond[i]![part]!);
			return `${x(atMs)},${value} ${x(atMs + sliceMs)},${value}`;
		});
		const lower = points.map(
			({ atMs }, i) => `${x(atMs + sliceMs)},${y(bases[i]!)} ${x(atMs)},${y(bases[i]!)}`,
		);
		return `<polygon class="${name}" points="${[...upper, ...lower.reverse()].join(' ')}"/>`;
	});
	const mean = sums.reduce((sum, value) => sum + value, 0) / ((spanMs || sliceMs) / sliceMs);
	return chart(
		{
			title: 'Hosts per second',
			text: `${formatCount(mean)} on average, ${formatCount(highest)} at most, over ${formatDuration(spanMs)}.`,
			yMax,
			xTicks: [
				[0, formatDuration(startMs)],
				[0.5, formatDuration(startMs + spanMs / 2)],
				[1, formatDuration(startMs + spanMs)],
			],
		},
		areas.join(''),
	);
}

/** Round-trip times, in the buckets that they were counted in: the axis is logarithmic, as the buckets are. */
export function rttChart({ edgesMs, counts }: RttHistogram): string | undefined {
	const first = counts.findIndex((hosts) => hosts > 0);
	if (first < 0) return undefined;
	const last = counts.findLastIndex((hosts) => hosts > 0);
	const shown = counts.slice(first, last + 1);
	const highest = shown.reduce((most, hosts) => Math.max(most, hosts), 0);
	const yMax = ceilNice(highest);
	const barWidth = plotWidth / shown.length;
	const bars = shown.map((hosts, i) => {
		const tall = (plotHeight * hosts) / yMax;
		const at = `x="${(left + i * barWidth).toFixed(1)}" y="${(top + plotHeight - tall).toFixed(1)}"`;
		return `<rect class="up" ${at} width="${Math.max(0.5, barWidth - 1).toFixed(1)}" height="${tall.toFixed(1)}"/>`;
	});
	const edgeAt = (bucket: number): string => formatMs(edgesMs[Math.min(bucket, edgesMs.length - 1)]!);
	const hosts = shown.reduce((sum, value) => sum + value, 0);
	const places = shown.length > 2 ? [0, Math.floor(shown.length / 2), shown.length] : [0, shown.length];
	return chart(
		{
			title: 'Round-trip times',
			text: `Hosts that are up by their time: ${formatCount(hosts)}, from ${edgeAt(first)} to ${edgeAt(last + 1)}.`,
			yMax,
			xTicks: places.map((place) => [place / shown.length, edgeAt(first + place)] as const),
		},
		bars.join(''),
	);
}

const squareSize = 20;

/** A square per address or per block of them, sixteen in a row; the more of its hosts are up, the fuller. */
export function mapChart(squares: readonly MapSquare[], nameOf: (index: number) => string): string {
	const byIndex = new Map(squares.map((square) => [square.index, square]));
	const rects = Array.from({ length: 256 }, (_, index) => {
		const square = byIndex.get(index);
		const at = `x="${(index % 16) * squareSize}" y="${Math.floor(index / 16) * squareSize}"`;
		const size = `width="${squareSize - 2}" height="${squareSize - 2}"`;
		if (square === undefined) return `<rect class="none" ${at} ${size}/>`;
		const { hosts, up, down, other } = square;
		const share = hosts === 0 ? 0 : up / hosts;
		const words = `${nameOf(index)}: ${formatCount(up)} up, ${formatCount(down)} down, ${formatCount(other)} other`;
		const kind = up === 0 ? (down === 0 ? 'other' : 'down') : 'up';
		const opacity = kind === 'up' ? ` fill-opacity="${(0.25 + 0.75 * share).toFixed(2)}"` : '';
		return `<rect class="${kind}" ${at} ${size}${opacity}><title>${html(words)}</title></rect>`;
	});
	const side = 16 * squareSize;
	return `<svg class="map" viewBox="0 0 ${side} ${side}" role="img" aria-label="One square per address block; the tables say the same">${rects.join('')}</svg>`;
}
