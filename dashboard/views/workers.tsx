/** The workers: how each of them is, what it has under way, and what it says of itself. */
import { workerStates } from '../../shared/dashboard-api.ts';
import { Card } from '../parts/card.tsx';
import { RunPicker } from '../parts/run-picker.tsx';
import { EmptyState, Loading } from '../parts/states.tsx';
import { WorkerStateBadge } from '../parts/status-badge.tsx';
import { ViewHead } from '../parts/view-head.tsx';
import { liveRun, liveWorkers } from '../state/live.ts';
import { route, setParams } from '../state/location.ts';
import { isLiveShown, useRunDetail, useRuns } from '../state/runs.ts';
import { workerRates } from '../state/worker-rates.ts';
import { StoredWorkers } from './workers/stored-workers.tsx';
import { countStates, formatWorkerOrder, parseWorkerOrder, sortWorkers } from './workers/worker-order.ts';
import { WorkerTable } from './workers/worker-table.tsx';
import './workers/workers.css';

export function WorkersView() {
	const isLive = isLiveShown.value;
	const runs = useRuns(!isLive);
	const list = runs.data?.runs;
	const detail = useRunDetail(list);
	return (
		<>
			<ViewHead title="Workers">
				<RunPicker runs={list} />
			</ViewHead>
			{isLive ? (
				<LiveWorkers />
			) : list?.length === 0 ? (
				<EmptyState title="There is no run yet" />
			) : (
				<StoredWorkers detail={detail} />
			)}
		</>
	);
}

function LiveWorkers() {
	const workers = liveWorkers.value;
	const run = liveRun.value;
	const { sort, state } = route.value.params;
	const order = parseWorkerOrder(sort);
	if (run === null) return <Loading lines={6} />;
	if (workers.length === 0) return <EmptyState title="No worker has been met yet" />;
	const counts = countStates(workers);
	const chosen = workerStates.find((known) => known === state);
	const shown = sortWorkers(
		chosen === undefined ? workers : workers.filter((worker) => worker.state === chosen),
		order,
	);
	return (
		<>
			<fieldset class="worker-states">
				<legend class="visually-hidden">Workers of one state</legend>
				<button
					type="button"
					class="button"
					aria-pressed={chosen === undefined}
					onClick={() => setParams({ state: null })}
				>
					All {workers.length}
				</button>
				{workerStates.map((known) => {
					const count = counts.get(known) ?? 0;
					if (count === 0 && known !== chosen) return null;
					return (
						<button
							type="button"
							key={known}
							class="button"
							aria-pressed={known === chosen}
							onClick={() => setParams({ state: known === chosen ? null : known })}
						>
							<WorkerStateBadge state={known} /> {count}
						</button>
					);
				})}
			</fieldset>
			<Card title="Workers of this run" isFlush>
				{shown.length === 0 ? (
					<EmptyState title="No worker is in this state now" />
				) : (
					<WorkerTable
						run={run}
						workers={shown}
						rates={workerRates.value}
						order={order}
						onOrder={(next) => setParams({ sort: formatWorkerOrder(next) }, 'replace')}
					/>
				)}
			</Card>
		</>
	);
}
