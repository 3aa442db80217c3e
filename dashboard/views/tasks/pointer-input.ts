/** What wheels, mice and fingers mean for a time line: zoom about a place, drag, point at, choose. */

export interface PointerActions {
	/** @param anchor from 0, the left edge, to 1 */
	zoom(factor: number, anchor: number): void;
	/** by so many px: to the right and down when they are positive */
	drag(rightPx: number, downPx: number): void;
	/** counted from the top left corner */
	point(xPx: number, yPx: number): void;
	choose(xPx: number, yPx: number): void;
	leave(): void;
}

/** A finger that stays within so many px has chosen, not dragged. */
const dragPxMin = 4;
/** Of a wheel: one notch of most is 100 px, and zooms by a quarter. */
const zoomPerPx = 0.0022;

/** @returns what takes all of it away */
export function listenToPointers(element: HTMLElement, actions: PointerActions): () => void {
	const end = new AbortController();
	const { signal } = end;
	const fingers = new Map<number, { x: number; y: number }>();
	let isDragging = false;

	const placeOf = (event: MouseEvent) => {
		const rect = element.getBoundingClientRect();
		return { x: event.clientX - rect.left, y: event.clientY - rect.top, width: rect.width };
	};

	const wheel = (event: WheelEvent) => {
		event.preventDefault();
		const { x, width } = placeOf(event);
		const linePx = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
		const across = (event.shiftKey ? event.deltaX + event.deltaY : event.deltaX) * linePx;
		const along = event.shiftKey ? 0 : event.deltaY * linePx;
		if (Math.abs(across) > Math.abs(along)) actions.drag(-across, 0);
		else actions.zoom(Math.exp(along * zoomPerPx * (event.ctrlKey ? 4 : 1)), x / width);
	};

	const down = (event: PointerEvent) => {
		if (event.button !== 0) return;
		element.setPointerCapture(event.pointerId);
		fingers.set(event.pointerId, placeOf(event));
		if (fingers.size === 1) isDragging = false;
	};

	const move = (event: PointerEvent) => {
		const now = placeOf(event);
		const before = fingers.get(event.pointerId);
		if (before === undefined) {
			if (event.pointerType !== 'touch') actions.point(now.x, now.y);
			return;
		}
		const moved = Math.hypot(now.x - before.x, now.y - before.y);
		if (!isDragging && fingers.size === 1 && moved < dragPxMin) return;
		isDragging = true;
		const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
		if (other === undefined) actions.drag(now.x - before.x, now.y - before.y);
		else pinch(other, before, now);
		fingers.set(event.pointerId, now);
	};

	const pinch = (
		still: { x: number },
		before: { x: number },
		now: { readonly x: number; readonly width: number },
	) => {
		const wasPx = Math.max(20, Math.abs(before.x - still.x));
		const isPx = Math.max(20, Math.abs(now.x - still.x));
		actions.zoom(wasPx / isPx, (still.x + now.x) / 2 / now.width);
	};

	const up = (event: PointerEvent) => {
		if (!fingers.delete(event.pointerId)) return;
		if (fingers.size === 0 && !isDragging) {
			const { x, y } = placeOf(event);
			actions.choose(x, y);
		}
	};

	element.addEventListener('wheel', wheel, { passive: false, signal });
	element.addEventListener('pointerdown', down, { signal });
	element.addEventListener('pointermove', move, { signal });
	element.addEventListener('pointerup', up, { signal });
	element.addEventListener('pointercancel', (event) => fingers.delete(event.pointerId), { signal });
	element.addEventListener('pointerleave', () => actions.leave(), { signal });
	return () => end.abort();
}
