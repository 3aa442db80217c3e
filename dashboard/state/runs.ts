/** The runs of the database, and which of them the views show. */
import { computed } from '@preact/signals';
import type { RunRow } from '../../shared/dashboard-api.ts';
import { refreshMs } from '../limits.ts';
import { about } from './about.ts';
import type { Query } from './api.ts';
import { useQuery } from './api.ts';
import { liveRun } from './live.ts';
import { hasEnded } from './live-state.ts';
import { route } from './location.ts';

/** What `?run=` says; `null` when it says nothing or no number. */
const chosenRunId = computed(() => {
	const id = Number(route.value.params.run ?? '');
	return Number.isInteger(id) && id > 0 ? id : null;
});

/** The number of the run that goes on here; `null` when there is none, or none yet. */
export const liveRunId = computed(() => liveRun.value?.runId ?? about.value?.runId ?? null);

/** Whether the views show the run that goes on here, from its live stream. */
export const isLiveShown = computed(
	() => about.value?.mode === 'run' && (chosenRunId.value === null || chosenRunId.value === liveRunId.value),
);

export function useRuns(): Query<{ readonly runs: readonly RunRow[] }> {
	return useQuery('/api/runs', {
		refreshMs: ({ runs }) => (runs.some((run) => !hasEnded(run.state)) ? refreshMs * 5 : 0),
	});
}

/**
 * The run whose rows a view shows: the one in `?run=`, else the live one, else the newest of the database.
 * @param runs of `useRuns`
 * @returns `null` when there is none, or it is not known yet
 */
export function shownRunId(runs: readonly RunRow[] | undefined): number | null {
	return chosenRunId.value ?? liveRunId.value ?? runs?.[0]?.id ?? null;
}
