/** Which events are shown. */
import type { EventLevel, LiveEvent } from '../../../shared/dashboard-api.ts';
import { eventLevels } from '../../../shared/dashboard-api.ts';
import type { Params } from '../../router.ts';

export interface EventFilter {
	/** this level and those that are worse */
	readonly level: EventLevel;
	readonly type: string;
	readonly worker: string;
	/** part of text, type or worker, in any case */
	readonly text: string;
}

export function parseEventFilter(params: Params): EventFilter {
	return {
		level: eventLevels.find((level) => level === params.level) ?? 'info',
		type: params.type ?? '',
		worker: params.worker ?? '',
		text: params.q ?? '',
	};
}

/** @returns those that pass, the newest first */
export function filterEvents(events: readonly LiveEvent[], filter: EventFilter): LiveEvent[] {
	const from = eventLevels.indexOf(filter.level);
	const text = filter.text.toLowerCase();
	return events
		.filter(
			(event) =>
				eventLevels.indexOf(event.level) >= from &&
				(filter.type === '' || event.type === filter.type) &&
				(filter.worker === '' || event.worker === filter.worker) &&
				(text === '' || `${event.text}\n${event.type}\n${event.worker ?? ''}`.toLowerCase().includes(text)),
		)
		.reverse();
}

/** What there is to choose from, in alphabetical order. */
export function choicesOf(events: readonly LiveEvent[]): {
	readonly types: string[];
	readonly workers: string[];
} {
	const types = new Set<string>();
	const workers = new Set<string>();
	for (const { type, worker } of events) {
		types.add(type);
		if (worker !== null) workers.add(worker);
	}
	return { types: [...types].sort(), workers: [...workers].sort() };
}
