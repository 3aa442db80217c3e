/**
 * A chart by uPlot, as wide as its place and in the colours of the theme. It is a picture with a summary in words, and
 * takes no focus; what it shows stands as numbers beside it.
 */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { AlignedData, Axis, Options } from 'uplot';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme, themeColor } from '../state/theme.ts';
import './chart.css';

interface ChartProps {
	/** in words, with its most important numbers */
	readonly summary: string;
	readonly heightPx: number;
	/**
	 * Of uPlot, without its size. Called anew when the theme changes, and whenever the function itself is another one:
	 * keep it with `useCallback` or outside of the component. Colours come from `themeColor`.
	 */
	readonly options: () => Omit<Options, 'width' | 'height'>;
	/** painted whenever it is another object */
	readonly data: AlignedData;
}

export function Chart({ summary, heightPx, options, data }: ChartProps) {
	const place = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot>(undefined);
	const newest = useRef(data);
	newest.current = data;
	const themeNow = theme.value;

	useEffect(() => {
		const element = place.current!;
		const width = Math.max(element.clientWidth, 40);
		const made = new uPlot({ ...options(), width, height: heightPx }, newest.current, element);
		plot.current = made;
		const observer = new ResizeObserver(() => {
			if (element.clientWidth > 0 && element.clientWidth !== made.width) {
				made.setSize({ width: element.clientWidth, height: heightPx });
			}
		});
		observer.observe(element);
		return () => {
			observer.disconnect();
			made.destroy();
			plot.current = undefined;
		};
		// A canvas is painted anew in another theme.
	}, [options, heightPx, themeNow]);

	// In the frame that draws the numbers as well: an effect after it would ask for another one.
	useLayoutEffect(() => {
		if (plot.current?.data !== data) plot.current?.setData(data);
	}, [data]);

	return <div class="chart" ref={place} role="img" aria-label={summary} />;
}

/** The room of an axis below a chart for one line of figures. */
export const axisBelowPx = 30;

/** An axis in the theme's colours. */
export function axisOf(axis: Axis): Axis {
	const line = { stroke: themeColor('--color-border-soft'), width: 1 };
	return {
		stroke: themeColor('--color-muted'),
		font: `11px ${themeColor('--font-sans')}`,
		grid: line,
		ticks: { ...line, size: 4 },
		...axis,
	};
}

/** Paths of a series of bars, close to each other. */
export const drawBars = uPlot.paths.bars!({ size: [0.92, 60], align: 0 });
