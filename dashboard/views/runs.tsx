/** The runs of the database. Two of them can be chosen and compared. */
import { useState } from 'preact/hooks';
import type { RunRow } from '../../shared/dashboard-api.ts';
import { formatCount, formatDuration, formatMoment, formatShare, none } from '../../shared/format.ts';
import { Card } from '../parts/card.tsx';
import { EmptyState, ErrorState, Loading } from '../parts/states.tsx';
import { RunStateBadge } from '../parts/status-badge.tsx';
import { StatusBar } from '../parts/status-bar.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { ViewHead } from '../parts/view-head.tsx';
import { hrefOf } from '../router.ts';
import { hasEnded } from '../state/live-state.ts';
import { navigate } from '../state/location.ts';
import { useRuns } from '../state/runs.ts';
import { chosenAfter } from './runs/choice.ts';
import './runs/runs.css';

export function RunsView() {
	const { data, error, reload } = useRuns();
	const [chosen, setChosen] = useState<readonly number[]>([]);
	const runs = data?.runs;
	const [before, after] = [...chosen].sort((a, b) => a - b);
	return (
		<>
			<ViewHead title="Runs">
				{runs !== undefined && runs.length > 1 && (
					<button
						type="button"
						class="button"
						disabled={after === undefined}
						onClick={() => navigate(hrefOf('/compare', { before, after }))}
					>
						{after === undefined ? 'Choose two to compare' : `Compare #${before} with #${after}`}
					</button>
				)}
			</ViewHead>
			{error !== undefined && <ErrorState error={error} onRetry={reload} />}
			{runs === undefined && error === undefined && <Loading lines={6} />}
			{runs?.length === 0 && (
				<EmptyState title="The database has no run yet.">A run appears here as soon as it begins.</EmptyState>
			)}
			{runs !== undefined && runs.length > 0 && (
				<Card title={runs.length === 1 ? 'One run' : `${formatCount(runs.length)} runs`} isFlush>
					<Table
						caption="Runs of the database, the newest first"
						columns={columnsOf(chosen, (id) => setChosen(chosenAfter(chosen, id)))}
						rows={runs}
						rowKey={(run) => run.id}
						isCardsWhenNarrow
					/>
				</Card>
			)}
		</>
	);
}

function columnsOf(chosen: readonly number[], onToggle: (id: number) => void): Column<RunRow>[] {
	return [
		{
			id: 'run',
			title: 'Run',
			isRowHead: true,
			cell: ({ id }) => (
				<span class="runs-name">
					<input
						type="checkbox"
						aria-label={`Compare run ${id}`}
						checked={chosen.includes(id)}
						onChange={() => onToggle(id)}
					/>
					<a href={hrefOf('/', { run: id })}>#{id}</a>
				</span>
			),
		},
		{ id: 'state', title: 'State', cell: ({ state }) => <RunStateBadge state={state} /> },
		{
			id: 'started',
			title: 'Started',
			className: 'cell-moment',
			cell: ({ startedAtMs }) => formatMoment(startedAtMs),
		},
		{
			id: 'took',
			title: 'Took',
			isNumber: true,
			cell: ({ startedAtMs, finishedAtMs }) =>
				finishedAtMs === null ? none : formatDuration(finishedAtMs - startedAtMs),
		},
		{ id: 'hosts', title: 'Hosts', isNumber: true, cell: ({ total }) => formatCount(total) },
		{ id: 'up', title: 'Up', isNumber: true, cell: upShare },
		{ id: 'statuses', title: 'Statuses', className: 'cell-statuses', cell: shares },
		{ id: 'show', title: 'Show', cell: ({ id }) => <RowLinks id={id} /> },
	];
}

function upShare({ byStatus }: RunRow): string {
	if (byStatus === null) return none;
	return formatShare(
		byStatus.up,
		Object.values(byStatus).reduce((sum, count) => sum + count, 0),
	);
}

function shares({ state, byStatus }: RunRow) {
	if (byStatus !== null) return <StatusBar byStatus={byStatus} />;
	return <span class="muted">{hasEnded(state) ? 'not counted' : 'goes on'}</span>;
}

function RowLinks({ id }: { readonly id: number }) {
	return (
		<span class="runs-links">
			<a href={hrefOf('/results', { run: id })} aria-label={`Results of run ${id}`}>
				results
			</a>
			<a href={hrefOf('/map', { run: id })} aria-label={`Map of run ${id}`}>
				map
			</a>
		</span>
	);
}
