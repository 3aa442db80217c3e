/** The whole of what is held, below the time line: a brush on it says what is in view. Keys do the same above. */
import { type ReadonlySignal, type Signal, useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { sharpContext } from '../../parts/canvas.ts';
import { useElementSize } from '../../parts/element-size.ts';
import { usePainted } from '../../parts/painted.ts';
import { theme, themeColor } from '../../state/theme.ts';
import { density } from './binning.ts';
import { paletteOf } from './brushes.ts';
import { TimeScale } from './geometry.ts';
import type { HeldTasks } from './held-tasks.ts';
import { paintOverview } from './paint-overview.ts';
import { pannedView, shownOf, type TimeView, viewOf } from './time-view.ts';

const heightPx = 48;
const binPx = 2;
/** An edge of the brush can be taken from so far away. */
const edgePx = 8;

interface OverviewProps {
	readonly tasks: ReadonlySignal<HeldTasks>;
	readonly view: Signal<TimeView>;
}

export function Overview({ tasks, view }: OverviewProps) {
	const column = useRef<HTMLDivElement>(null);
	const canvas = useRef<HTMLCanvasElement>(null);
	const size = useElementSize(column);
	const counted = useComputed(() => {
		const { lanes, held, nowMs } = tasks.value;
		const bins = Math.max(1, Math.floor(size.value.widthPx / binPx));
		return density(
			lanes.flatMap((lane) => lane.rows),
			held,
			bins,
			nowMs,
		);
	});

	usePainted(
		() => {
			void [counted.value, view.value, theme.value];
		},
		() => {
			const { widthPx } = size.peek();
			if (canvas.current === null || widthPx === 0) return;
			const { held } = tasks.peek();
			paintOverview(sharpContext(canvas.current, widthPx, heightPx), paletteOf(themeColor), {
				density: counted.peek(),
				scale: new TimeScale({ fromMs: held.fromMs, toMs: Math.max(held.toMs, held.fromMs + 1) }, widthPx),
				shown: shownOf(view.peek(), held),
				widthPx,
				heightPx,
			});
		},
	);

	useEffect(() => listenToBrush(canvas.current!, tasks, view), []);

	return (
		<div class="timeline-overview" ref={column} aria-hidden="true">
			<canvas ref={canvas} style={{ height: `${heightPx}px` }} />
		</div>
	);
}

/** Inside the brush it is moved, at its edges made longer or shorter, elsewhere begun anew. */
function listenToBrush(
	element: HTMLCanvasElement,
	tasks: ReadonlySignal<HeldTasks>,
	view: Signal<TimeView>,
): () => void {
	const end = new AbortController();
	const { signal } = end;
	let drag: ((atMs: number) => void) | undefined;

	const read = (event: PointerEvent) => {
		const { held } = tasks.peek();
		const rect = element.getBoundingClientRect();
		const scale = new TimeScale(held, rect.width);
		const xPx = Math.max(0, Math.min(rect.width, event.clientX - rect.left));
		return { held, scale, xPx, atMs: scale.msOf(xPx) };
	};

	const down = (event: PointerEvent) => {
		if (event.button !== 0) return;
		const { held, scale, xPx, atMs } = read(event);
		if (held.toMs <= held.fromMs) return;
		element.setPointerCapture(event.pointerId);
		const shown = shownOf(view.peek(), held);
		const leftPx = scale.pxOf(shown.fromMs);
		const rightPx = scale.pxOf(shown.toMs);
		const brushFrom = (fixedMs: number) => (movedMs: number) => {
			view.value = viewOf(fixedMs, movedMs, tasks.peek().held);
		};
		if (Math.abs(xPx - leftPx) <= edgePx && shown.fromMs > held.fromMs) drag = brushFrom(shown.toMs);
		else if (Math.abs(xPx - rightPx) <= edgePx && shown.toMs < held.toMs) drag = brushFrom(shown.fromMs);
		else if (xPx > leftPx && xPx < rightPx && shown.toMs - shown.fromMs < held.toMs - held.fromMs) {
			let lastMs = atMs;
			drag = (movedMs) => {
				view.value = pannedView(view.peek(), tasks.peek().held, movedMs - lastMs);
				lastMs = movedMs;
			};
		} else drag = brushFrom(atMs);
	};
	const stop = () => {
		drag = undefined;
	};
	element.addEventListener('pointerdown', down, { signal });
	element.addEventListener('pointermove', (event) => drag?.(read(event).atMs), { signal });
	element.addEventListener('pointerup', stop, { signal });
	element.addEventListener('pointercancel', stop, { signal });
	return () => end.abort();
}
