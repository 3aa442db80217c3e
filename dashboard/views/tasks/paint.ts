/** The time line as a picture: lanes, marks of the time, bars, and frames around those that are marked. */
import type { ChunkEnd, ChunkKind, LiveChunk } from '../../../shared/dashboard-api.ts';
import { type Bar, eachBar } from './binning.ts';
import { Brushes, type Palette, type Rect } from './brushes.ts';
import type { LanePlace, TimeScale } from './geometry.ts';
import type { TimeTick } from './time-ticks.ts';
import type { TimeSpan } from './time-view.ts';

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
