/**
 * How bars are painted. The end of a chunk is a colour and a mark, its kind a pattern, so that nothing is said by
 * colour alone: what failed is crossed, what is open has an arrow, what is late has dots, what was cancelled is hollow;
 * what was asked again is hatched, and a hedge has a frame. Until every probe was sent a bar is full, behind that paler.
 */
import type { ChunkEnd } from '../../../shared/dashboard-api.ts';
import type { Bar } from './binning.ts';

/** Colours of the theme, as a canvas takes them. */
export interface Palette {
	readonly ends: Readonly<Record<ChunkEnd, string>>;
	readonly surface: string;
	readonly stripe: string;
	readonly line: string;
	readonly text: string;
	readonly muted: string;
	readonly accent: string;
	readonly font: string;
}

/** @param colorOf the value of a custom property of styles/tokens.css */
export function paletteOf(colorOf: (name: `--${string}`) => string): Palette {
	return {
		ends: {
			ok: colorOf('--fill-up'),
			open: colorOf('--fill-accent'),
			failed: colorOf('--fill-down'),
			late: colorOf('--fill-error'),
			cancelled: colorOf('--fill-denied'),
		},
		surface: colorOf('--color-surface'),
		stripe: colorOf('--color-inset'),
		line: colorOf('--color-border-soft'),
		text: colorOf('--color-text'),
		muted: colorOf('--color-muted'),
		accent: colorOf('--color-accent'),
		font: `11px ${colorOf('--font-sans')}`,
	};
}

/** Below these, marks would only blur. */
const kindPxMin = 5;
const sentPxMin = 8;
const markPxMin = 12;
const markRowPxMin = 8;
const hatchPx = 5;

export interface Rect {
	readonly leftPx: number;
	readonly topPx: number;
	readonly widthPx: number;
	readonly heightPx: number;
}

/** Gathers what has one colour, so that a picture of thousands of bars takes some dozen strokes of the brush. */
export class Brushes {
	readonly full: Record<ChunkEnd, Rect[]> = { ok: [], open: [], failed: [], late: [], cancelled: [] };
	readonly pale: Record<ChunkEnd, Rect[]> = { ok: [], open: [], failed: [], late: [], cancelled: [] };
	readonly sentMarks: Rect[] = [];
	readonly hatched: Rect[] = [];
	readonly framed: Rect[] = [];
	readonly notched: Rect[] = [];
	readonly crossed: Rect[] = [];
	readonly arrows: Rect[] = [];
	readonly dotted: Rect[] = [];

	/** @param sentPx where the last probe left; `undefined` where it is not known */
	add(bar: Bar, topPx: number, heightPx: number, sentPx: number | undefined): void {
		const widthPx = bar.widthPx > 3 ? bar.widthPx - 1 : bar.widthPx;
		const rect: Rect = { leftPx: bar.leftPx, topPx, widthPx, heightPx };
		const isSentSeen = sentPx !== undefined && bar.widthPx >= sentPxMin && bar.end !== 'cancelled';
		if (isSentSeen) {
			const sentWidthPx = Math.max(0, Math.min(widthPx, sentPx - bar.leftPx));
			this.full[bar.end].push({ ...rect, widthPx: sentWidthPx });
			this.pale[bar.end].push({
				...rect,
				leftPx: bar.leftPx + sentWidthPx,
				widthPx: widthPx - sentWidthPx,
			});
			this.sentMarks.push({ ...rect, leftPx: bar.leftPx + sentWidthPx - 1, widthPx: 1 });
		} else {
			(bar.end === 'cancelled' && widthPx >= kindPxMin ? this.pale : this.full)[bar.end].push(rect);
		}
		if (bar.kind !== 'first') {
			if (widthPx < kindPxMin) this.notched.push({ ...rect, heightPx: Math.min(2, heightPx) });
			else (bar.kind === 'again' ? this.hatched : this.framed).push(rect);
		}
		if (widthPx < markPxMin || heightPx < markRowPxMin) return;
		if (bar.end === 'failed') this.crossed.push(rect);
		if (bar.end === 'open') this.arrows.push(rect);
		if (bar.end === 'late') this.dotted.push(rect);
	}

