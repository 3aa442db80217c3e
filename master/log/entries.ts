/** What there is to say of a run, as entries of its log. */
import type { PingpoolError } from '../../shared/errors.ts';
import type { RunEvent } from '../events.ts';
import type { RunOutcome, RunProgress } from '../run.ts';
import { errorLines } from '../view/error.ts';
import { eventLevel, logLevelOf } from '../view/event-level.ts';
import { eventText } from '../view/event-text.ts';
import { progressText } from '../view/progress-line.ts';
import { doneText, jsonSummary } from '../view/summary.ts';
import type { LogEntry } from './log-entry.ts';

/** An event of a run; `text` is `null` for what people see without being told. */
export function eventEntry(event: RunEvent): LogEntry {
	const { type, level: _, ...fields } = { level: undefined, ...event };
	const text = eventText(event);
	return {
		level: logLevelOf(eventLevel(event)),
		event: type,
		msg: text ?? untold(event),
		text: text ?? null,
		fields,
	};
}

/** The same event, as a file may keep it. A token that was made for one start stands on a terminal alone. */
export function withoutToken(event: RunEvent): RunEvent {
	if (event.type !== 'dashboard-ready') return event;
	const hidden = '?token=<not for a log: choose it with PINGPOOL_DASHBOARD_TOKEN>';
	return { ...event, url: event.url.replace(/\?token=[\w.~-]*$/, hidden) };
}

/** What people see without being told. */
function untold(event: RunEvent): string {
	switch (event.type) {
		case 'run-started':
			return `run ${event.runId} begins`;
		case 'workers-met':
			return `${event.met} of ${event.asked} workers have answered`;
		default:
			return event.type;
	}
}

/** What the user can mend, with how. */
export function errorEntry(error: PingpoolError): LogEntry {
	const { code, hint, message } = error;
	return { level: 'error', event: 'error', msg: message, text: errorLines(error), fields: { code, hint } };
}

/** A fault of ours. */
export function faultEntry(error: unknown): LogEntry {
	const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
	return { level: 'error', event: 'fault', msg: 'a fault of this master', fields: { stack } };
}

const endLevels = { finished: 'info', interrupted: 'warn', failed: 'error' } as const;

/** How a run ended. Of one that is finished, people read the summary. */
export function runEndEntry(outcome: RunOutcome, db: string, resumable: boolean): LogEntry {
	const { runId, state } = outcome;
	const rest = resumable ? '; the same command goes on where it stopped' : '';
	const done = `${doneText(outcome, db)}${rest}`;
	let text: string | null = null;
	if (state === 'interrupted') text = `interrupted: ${done}`;
	else if (state === 'failed' && resumable) text = `  ${done}`;
	const { run: _, ...fields } = jsonSummary(outcome, db);
	return { level: endLevels[state], event: 'run-ended', msg: `run ${runId} ${state}: ${done}`, text, fields };
}

/** @param perSecond hosts, of the last few seconds */
export function progressEntry({ total, done, inFlight, byStatus }: RunProgress, perSecond: number): LogEntry {
	return {
		level: 'info',
		event: 'progress',
		msg: progressText({ total, done, byStatus, inFlight }, perSecond),
		fields: {
			hosts: total,
			done,
			inFlight,
			hostsPerSecond: Math.round(perSecond),
			etaSeconds: perSecond > 0 ? Math.round((total - done) / perSecond) : null,
			...byStatus,
		},
	};
}
