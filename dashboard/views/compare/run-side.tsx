/** One of the two runs that are compared: what it found, and its round-trip times. */
import type { RunDetail, RunRow } from '../../../shared/dashboard-api.ts';
import { formatMoment, formatPlural } from '../../../shared/format.ts';
import { RunStateBadge } from '../../parts/status-badge.tsx';
import { StatusBar } from '../../parts/status-bar.tsx';
import { hrefOf } from '../../router.ts';
import { useQuery } from '../../state/api.ts';
import { RttCard } from '../run/rtt-card.tsx';

interface RunSideProps {
	readonly label: string;
	readonly run: RunRow;
}

export function RunSide({ label, run }: RunSideProps) {
	return (
		<div>
			<p class="compare-run">
				<span class="muted">{label}</span>
				<a href={hrefOf('/', { run: run.id })}>#{run.id}</a>
				<RunStateBadge state={run.state} />
				{formatMoment(run.startedAtMs)}, {formatPlural(run.total, 'host')}
			</p>
			{run.byStatus !== null && <StatusBar byStatus={run.byStatus} />}
		</div>
	);
}

/** `null` while nothing is known of it: what matters stands above. */
export function RunRtts({ label, run }: RunSideProps) {
	const { data } = useQuery<RunDetail>(`/api/runs/${run.id}`);
	if (data === undefined) return null;
	return (
		<RttCard
			title={`Round-trip times ${label}, run ${run.id}`}
			histogram={data.rttHistogram}
			rtt={data.rtt}
		/>
	);
}
