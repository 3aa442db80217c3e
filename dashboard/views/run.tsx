/** The run: how far it is, what became of its hosts, how fast, and how long answers take. */

import { RunPicker } from '../parts/run-picker.tsx';
import { EmptyState, ErrorState, Loading } from '../parts/states.tsx';
import { RunStateBadge } from '../parts/status-badge.tsx';
import { ViewHead } from '../parts/view-head.tsx';
import { Progress } from './run/progress.tsx';
import { RateChart } from './run/rate-chart.tsx';
import { Reasons } from './run/reasons.tsx';
import { RttCard } from './run/rtt-card.tsx';
import { Settings } from './run/settings.tsx';
import { StatusCards } from './run/status-cards.tsx';
import { Traffic } from './run/traffic.tsx';
import { useShownRun } from './run/use-picture.ts';
import './run/run.css';

export function RunView() {
	const { picture, runs, error, isStale, reload } = useShownRun();
	return (
		<>
			<ViewHead
				title={
					<>
						{picture?.runId == null ? 'Run' : `Run ${picture.runId}`}{' '}
						{picture !== undefined && <RunStateBadge state={picture.state} />}
					</>
				}
			>
				<RunPicker runs={runs} />
			</ViewHead>
			{error !== undefined && <ErrorState error={error} onRetry={reload} />}
			{picture === undefined && error === undefined && runs?.length === 0 && (
				<EmptyState title="There is no run yet">
					The database has no run in it. This page shows one as soon as it is there.
				</EmptyState>
			)}
			{picture === undefined && error === undefined && runs?.length !== 0 && <Loading lines={6} />}
			{picture !== undefined && (
				<div class="run stack" aria-busy={isStale}>
					<Progress picture={picture} />
					<StatusCards picture={picture} />
					<div class="run-charts">
						<RateChart series={picture.series} hasInFlight={picture.traffic !== null} />
						<RttCard histogram={picture.rttHistogram} rtt={picture.rtt} />
					</div>
					<div class="run-details">
						{picture.traffic !== null && <Traffic traffic={picture.traffic} />}
						<Reasons picture={picture} />
						<Settings picture={picture} />
					</div>
				</div>
			)}
		</>
	);
}
