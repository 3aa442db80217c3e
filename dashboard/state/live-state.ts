/** What the states of a run mean, in words and for the page. */
import type { LiveState } from '../../shared/dashboard-api.ts';

/** Nothing will change any more. Takes the states of live runs and of rows of the database. */
export function hasEnded(state: LiveState | string): boolean {
	return state !== 'starting' && state !== 'running' && state !== 'stopping';
}
