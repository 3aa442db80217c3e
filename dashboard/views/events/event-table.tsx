/** Events, the newest first. */
import { useMemo } from 'preact/hooks';
import type { EventLevel, LiveEvent } from '../../../shared/dashboard-api.ts';
import { formatClock, formatTime } from '../../../shared/format.ts';
import { HostName, SafeText } from '../../parts/safe-text.tsx';
import type { SymbolName, Tone } from '../../parts/status-badge.tsx';
import { Badge } from '../../parts/status-badge.tsx';
import type { Column } from '../../parts/table.tsx';
import { Table } from '../../parts/table.tsx';

const levels: Readonly<Record<EventLevel, { tone: Tone; symbol: SymbolName }>> = {
	info: { tone: 'plain', symbol: 'circle' },
	warning: { tone: 'warn', symbol: 'exclamation' },
	error: { tone: 'bad', symbol: 'cross' },
};

interface EventTableProps {
	readonly events: readonly LiveEvent[];
	readonly startedAtMs: number;
}

export function EventTable({ events, startedAtMs }: EventTableProps) {
	// The same table is not looked through again.
	return useMemo(() => tableOf(events, startedAtMs), [events, startedAtMs]);
}

function tableOf(events: readonly LiveEvent[], startedAtMs: number) {
	const columns: readonly Column<LiveEvent>[] = [
		{
			id: 'at',
			title: 'Time',
			cell: ({ atMs }) => (
				<time dateTime={new Date(startedAtMs + atMs).toISOString()}>{formatTime(startedAtMs + atMs)}</time>
			),
			className: 'cell-tight',
		},
		{
			id: 'since',
			title: 'Since start',
			cell: ({ atMs }) => formatClock(atMs),
			isNumber: true,
			className: 'cell-tight',
		},
		{
			id: 'level',
			title: 'Level',
			cell: ({ level }) => <Badge {...levels[level]} text={level} />,
			className: 'cell-tight',
		},
		{ id: 'text', title: 'Event', cell: ({ text }) => <SafeText text={text} />, className: 'event-text' },
		{ id: 'type', title: 'Type', cell: ({ type }) => <SafeText text={type} />, className: 'event-type' },
		{
			id: 'worker',
			title: 'Worker',
			cell: ({ worker }) => (worker === null ? null : <HostName host={worker} isShort />),
			className: 'event-worker',
		},
	];
	return (
		<Table
			caption="Events of this run, the newest first"
			columns={columns}
			rows={events}
			rowKey={({ id }) => id}
			isCardsWhenNarrow
		/>
	);
}
