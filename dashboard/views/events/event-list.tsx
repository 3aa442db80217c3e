/** The events of a run that pass the filters, the newest first: all of them, or, for a while, none but those of now. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LiveEvent } from '../../../shared/dashboard-api.ts';
import { escapeHidden } from '../../../shared/display.ts';
import { formatCount, formatPlural } from '../../../shared/format.ts';
import { Card } from '../../parts/card.tsx';
import { EmptyState } from '../../parts/states.tsx';
import type { EventFilter } from './event-filter.ts';
import { filterEvents } from './event-filter.ts';
import { EventTable } from './event-table.tsx';
import type { SaidEvents } from './use-events.ts';
import './event-list.css';

/** Rows that are in the page at first, and that each press adds. */
const rowsStep = 200;

interface EventListProps {
	readonly said: SaidEvents;
	readonly filter: EventFilter;
}

export function EventList({ said, filter }: EventListProps) {
	const { events, startedAtMs, goesOn, none, missing } = said;
	const [paused, setPaused] = useState<readonly LiveEvent[] | null>(null);
	const [isSpoken, setSpoken] = useState(false);
	const [rowsMax, setRowsMax] = useState(rowsStep);
	const held = paused ?? events;
	const { level, type, worker, text } = filter;
	const found = useMemo(
		() => filterEvents(held, { level, type, worker, text }),
		[held, level, type, worker, text],
	);
	const shown = useMemo(() => found.slice(0, rowsMax), [found, rowsMax]);
	const missed = (events.at(-1)?.id ?? 0) - (held.at(-1)?.id ?? 0);
	return (
		<>
			<Card
				title={`${formatCount(found.length)} of ${formatPlural(held.length, 'event')}`}
				isFlush
				actions={
					goesOn && (
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
					)
				}
			>
				{held.length === 0 ? (
					<EmptyState title={none.title}>{none.more}</EmptyState>
				) : shown.length === 0 ? (
					<EmptyState title="No event passes these filters" />
				) : (
					<EventTable events={shown} startedAtMs={startedAtMs} />
				)}
				{found.length > shown.length && (
					<button type="button" class="button events-more" onClick={() => setRowsMax(rowsMax + rowsStep)}>
						Show {formatPlural(Math.min(found.length - shown.length, rowsStep), 'older event')}
					</button>
				)}
				{missing !== undefined && <p class="events-missing">{missing}</p>}
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
