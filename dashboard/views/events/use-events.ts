/** Where the events of the view come from: the live stream, or the database, asked again while a run goes on. */
import { computed } from '@preact/signals';
import type { LiveEvent, RunRow } from '../../../shared/dashboard-api.ts';
import type { ApiError } from '../../state/api.ts';
import { liveEvents, liveRun } from '../../state/live.ts';
import { hasEnded } from '../../state/live-state.ts';
import { isLiveShown, shownRunId, useRunEvents, useRuns } from '../../state/runs.ts';
import { leftOutText, whyNone } from './stored-words.ts';

export interface ShownEvents {
	/** of the run that is asked for; `null` when there is none */
	readonly runId: number | null;
	readonly runs: readonly RunRow[] | undefined;
	/** `undefined` until they are known */
	readonly said: SaidEvents | undefined;
	readonly error: ApiError | undefined;
	/** what is shown is of another run than the one asked for */
	readonly isStale: boolean;
	reload(): void;
}

export interface SaidEvents {
	/** the oldest first */
	readonly events: readonly LiveEvent[];
	readonly startedAtMs: number;
	/** whether more of them may come */
	readonly goesOn: boolean;
	/** what stands where there are none */
	readonly none: { readonly title: string; readonly more?: string };
	/** what is missing among them, in words */
	readonly missing: string | undefined;
}

/** Stays the same while all else about the run changes. */
const startedAt = computed(() => liveRun.value?.startedAtMs ?? null);

export function useEvents(): ShownEvents {
	const isLive = isLiveShown.value;
	const runs = useRuns(!isLive);
	const list = runs.data?.runs;
	const stored = useRunEvents(list);
	const about = { runId: shownRunId(list), runs: list };
	if (isLive) {
		const startedAtMs = startedAt.value;
		const none = { title: 'The run has said nothing yet' };
		const said =
			startedAtMs === null
				? undefined
				: { events: liveEvents.value, startedAtMs, goesOn: true, none, missing: undefined };
		return { ...about, said, error: undefined, isStale: false, reload: runs.reload };
	}
	const { data } = stored;
	return {
		...about,
		said: data && {
			events: data.events,
			startedAtMs: data.run.startedAtMs,
			goesOn: !hasEnded(data.run.state),
			none: whyNone(data),
			missing: leftOutText(data.leftOut),
		},
		error: stored.error ?? runs.error,
		isStale: stored.isStale,
		reload: () => {
			runs.reload();
			stored.reload();
		},
	};
}
