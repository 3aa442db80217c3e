/** How much it matters what a run says: the levels of the dashboard's events and of the log. */
import type { EventLevel } from '../../shared/dashboard-api.ts';
import type { RunEvent } from '../events.ts';
import type { LogLevel } from './names.ts';

/**
 * - `error`: something is lost for this run, or it stands still
 * - `warning`: somebody should look at it some time; the run goes on
 * - `info`: everything else
 */
export function eventLevel(event: RunEvent): EventLevel {
	switch (event.type) {
		case 'list-read':
			return event.invalid > 0 ? 'warning' : 'info';
		case 'worker-set-aside':
			return event.forMs === undefined ? 'error' : 'warning';
		case 'workers-met':
			return event.met < event.asked ? 'warning' : 'info';
		case 'waiting-for-workers':
			return 'error';
		case 'denied-by-default':
		case 'worker-unreachable':
		case 'workers-file-problem':
		case 'embedded-worker-ended':
			return 'warning';
		case 'notice':
			return event.level ?? 'info';
		case 'worker-joined':
		case 'worker-back':
		case 'worker-removed':
		case 'worker-changed':
		case 'run-started':
		case 'run-continued':
		case 'dashboard-ready':
		case 'stopping':
			return 'info';
	}
}

/** The same as the log calls it. */
export function logLevelOf(level: EventLevel): Exclude<LogLevel, 'debug'> {
	return level === 'warning' ? 'warn' : level;
}
