/** The task stream: what every worker was asked, when, and what became of it. */
import { useSignal } from '@preact/signals';
import { useCallback, useId, useMemo } from 'preact/hooks';
import type { LiveChunk } from '../../shared/dashboard-api.ts';
import { formatCount } from '../../shared/format.ts';
import { Card } from '../parts/card.tsx';
import { EmptyState, Loading } from '../parts/states.tsx';
import { ViewHead } from '../parts/view-head.tsx';
import { connection, liveWorkers } from '../state/live.ts';
import { route, setParams } from '../state/location.ts';
import { ChunkTable } from './tasks/chunk-table.tsx';
import { ChunkDetails } from './tasks/chunk-tip.tsx';
import { tasksSummary } from './tasks/chunk-words.ts';
import { useHeldTasks } from './tasks/held-tasks.ts';
import { Legend } from './tasks/legend.tsx';
import { Overview } from './tasks/overview.tsx';
import { type TaskFilter, taskFilterOf, taskFilterParams } from './tasks/task-filter.ts';
import { timeLabel } from './tasks/time-ticks.ts';
import { pausedView, shownOf, type TimeView, wholeView, zoomedView } from './tasks/time-view.ts';
import { Timeline } from './tasks/timeline.tsx';
import { WorkerChoice } from './tasks/worker-choice.tsx';

/** What is shown at first: long enough to see a pattern, short enough to see a chunk. */
const firstMsPerPx = 25;
const firstSpanMsMax = 30_000;

export function TasksView() {
	const { params } = route.value;
	const filter = useMemo(() => taskFilterOf(params), [params]);
	const view = useSignal<TimeView>({
		spanMs: Math.min(firstSpanMsMax, innerWidth * firstMsPerPx),
		toMs: null,
	});
	const selected = useSignal<LiveChunk | undefined>(undefined);
	const tasks = useHeldTasks(filter, view);
	const summaryId = useId();
	const helpId = useId();
	const nameOf = useCallback((worker: number) => liveWorkers.value[worker]?.name ?? `worker ${worker}`, []);
	const onFilter = (next: TaskFilter) => setParams(taskFilterParams(next), 'replace');
	const { held, all, shown, skipped, lanes, nowMs } = tasks.value;

	return (
		<>
			<ViewHead title="Tasks">
				<WorkerChoice filter={filter} onFilter={onFilter} />
			</ViewHead>
			<Legend counts={all} filter={filter} onFilter={onFilter} />
			<Card title="Time line" actions={<Controls view={view} held={held} />}>
				{all.all === 0 && <Nothing />}
				{all.all > 0 && shown.all === 0 && (
					<EmptyState title="No chunk passes the filter.">
						<button
							type="button"
							class="button"
							onClick={() => onFilter({ worker: null, kinds: [], ends: [] })}
						>
							Show all of them
						</button>
					</EmptyState>
				)}
				<div class="timeline-stack" hidden={shown.all === 0}>
					<Timeline
						tasks={tasks}
						view={view}
						selected={selected}
						nameOf={nameOf}
						summaryId={summaryId}
						helpId={helpId}
					/>
					<Overview tasks={tasks} view={view} />
				</div>
				<p class="timeline-note" id={summaryId}>
					{tasksSummary(shown, lanes.length, held.fromMs, held.toMs)}
					{skipped > 0 && ` ${formatCount(skipped)} more went by too fast to be told of.`}
				</p>
				<p class="timeline-note" id={helpId}>
					<kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd> go from chunk to chunk, with <kbd>Shift</kbd>{' '}
					they move the time; <kbd>+</kbd> <kbd>−</kbd> or the wheel zoom, <kbd>Home</kbd> shows everything,{' '}
					<kbd>End</kbd> follows the run. A bar is full until every probe was sent, and paler while answers
					are awaited.
				</p>
			</Card>
			{selected.value !== undefined && (
				<Card
					title="Selected chunk"
					actions={
						<button
							type="button"
							class="button"
							onClick={() => {
								selected.value = undefined;
							}}
						>
							Close
						</button>
					}
				>
					<ChunkDetails chunk={selected.value} workerName={nameOf(selected.value.worker)} nowMs={nowMs} />
				</Card>
			)}
			<ChunkTable tasks={tasks} nameOf={nameOf} />
		</>
	);
}

function Nothing() {
	if (connection.value === 'connecting') return <Loading label="Waiting for the run" />;
	return (
		<EmptyState title="No chunk has been sent yet.">
			Each request to a worker appears here as a bar, as soon as it leaves.
		</EmptyState>
	);
}

interface ControlsProps {
	readonly view: { value: TimeView };
	readonly held: { readonly fromMs: number; readonly toMs: number };
}

function Controls({ view, held }: ControlsProps) {
	const isFollowing = view.value.toMs === null;
	const shown = shownOf(view.value, held);
	const zoom = (factor: number) => {
		view.value = zoomedView(view.value, held, factor, 0.5);
	};
	return (
		<>
			<span class="timeline-span">
				{timeLabel(shown.fromMs, 100)} to {timeLabel(shown.toMs, 100)}
			</span>
			<button type="button" class="button" aria-label="Zoom out" onClick={() => zoom(2)}>
				−
			</button>
			<button type="button" class="button" aria-label="Zoom in" onClick={() => zoom(0.5)}>
				+
			</button>
			<button
				type="button"
				class="button"
				onClick={() => {
					view.value = isFollowing ? wholeView : pausedView(wholeView, held);
				}}
			>
				All
			</button>
			<button
				type="button"
				class="button"
				aria-pressed={isFollowing}
				onClick={() => {
					view.value = isFollowing ? pausedView(view.value, held) : { spanMs: view.value.spanMs, toMs: null };
				}}
			>
				{isFollowing ? 'Following' : 'Paused'}
			</button>
		</>
	);
}
