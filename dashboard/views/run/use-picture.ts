/** Where the numbers of the run's view come from: the live stream, or the database, asked again while a run goes on. */
import type { RunRow } from '../../../shared/dashboard-api.ts';
import type { ApiError } from '../../state/api.ts';
import { liveRttHistogram, liveRun, liveSeries } from '../../state/live.ts';
import { isLiveShown, useRunDetail, useRuns } from '../../state/runs.ts';
import type { RunPicture } from './picture.ts';
import { pictureOfDetail, pictureOfLive } from './picture.ts';

export interface ShownRun {
	/** `undefined` until it is known */
	readonly picture: RunPicture | undefined;
	readonly runs: readonly RunRow[] | undefined;
	readonly error: ApiError | undefined;
	/** what is shown is of another run than the one asked for */
	readonly isStale: boolean;
	reload(): void;
}

export function useShownRun(): ShownRun {
	const isLive = isLiveShown.value;
	// The first question starts the thread that reads the database: what is live can do without.
	const runs = useRuns(!isLive);
	const list = runs.data?.runs;
	const detail = useRunDetail(list);
	const live = liveRun.value;
	if (isLive) {
		const picture = live === null ? undefined : pictureOfLive(live, liveSeries.value, liveRttHistogram.value);
		return { picture, runs: list, error: undefined, isStale: false, reload: runs.reload };
	}
	return {
		picture: detail.data === undefined ? undefined : pictureOfDetail(detail.data, Date.now()),
		runs: list,
		error: detail.error ?? runs.error,
		isStale: detail.isStale,
		reload: () => {
			runs.reload();
			detail.reload();
		},
	};
}
