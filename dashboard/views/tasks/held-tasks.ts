/** The task stream as it is shown: what the live stream holds, filtered and laid out, standing still while paused. */
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { useSignalEffectNow } from '../../parts/signal-effect.ts';
import { liveChunks, liveRun } from '../../state/live.ts';
import { type ChunkCounts, countChunks } from './chunk-words.ts';
import { type Lane, LaneLayout } from './lanes.ts';
import { isOpen, passes, type TaskFilter } from './task-filter.ts';
import type { TimeSpan, TimeView } from './time-view.ts';

export interface HeldTasks {
	readonly lanes: readonly Lane[];
	/** from the first chunk to now */
	readonly held: TimeSpan;
	/** where those end that are open */
	readonly nowMs: number;
	/** of all chunks, and of those that pass the filter */
	readonly all: ChunkCounts;
	readonly shown: ChunkCounts;
	/** chunks that the page was not told of */
	readonly skipped: number;
}

const nothing: ChunkCounts = countChunks([]);

/** Of the time, at most this part goes into laying out: with many chunks it is done less often. */
const layoutPartMax = 0.05;
/** But once in this time: the machine may have slept in the middle of the last one. */
const layoutWaitMsMax = 5_000;

/**
 * Lays out anew what has changed, while the view follows the run. What has been paused stays as it was, even when the
 * live stream has forgotten it; another filter looks at what there is now.
 */
export function useHeldTasks(filter: TaskFilter, view: ReadonlySignal<TimeView>): ReadonlySignal<HeldTasks> {
	const tasks = useSignal<HeldTasks>({
		lanes: [],
		held: { fromMs: 0, toMs: 0 },
		nowMs: 0,
		all: nothing,
		shown: nothing,
		skipped: 0,
	});
	const isFollowing = useComputed(() => view.value.toMs === null);
	const layout = useRef(new LaneLayout());
	const wanted = useRef(filter);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const nextAtMs = useRef(0);
	const key = JSON.stringify(filter);

	const take = useCallback(() => {
		clearTimeout(timer.current);
		timer.current = undefined;
		const startedMs = performance.now();
		tasks.value = layOut(layout.current, wanted.current);
		const tookMs = performance.now() - startedMs;
		nextAtMs.current = startedMs + tookMs + Math.min(tookMs / layoutPartMax, layoutWaitMsMax);
	}, [tasks]);

	useSignalEffectNow(() => {
		void [liveChunks.value, liveRun.value];
		if (!isFollowing.value || timer.current !== undefined) return;
		const waitMs = nextAtMs.current - performance.now();
		if (waitMs <= 0) take();
		else timer.current = setTimeout(take, waitMs);
	});
	useEffect(() => {
		wanted.current = JSON.parse(key) as TaskFilter;
		layout.current = new LaneLayout();
		take();
	}, [key, take]);
	useEffect(() => () => clearTimeout(timer.current), []);
	return tasks;
}

function layOut(layout: LaneLayout, filter: TaskFilter): HeldTasks {
	const { byId, skipped } = liveChunks.peek();
	layout.sync(byId.values(), (chunk) => passes(filter, chunk));
	const { lanes, extent } = layout;
	const nowMs = Math.max(extent.toMs, liveRun.peek()?.elapsedMs ?? 0);
	const all = countChunks(byId.values());
	return {
		lanes,
		held: { fromMs: extent.fromMs, toMs: nowMs },
		nowMs,
		all,
		shown: isOpen(filter) ? all : countChunks(chunksOf(lanes)),
		skipped,
	};
}

export function* chunksOf(lanes: readonly Lane[]) {
	for (const lane of lanes) for (const row of lane.rows) yield* row;
}
