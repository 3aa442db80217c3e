/** What a run says, as the dashboard and the database have it: without what only a terminal may show. */
import type { LiveEvent } from '../../shared/dashboard-api.ts';
import type { RunEvent } from '../events.ts';
import { withoutToken } from '../log/entries.ts';
import { eventLevel } from './event-level.ts';
import { eventText } from './event-text.ts';

export type SaidText = Pick<LiveEvent, 'level' | 'type' | 'worker' | 'text'>;

/** @returns `undefined` for what is not worth a line */
export function saidOf(event: RunEvent): SaidText | undefined {
	const text = event.type === 'run-started' ? `run ${event.runId} begins` : eventText(withoutToken(event));
	if (text === undefined) return undefined;
	const worker = 'worker' in event ? event.worker : null;
	return { level: eventLevel(event), type: event.type, worker, text };
}

const ends = {
	finished: 'has finished',
	failed: 'has failed',
	interrupted: 'was interrupted; the same command goes on with it',
};

/** How it ended. @param runId `undefined` for one that never began */
export function endSaid(runId: number | undefined, state: keyof typeof ends, why?: string): SaidText {
	const what = runId === undefined ? 'the run' : `run ${runId}`;
	const text = `${what} ${ends[state]}${why === undefined ? '' : `: ${why}`}`;
	return { level: state === 'failed' ? 'error' : 'info', type: 'run-ended', worker: null, text };
}
