/** The task stream as it is shown: what the live stream holds, filtered and laid out, standing still while paused. */
import { type ReadonlySignal, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { liveChunks, liveRun } from '../../state/live.ts';
import { type ChunkCounts, countChunks } from './chunk-words.ts';
import { type Lane, LaneLayout } from './lanes.ts';
import { passes, type TaskFilter } from './task-filter.ts';
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
	const layout = useRef(new LaneLayout());
	const wanted = useRef(filter);
	const key = JSON.stringify(filter);

	const take = () => {
		const { byId, skipped } = liveChunks.peek();
		layout.current.sync(byId.values(), (chunk) => passes(wanted.current, chunk));
		const { lanes, extent } = layout.current;
		const nowMs = Math.max(extent.toMs, liveRun.peek()?.elapsedMs ?? 0);
		tasks.value = {
			lanes,
			held: { fromMs: extent.fromMs, toMs: nowMs },
			nowMs,
			all: countChunks(byId.values()),
			shown: countChunks(chunksOf(lanes)),
			skipped,
		};
	};

	useSignalEffect(() => {
		void liveChunks.value;
		void liveRun.value;
		if (view.value.toMs === null) take();
	});
	useEffect(() => {
		wanted.current = filter;
		layout.current = new LaneLayout();
		take();
	}, [key]);
	return tasks;
}

export function* chunksOf(lanes: readonly Lane[]) {
	for (const lane of lanes) for (const row of lane.rows) yield* row;
}
