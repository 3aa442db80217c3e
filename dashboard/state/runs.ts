/** The runs of the database, and which of them the views show. */
import { computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RunDetail, RunEvents, RunRow } from '../../shared/dashboard-api.ts';
import { pageRefreshMs } from '../../shared/limits.ts';
import { about } from './about.ts';
import type { Query } from './api.ts';
import { useQuery } from './api.ts';
import { connection, liveRun } from './live.ts';
import { withLiveRow } from './live-row.ts';
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

interface RunList {
	/** the newest first */
	readonly runs: readonly RunRow[];
}

/** What was last answered: it stays when the master is gone, and while another view asks. */
const known = signal<RunList | undefined>(undefined);

const isLiveOver = computed(() => liveRun.value !== null && hasEnded(liveRun.value.state));

/** Whether somebody has reached for the list of runs. */
const areRunsWanted = signal(false);

/** To be called when somebody does. */
export function wantRuns(): void {
	areRunsWanted.value = true;
}

/** @param isNeeded whether the view can not do without them. Default: true */
export function useRuns(isNeeded = true): Query<RunList> {
	// The database of a run that has no number yet, or that has ended, is not there to be asked.
	const isThere = about.value?.mode === 'serve' || (liveRunId.value !== null && connection.value !== 'ended');
	const isAsked = isThere && (isNeeded || areRunsWanted.value);
	const query = useQuery<RunList>(isAsked ? '/api/runs' : null, {
		refreshMs: ({ runs }) => (runs.some((run) => !hasEnded(run.state)) ? pageRefreshMs * 5 : 0),
	});
	const { data } = query;
	useEffect(() => {
		if (data !== undefined) known.value = data;
	}, [data]);
	const list = data ?? known.value;
	// All else of the stream changes with every message, and does not change a row.
	const live = isLiveOver.value ? liveRun.peek() : null;
	return { ...query, data: list && { runs: withLiveRow(list.runs, live) } };
}

/**
 * The run whose rows a view shows: the one in `?run=`, else the live one, else the newest of the database.
 * @param runs of `useRuns`
 * @returns `null` when there is none, or it is not known yet
 */
export function shownRunId(runs: readonly RunRow[] | undefined): number | null {
	return chosenRunId.value ?? liveRunId.value ?? runs?.[0]?.id ?? null;
}

/** That run as the database has it, asked again while it goes on; nothing is asked while it is shown live. */
export function useRunDetail(runs: readonly RunRow[] | undefined): Query<RunDetail> {
	const id = shownRunId(runs);
	return useQuery<RunDetail>(isLiveShown.value || id === null ? null : `/api/runs/${id}`, {
		refreshMs: ({ run }) => (hasEnded(run.state) ? 0 : pageRefreshMs),
	});
}

/** A page of very many events is not asked for as often: so many ms more for each of them. */
const refreshMsPerEvent = 2;

/** What that run said, as the database has it; nothing is asked while it is shown live. */
export function useRunEvents(runs: readonly RunRow[] | undefined): Query<RunEvents> {
	const id = shownRunId(runs);
	return useQuery<RunEvents>(isLiveShown.value || id === null ? null : `/api/runs/${id}/events`, {
		refreshMs: ({ run, events }) =>
			hasEnded(run.state) ? 0 : pageRefreshMs + refreshMsPerEvent * events.length,
	});
}
