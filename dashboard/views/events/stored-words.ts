/** What there is to say of events of the database: where they are missing, and why. */
import type { RunEvents } from '../../../shared/dashboard-api.ts';
import { formatCount, formatPlural } from '../../../shared/format.ts';
import { eventsFirstMax } from '../../../shared/limits.ts';
import { hasEnded } from '../../state/live-state.ts';

/** Why there is no event at all, for whoever expects some. */
export function whyNone({ run, areKept }: Pick<RunEvents, 'run' | 'areKept'>): {
	readonly title: string;
	readonly more?: string;
} {
	if (!areKept) {
		return {
			title: 'This database keeps no events',
			more: 'An older pingpool wrote it. The next run in it, by this version, keeps what it says.',
		};
	}
	if (run.state === 'imported') {
		return { title: 'No events', more: 'This is what the old system knew of its hosts: it kept no events.' };
	}
	if (!hasEnded(run.state)) return { title: 'The run has said nothing yet' };
	return {
		title: 'No events of this run were kept',
		more: 'An older pingpool carried it out, which kept no events in the database.',
	};
}

/** `undefined` when nothing was left out. */
export function leftOutText(leftOut: number): string | undefined {
	if (leftOut === 0) return undefined;
	const was = leftOut === 1 ? 'was' : 'were';
	return `${formatPlural(leftOut, 'event')} ${was} too many to be kept: those between the first ${formatCount(eventsFirstMax)} and the newest.`;
}
