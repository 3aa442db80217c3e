/** What a run said, the newest first. */
import { useMemo } from 'preact/hooks';
import type { LiveEvent } from '../../shared/dashboard-api.ts';
import { RunPicker } from '../parts/run-picker.tsx';
import { EmptyState, ErrorState, Loading } from '../parts/states.tsx';
import { ViewHead } from '../parts/view-head.tsx';
import { route } from '../state/location.ts';
import { choicesOf, parseEventFilter } from './events/event-filter.ts';
import { EventFilters } from './events/event-filters.tsx';
import { EventList } from './events/event-list.tsx';
import { useEvents } from './events/use-events.ts';
import './events/events.css';

const noEvents: readonly LiveEvent[] = [];

export function EventsView() {
	const { runId, runs, said, error, isStale, reload } = useEvents();
	const events = said?.events ?? noEvents;
	const filter = parseEventFilter(route.value.params);
	const choices = useMemo(() => choicesOf(events), [events]);
	const isNoRun = runId === null && runs?.length === 0;
	return (
		<>
			<ViewHead title="Events">
				<RunPicker runs={runs} />
				<EventFilters filter={filter} types={choices.types} workers={choices.workers} />
			</ViewHead>
			{error !== undefined && <ErrorState error={error} onRetry={reload} />}
			{isNoRun && <EmptyState title="There is no run yet" />}
			{said === undefined && error === undefined && !isNoRun && <Loading lines={6} />}
			{said !== undefined && (
				<div aria-busy={isStale}>
					<EventList key={runId} said={said} filter={filter} />
				</div>
			)}
		</>
	);
}
