/**
 * Which part of the run's time a time line shows. A view is a length and a right edge; without a right edge it follows
 * the run, so that "now" stays at the right. All times are ms since the start of the run's process.
 */

/** From one time to a later one. */
export interface TimeSpan {
	readonly fromMs: number;
	readonly toMs: number;
}

export interface TimeView {
	/** how much is shown; Infinity: everything that is held */
	readonly spanMs: number;
	/** the right edge; `null` follows the run */
	readonly toMs: number | null;
}

/** A chunk lasts for tens of ms and more: below this there is nothing to see. */
export const spanMsMin = 5;

export const wholeView: TimeView = { spanMs: Number.POSITIVE_INFINITY, toMs: null };

/** What a view shows of what is held. Never empty. */
export function shownOf(view: TimeView, held: TimeSpan): TimeSpan {
	const heldMs = Math.max(spanMsMin, held.toMs - held.fromMs);
	const spanMs = Math.max(spanMsMin, Math.min(view.spanMs, heldMs));
	const toMs = Math.max(view.toMs ?? held.toMs, held.fromMs + spanMs);
	return { fromMs: toMs - spanMs, toMs };
}

/** The same picture, which no longer moves. */
export function pausedView(view: TimeView, held: TimeSpan): TimeView {
	const shown = shownOf(view, held);
	return { spanMs: shown.toMs - shown.fromMs, toMs: shown.toMs };
}

/**
 * Shows `factor` times as much. A view that follows goes on to follow.
 * @param anchor what stays in its place: from 0, the left edge, to 1, the right one
 */
export function zoomedView(view: TimeView, held: TimeSpan, factor: number, anchor: number): TimeView {
	const shown = shownOf(view, held);
	const heldMs = Math.max(spanMsMin, held.toMs - held.fromMs);
	const spanMs = Math.max(spanMsMin, (shown.toMs - shown.fromMs) * factor);
	if (spanMs >= heldMs) return view.toMs === null ? wholeView : pausedView(wholeView, held);
	if (view.toMs === null) return { spanMs, toMs: null };
	const anchorMs = shown.fromMs + (shown.toMs - shown.fromMs) * anchor;
	return { spanMs, toMs: within(anchorMs + spanMs * (1 - anchor), held, spanMs) };
}

/** Moves by a time, to the right when it is positive; never beyond what is held. The view no longer follows. */
export function pannedView(view: TimeView, held: TimeSpan, byMs: number): TimeView {
	const shown = shownOf(view, held);
	const spanMs = shown.toMs - shown.fromMs;
	return { spanMs, toMs: within(shown.toMs + byMs, held, spanMs) };
}

/** Shows what lies between two times, in whichever order. */
export function viewOf(aMs: number, bMs: number, held: TimeSpan): TimeView {
	const spanMs = Math.max(spanMsMin, Math.abs(bMs - aMs));
	return { spanMs, toMs: within(Math.max(aMs, bMs), held, spanMs) };
}

/** The least move after which a span is in view, with a little room at the sides. */
export function revealed(view: TimeView, held: TimeSpan, span: TimeSpan): TimeView {
	const shown = shownOf(view, held);
	if (span.fromMs >= shown.fromMs && span.toMs <= shown.toMs) return view;
	const roomMs = (shown.toMs - shown.fromMs) / 20;
	const byMs =
		span.fromMs < shown.fromMs || span.toMs - span.fromMs > shown.toMs - shown.fromMs
			? span.fromMs - roomMs - shown.fromMs
			: span.toMs + roomMs - shown.toMs;
	return pannedView(view, held, byMs);
}

function within(toMs: number, held: TimeSpan, spanMs: number): number {
	return Math.max(held.fromMs + spanMs, Math.min(toMs, held.toMs));
}
