/** How far the run that goes on here is, in the head of every view. */
import { formatDuration, formatRate, formatShare } from '../../shared/format.ts';
import { liveRun } from '../state/live.ts';
import { hasEnded } from '../state/live-state.ts';

export function HeadRun() {
	const run = liveRun.value;
	if (run === null) return null;
	const { runId, done, total, ratePerSecond, etaMs } = run;
	const isOver = hasEnded(run.state);
	return (
		<span class="head-run">
			{runId !== null && <span>Run {runId}</span>}
			<strong>{formatShare(done, total)}</strong>
			{!isOver && <span>{formatRate(ratePerSecond)}</span>}
			{!isOver && etaMs !== null && <span>{formatDuration(etaMs)} left</span>}
		</span>
	);
}
