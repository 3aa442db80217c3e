/** The time line: a lane per worker on a canvas, moved by wheel, fingers, mouse and keys. */
import { type ReadonlySignal, type Signal, useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { LiveChunk } from '../../../shared/dashboard-api.ts';
import { sharpContext } from '../../parts/canvas.ts';
import { useElementSize } from '../../parts/element-size.ts';
import { usePainted } from '../../parts/painted.ts';
import { SafeText } from '../../parts/safe-text.tsx';
import { theme, themeColor } from '../../state/theme.ts';
import { paletteOf } from './brushes.ts';
import { ChunkTip } from './chunk-tip.tsx';
import { chunkSentence } from './chunk-words.ts';
import { chunkAtPoint, type LanePlaces, placeLanes, TimeScale, visiblePlaces } from './geometry.ts';
import type { HeldTasks } from './held-tasks.ts';
import { LaneNames } from './lane-names.tsx';
import { paintTimeline } from './paint.ts';
import { listenToPointers } from './pointer-input.ts';
import { newestChunk, stepFrom } from './steps.ts';
import { timeTicks } from './time-ticks.ts';
import { pannedView, revealed, shownOf, type TimeView, wholeView, zoomedView } from './time-view.ts';
import './timeline.css';

const axisPx = 24;
const tickPx = 90;

interface TimelineProps {
	readonly tasks: ReadonlySignal<HeldTasks>;
	readonly view: Signal<TimeView>;
	readonly selected: Signal<LiveChunk | undefined>;
	/** of a worker, by LiveWorker.index */
	readonly nameOf: (worker: number) => string;
	/** what the picture shows, in words */
	readonly summaryId: string;
	readonly helpId: string;
}

export function Timeline({ tasks, view, selected, nameOf, summaryId, helpId }: TimelineProps) {
	const scroller = useRef<HTMLDivElement>(null);
	const column = useRef<HTMLDivElement>(null);
	const canvas = useRef<HTMLCanvasElement>(null);
	const size = useElementSize(column);
	const heightMaxPx = useRoomPx();
	const scrolledPx = useSignal(0);
	const pointed = useSignal<{ chunk: LiveChunk; xPx: number; yPx: number } | undefined>(undefined);
	const pointedChunk = useComputed(() => pointed.value?.chunk);
	const said = useSignal('');
	const places = useComputed<LanePlaces>(() => placeLanes(tasks.value.lanes, heightMaxPx.value - axisPx));
	const heightPx = Math.min(heightMaxPx.value, axisPx + Math.max(places.value.heightPx, 40));
	const chunkOf = (xPx: number, yPx: number) => {
		const { held, nowMs } = tasks.peek();
		const scale = new TimeScale(shownOf(view.peek(), held), size.peek().widthPx);
		return yPx < axisPx
			? undefined
			: chunkAtPoint(places.peek().places, xPx, yPx - axisPx + scrolledPx.peek(), scale, nowMs);
	};

	usePainted(
		() => {
			void [tasks.value, view.value, size.value, scrolledPx.value, pointedChunk.value, selected.value];
			void [places.value, theme.value];
		},
		() => {
			const { widthPx } = size.peek();
			const element = canvas.current;
			if (element === null || widthPx === 0) return;
			const { held, nowMs } = tasks.peek();
			const shown = shownOf(view.peek(), held);
			const top = scrolledPx.peek();
			paintTimeline(sharpContext(element, widthPx, heightPx), paletteOf(themeColor), {
				places: visiblePlaces(places.peek().places, top, top + heightPx),
				scrolledPx: top,
				shown,
				scale: new TimeScale(shown, widthPx),
				nowMs,
				ticks: timeTicks(shown, Math.max(1, Math.floor(widthPx / tickPx))),
				axisPx,
				widthPx,
				heightPx,
				marked: [selected.peek(), pointedChunk.peek()],
			});
		},
	);

	useEffect(
		() =>
			listenToPointers(canvas.current!, {
				zoom(factor, anchor) {
					view.value = zoomedView(view.peek(), tasks.peek().held, factor, anchor);
				},
				drag(rightPx, downPx) {
					const { held } = tasks.peek();
					const shown = shownOf(view.peek(), held);
					const msPerPx = (shown.toMs - shown.fromMs) / Math.max(1, size.peek().widthPx);
					if (rightPx !== 0) view.value = pannedView(view.peek(), held, -rightPx * msPerPx);
					if (downPx !== 0) scroller.current!.scrollTop -= downPx;
					pointed.value = undefined;
				},
				point(xPx, yPx) {
					const chunk = chunkOf(xPx, yPx);
					const before = pointed.peek();
					if (chunk === undefined && before === undefined) return;
					pointed.value = chunk && { chunk, xPx, yPx };
				},
				choose(xPx, yPx) {
					selected.value = chunkOf(xPx, yPx);
					pointed.value = undefined;
				},
				leave() {
					pointed.value = undefined;
				},
			}),
		[],
	);

	// Whatever has the focus: it may cover what somebody wants to see.
	useEffect(() => {
		const onEscape = ({ key }: KeyboardEvent) => {
			if (key === 'Escape') pointed.value = undefined;
		};
		addEventListener('keydown', onEscape);
		return () => removeEventListener('keydown', onEscape);
	}, [pointed]);

	const choose = (chunk: LiveChunk | undefined) => {
		if (chunk === undefined) return;
		const { held, nowMs } = tasks.peek();
		selected.value = chunk;
		said.value = chunkSentence(chunk, nameOf(chunk.worker), nowMs);
		view.value = revealed(view.peek(), held, { fromMs: chunk.startMs, toMs: chunk.endMs ?? nowMs });
		const place = places.peek().places.find(({ lane }) => lane.worker === chunk.worker);
		if (place === undefined) return;
		const element = scroller.current!;
		const roomPx = heightPx - axisPx;
		if (place.topPx < element.scrollTop) element.scrollTop = place.topPx;
		const overPx = place.topPx + place.heightPx - element.scrollTop - roomPx;
		if (overPx > 0) element.scrollTop += overPx;
	};

	const onKeyDown = (event: KeyboardEvent) => {
		const { held, lanes } = tasks.peek();
		const shown = shownOf(view.peek(), held);
		const fifthMs = (shown.toMs - shown.fromMs) / 5;
		const from = selected.peek();
		const step = (direction: 'left' | 'right' | 'up' | 'down') =>
			choose(from === undefined ? newestChunk(lanes) : stepFrom(lanes, from, direction));
		const actions: Readonly<Record<string, () => void>> = {
			'+': () => {
				view.value = zoomedView(view.peek(), held, 0.7, 0.5);
			},
			'-': () => {
				view.value = zoomedView(view.peek(), held, 1 / 0.7, 0.5);
			},
			Home: () => {
				view.value = wholeView;
			},
			End: () => {
				view.value = { spanMs: view.peek().spanMs, toMs: null };
			},
			ArrowLeft: () => {
				if (event.shiftKey) view.value = pannedView(view.peek(), held, -fifthMs);
				else step('left');
			},
			ArrowRight: () => {
				if (event.shiftKey) view.value = pannedView(view.peek(), held, fifthMs);
				else step('right');
			},
			ArrowUp: () => step('up'),
			ArrowDown: () => step('down'),
			Escape: () => {
				selected.value = undefined;
			},
		};
		const action = actions[event.key === '=' ? '+' : event.key === '−' ? '-' : event.key];
		if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
		event.preventDefault();
		action();
	};

	return (
		<div class="timeline">
			<section
				class="timeline-scroll"
				ref={scroller}
				aria-label="Lanes of workers"
				tabIndex={places.value.heightPx + axisPx > heightPx ? 0 : -1}
				style={{ height: `${heightPx}px` }}
				onScroll={(event) => {
					scrolledPx.value = event.currentTarget.scrollTop;
					pointed.value = undefined;
				}}
			>
				<div class="timeline-inner" style={{ height: `${axisPx + places.value.heightPx}px` }}>
					<LaneNames
						places={visiblePlaces(places.value.places, scrolledPx.value, scrolledPx.value + heightPx)}
						axisPx={axisPx}
						nameOf={nameOf}
					/>
					<div class="timeline-column" ref={column}>
						<div
							class="timeline-picture"
							// biome-ignore lint/a11y/noNoninteractiveTabindex: keys move it
							tabIndex={0}
							role="application"
							aria-roledescription="time line"
							aria-label="Chunks by worker and time"
							aria-describedby={`${summaryId} ${helpId}`}
							onKeyDown={onKeyDown}
						>
							<canvas ref={canvas} style={{ height: `${heightPx}px` }} />
						</div>
					</div>
				</div>
			</section>
			{pointed.value !== undefined && (
				<ChunkTip
					chunk={pointed.value.chunk}
					workerName={nameOf(pointed.value.chunk.worker)}
					nowMs={tasks.value.nowMs}
					near={{ element: canvas, xPx: pointed.value.xPx, yPx: pointed.value.yPx }}
				/>
			)}
			<p class="visually-hidden" role="status">
				<SafeText text={said.value} />
			</p>
		</div>
	);
}

/** How high the time line may become: most of what the window has below its heading. */
function useRoomPx(): ReadonlySignal<number> {
	const room = useSignal(roomPx());
	useEffect(() => {
		const read = () => {
			room.value = roomPx();
		};
		addEventListener('resize', read);
		return () => removeEventListener('resize', read);
	}, [room]);
	return room;
}

function roomPx(): number {
	return Math.max(240, Math.min(900, innerHeight - 360));
}
