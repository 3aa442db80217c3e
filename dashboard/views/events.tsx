/** What the run said, the newest first. */
import { computed } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LiveEvent } from '../../shared/dashboard-api.ts';
import { escapeHidden } from '../../shared/display.ts';
import { formatCount, formatPlural } from '../../shared/format.ts';
import { Card } from '../parts/card.tsx';
import { EmptyState, Loading } from '../parts/states.tsx';
import { ViewHead } from '../parts/view-head.tsx';
import { liveEvents, liveRun } from '../state/live.ts';
import { route } from '../state/location.ts';
import { choicesOf, filterEvents, parseEventFilter } from './events/event-filter.ts';
import { EventFilters } from './events/event-filters.tsx';
import { EventTable } from './events/event-table.tsx';
import './events/events.css';

/** Rows that are in the page at first, and that each press adds. */
const rowsStep = 200;

/** Stays the same while all else about the run changes. */
const startedAt = computed(() => liveRun.value?.startedAtMs ?? null);

export function EventsView() {
	const [paused, setPaused] = useState<readonly LiveEvent[] | null>(null);
	const [isSpoken, setSpoken] = useState(false);
	const [rowsMax, setRowsMax] = useState(rowsStep);
	const events = liveEvents.value;
	const held = paused ?? events;
	const filter = parseEventFilter(route.value.params);
	const { level, type, worker, text } = filter;
	const found = useMemo(
		() => filterEvents(held, { level, type, worker, text }),
		[held, level, type, worker, text],
	);
	const choices = useMemo(() => choicesOf(events), [events]);
	const shown = useMemo(() => found.slice(0, rowsMax), [found, rowsMax]);
	const missed = (events.at(-1)?.id ?? 0) - (held.at(-1)?.id ?? 0);
	return (
		<>
			<ViewHead title="Events">
				<EventFilters filter={filter} types={choices.types} workers={choices.workers} />
			</ViewHead>
			<Card
				title={`${formatCount(found.length)} of ${formatPlural(held.length, 'event')}`}
				isFlush
				actions={
					<>
						{paused !== null && missed > 0 && <span>{formatCount(missed)} new</span>}
						<button
							type="button"
							class="button"
							aria-pressed={isSpoken}
							onClick={() => setSpoken((before) => !before)}
						>
							Read aloud
						</button>
						<button
							type="button"
							class="button"
							aria-pressed={paused !== null}
							onClick={() => setPaused((before) => (before === null ? events : null))}
						>
							Pause
						</button>
					</>
				}
			>
				{startedAt.value === null ? (
					<Loading lines={6} />
				) : shown.length === 0 ? (
					<EmptyState
						title={held.length === 0 ? 'The run has said nothing yet' : 'No event passes these filters'}
					/>
				) : (
					<EventTable events={shown} startedAtMs={startedAt.value} />
				)}
				{found.length > shown.length && (
					<button type="button" class="button events-more" onClick={() => setRowsMax(rowsMax + rowsStep)}>
						Show {formatPlural(Math.min(found.length - shown.length, rowsStep), 'older event')}
					</button>
				)}
			</Card>
			<Spoken event={found[0]} isOn={isSpoken} />
		</>
	);
}

/** Says new events to a screen reader, when that was asked for. */
function Spoken({ event, isOn }: { readonly event: LiveEvent | undefined; readonly isOn: boolean }) {
	const [text, setText] = useState('');
	const since = useRef(0);
	const id = event?.id ?? 0;
	useEffect(() => {
		// What is there when it is switched on is not news.
		if (!isOn) since.current = id;
		setText(isOn && id > since.current && event !== undefined ? escapeHidden(event.text) : '');
	}, [isOn, id, event]);
	return (
		<div class="visually-hidden" aria-live={isOn ? 'polite' : 'off'}>
			{text}
		</div>
	);
}