	paint(context: CanvasRenderingContext2D, palette: Palette): void {
		for (const [rects, alpha] of [
			[this.full, 1],
			[this.pale, 0.5],
		] as const) {
			context.globalAlpha = alpha;
			for (const [end, ofEnd] of Object.entries(rects) as [ChunkEnd, Rect[]][]) {
				fill(context, palette.ends[end], ofEnd);
			}
		}
		context.globalAlpha = 1;
		fill(context, palette.text, this.sentMarks);
		fill(context, palette.text, this.notched);
		strokeHatches(context, palette, this.hatched);
		strokeFrames(context, palette.text, this.framed, 1.5);
		strokeFrames(context, palette.ends.cancelled, this.pale.cancelled, 1);
		strokeCrosses(context, palette, this.crossed);
		strokeArrows(context, palette, this.arrows);
		fill(context, palette.surface, this.dotted.flatMap(dotsIn));
	}
}

function fill(context: CanvasRenderingContext2D, color: string, rects: readonly Rect[]): void {
	if (rects.length === 0) return;
	context.fillStyle = color;
	for (const { leftPx, topPx, widthPx, heightPx } of rects)
		context.fillRect(leftPx, topPx, widthPx, heightPx);
}

function strokeFrames(
	context: CanvasRenderingContext2D,
	color: string,
	rects: readonly Rect[],
	linePx: number,
): void {
	if (rects.length === 0) return;
	context.strokeStyle = color;
	context.lineWidth = linePx;
	const inset = linePx / 2;
	for (const { leftPx, topPx, widthPx, heightPx } of rects) {
		context.strokeRect(leftPx + inset, topPx + inset, widthPx - linePx, heightPx - linePx);
	}
}

function strokeHatches(context: CanvasRenderingContext2D, palette: Palette, rects: readonly Rect[]): void {
	if (rects.length === 0) return;
	context.strokeStyle = palette.text;
	context.lineWidth = 1;
	context.globalAlpha = 0.75;
	context.beginPath();
	for (const { leftPx, topPx, widthPx, heightPx } of rects) {
		for (let x = leftPx - heightPx; x < leftPx + widthPx; x += hatchPx) {
			// A line upwards to the right, cut at both sides of the bar.
			const fromX = Math.max(x, leftPx);
			const toX = Math.min(x + heightPx, leftPx + widthPx);
			if (toX <= fromX) continue;
			context.moveTo(fromX, topPx + heightPx - (fromX - x));
			context.lineTo(toX, topPx + heightPx - (toX - x));
		}
	}
	context.stroke();
	context.globalAlpha = 1;
}

/** In the surface's colour on the bar's own: seen on every fill, in both themes. */
function strokeCrosses(context: CanvasRenderingContext2D, palette: Palette, rects: readonly Rect[]): void {
	if (rects.length === 0) return;
	context.beginPath();
	for (const { leftPx, topPx, widthPx, heightPx } of rects) {
		const x = leftPx + widthPx - 7;
		const y = topPx + heightPx / 2;
		context.moveTo(x - 3, y - 3);
		context.lineTo(x + 3, y + 3);
		context.moveTo(x + 3, y - 3);
		context.lineTo(x - 3, y + 3);
	}
	strokeMark(context, palette);
}

function strokeArrows(context: CanvasRenderingContext2D, palette: Palette, rects: readonly Rect[]): void {
	if (rects.length === 0) return;
	context.beginPath();
	for (const { leftPx, topPx, widthPx, heightPx } of rects) {
		const x = leftPx + widthPx - 3;
		const y = topPx + heightPx / 2;
		context.moveTo(x - 3, y - 3);
		context.lineTo(x, y);
		context.lineTo(x - 3, y + 3);
	}
	strokeMark(context, palette);
}

function dotsIn({ leftPx, topPx, widthPx, heightPx }: Rect): Rect[] {
	const y = topPx + heightPx / 2 - 1;
	return [11, 7.5, 4].map((fromEndPx) => ({
		leftPx: leftPx + widthPx - fromEndPx,
		topPx: y,
		widthPx: 2,
		heightPx: 2,
	}));
}

function strokeMark(context: CanvasRenderingContext2D, palette: Palette): void {
	context.strokeStyle = palette.surface;
	context.lineWidth = 2;
	context.stroke();
}
