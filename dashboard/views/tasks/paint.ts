/**
 * How bars are painted. The end of a chunk is a colour and a mark, its kind a pattern, so that nothing is said by
 * colour alone: what failed is crossed, what is open has an arrow, what is late has dots, what was cancelled is hollow;
 * what was asked again is hatched, and a hedge has a frame. Until every probe was sent a bar is full, behind that paler.
 */
import type { ChunkEnd, ChunkKind, LiveChunk } from '../../../shared/dashboard-api.ts';
import { type Bar, eachBar } from './binning.ts';
import type { LanePlace, TimeScale } from './geometry.ts';
import type { TimeTick } from './time-ticks.ts';
import type { TimeSpan } from './time-view.ts';

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

interface Rect {
	readonly leftPx: number;
	readonly topPx: number;
	readonly widthPx: number;
	readonly heightPx: number;
}

/** Gathers what has one colour, so that a picture of thousands of bars takes some dozen strokes of the brush. */
class Brushes {
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

export interface TimelinePicture {
	/** those in view */
	readonly places: readonly LanePlace[];
	/** of all lanes, which are scrolled by so much */
	readonly scrolledPx: number;
	readonly shown: TimeSpan;
	readonly scale: TimeScale;
	readonly nowMs: number;
	readonly ticks: readonly TimeTick[];
	/** height of the axis, above the lanes */
	readonly axisPx: number;
	readonly widthPx: number;
	readonly heightPx: number;
	/** framed */
	readonly marked: readonly (LiveChunk | undefined)[];
}

/** Paints the whole of it; the context's units are CSS pixels. */
export function paintTimeline(
	context: CanvasRenderingContext2D,
	palette: Palette,
	picture: TimelinePicture,
): void {
	const { axisPx, widthPx, heightPx, scrolledPx, scale } = picture;
	context.clearRect(0, 0, widthPx, heightPx);
	context.save();
	context.beginPath();
	context.rect(0, axisPx, widthPx, heightPx - axisPx);
	context.clip();
	context.translate(0, axisPx - scrolledPx);
	for (const { topPx, heightPx: laneHeightPx } of picture.places) {
		context.fillStyle = palette.stripe;
		context.fillRect(0, topPx, widthPx, laneHeightPx);
	}
	context.fillStyle = palette.line;
	for (const { atMs } of picture.ticks) {
		context.fillRect(Math.round(scale.pxOf(atMs)), scrolledPx, 1, heightPx);
	}
	const brushes = new Brushes();
	const marked: Rect[] = [];
	for (const place of picture.places) {
		place.lane.rows.forEach((row, i) => {
			const topPx = place.topPx + i * place.rowPx;
			const heightPx = place.rowPx > 4 ? place.rowPx - 1 : place.rowPx;
			eachBar(row, picture.shown, scale, picture.nowMs, (bar) => {
				const sentMs = bar.chunk?.sentMs ?? null;
				brushes.add(bar, topPx, heightPx, sentMs === null ? undefined : scale.pxOf(sentMs));
				if (bar.chunk !== undefined && picture.marked.some((chunk) => chunk?.id === bar.chunk?.id)) {
					marked.push({ leftPx: bar.leftPx, topPx, widthPx: bar.widthPx, heightPx });
				}
			});
		});
	}
	brushes.paint(context, palette);
	for (const { leftPx, topPx, widthPx: barPx, heightPx: rowPx } of marked) {
		context.strokeStyle = palette.text;
		context.lineWidth = 2;
		context.strokeRect(leftPx - 2, topPx - 2, Math.max(barPx, 2) + 3, rowPx + 4);
	}
	context.restore();
	paintAxis(context, palette, picture);
}

function paintAxis(
	context: CanvasRenderingContext2D,
	palette: Palette,
	{ ticks, scale, widthPx, axisPx }: TimelinePicture,
): void {
	context.font = palette.font;
	context.textBaseline = 'middle';
	for (const { atMs, label } of ticks) {
		const xPx = Math.round(scale.pxOf(atMs));
		context.fillStyle = palette.line;
		context.fillRect(xPx, axisPx - 4, 1, 4);
		context.fillStyle = palette.muted;
		const halfPx = context.measureText(label).width / 2;
		// At the edges a label moves in rather than out.
		context.fillText(label, Math.max(0, Math.min(widthPx - 2 * halfPx, xPx - halfPx)), axisPx / 2 - 1);
	}
}

/** One bar for a legend. */
export function paintSwatch(
	context: CanvasRenderingContext2D,
	palette: Palette,
	sizePx: { readonly widthPx: number; readonly heightPx: number },
	end: ChunkEnd,
	kind: ChunkKind,
): void {
	context.clearRect(0, 0, sizePx.widthPx, sizePx.heightPx);
	const brushes = new Brushes();
	const bar: Bar = { leftPx: 0, widthPx: sizePx.widthPx + 1, end, kind, chunk: undefined };
	brushes.add(bar, 0, sizePx.heightPx, end === 'ok' && kind === 'first' ? sizePx.widthPx * 0.45 : undefined);
	brushes.paint(context, palette);
}
