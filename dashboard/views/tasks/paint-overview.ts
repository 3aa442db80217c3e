/** The whole of what is held, in small: how much was under way, where something went wrong, and what is in view. */
import type { Density } from './binning.ts';
import type { Palette } from './brushes.ts';
import type { TimeScale } from './geometry.ts';
import type { TimeSpan } from './time-view.ts';

export interface OverviewPicture {
	readonly density: Density;
	/** of what is held */
	readonly scale: TimeScale;
	readonly shown: TimeSpan;
	readonly widthPx: number;
	readonly heightPx: number;
}

const barPxMin = 2;

export function paintOverview(
	context: CanvasRenderingContext2D,
	palette: Palette,
	picture: OverviewPicture,
): void {
	const { density, widthPx, heightPx, scale, shown } = picture;
	context.clearRect(0, 0, widthPx, heightPx);
	const { counts, ends } = density;
	const binPx = widthPx / counts.length;
	const most = counts.reduce((a, b) => Math.max(a, b), 1);
	counts.forEach((count, i) => {
		const end = ends[i];
		const isBad = end === 'failed' || end === 'late';
		if (count === 0 && !isBad) return;
		const barPx = Math.max(barPxMin, (count / most) * (heightPx - 6));
		context.fillStyle = palette.ends.ok;
		context.fillRect(i * binPx, heightPx - barPx, binPx, barPx);
		if (!isBad) return;
		// What went wrong hangs from above, where nothing else is.
		context.fillStyle = palette.ends[end];
		context.fillRect(i * binPx, 0, Math.max(binPx, 1.5), 5);
	});
	const leftPx = scale.pxOf(shown.fromMs);
	const rightPx = scale.pxOf(shown.toMs);
	context.globalAlpha = 0.6;
	context.fillStyle = palette.surface;
	context.fillRect(0, 0, leftPx, heightPx);
	context.fillRect(rightPx, 0, widthPx - rightPx, heightPx);
	context.globalAlpha = 1;
	context.strokeStyle = palette.accent;
	context.lineWidth = 1.5;
	context.strokeRect(
		Math.max(1, leftPx),
		1,
		Math.max(2, Math.min(widthPx - 1, rightPx) - Math.max(1, leftPx)),
		heightPx - 2,
	);
}
