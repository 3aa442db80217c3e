/** Canvases as sharp as the screen. */

/**
 * Gives a canvas as many pixels as the screen has for it.
 * @returns a context whose units are CSS pixels
 */
export function sharpContext(
	canvas: HTMLCanvasElement,
	widthPx: number,
	heightPx: number,
): CanvasRenderingContext2D {
	const ratio = devicePixelRatio;
	const width = Math.max(1, Math.round(widthPx * ratio));
	const height = Math.max(1, Math.round(heightPx * ratio));
	// To set a size clears the canvas and frees its memory, even when it is the same.
	if (canvas.width !== width) canvas.width = width;
	if (canvas.height !== height) canvas.height = height;
	const context = canvas.getContext('2d')!;
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	return context;
}
