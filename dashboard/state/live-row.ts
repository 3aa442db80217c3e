/** The run that goes on as a row among the others, which are known from when they were last asked for. */
import type { LiveRun, RunRow } from '../../shared/dashboard-api.ts';
import { hasEnded } from './live-state.ts';

/**
 * The same runs, of which the live one is as its stream has it: its end is told there, and when it is told, nobody is
 * left who could be asked.
 *
 * @param live `null` when there is no stream, or nothing has been heard yet
 */
export function withLiveRow(runs: readonly RunRow[], live: LiveRun | null): readonly RunRow[] {
	if (live === null) return runs;
	const { runId, state, startedAtMs, elapsedMs, uncounted, byStatus } = live;
	const isOver = hasEnded(state);
	return runs.map((run) => {
		if (run.id !== runId || run.state === state) return run;
		return {
			...run,
			state,
			finishedAtMs: isOver ? startedAtMs + elapsedMs : null,
			// Of a run that was continued, the stream may not know what was there before.
			byStatus: isOver && uncounted === 0 ? byStatus : null,
		};
	});
}
