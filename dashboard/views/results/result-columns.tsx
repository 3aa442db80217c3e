/** The columns of results. Those that are least missed are left out where the page is narrow. */
import type { ResultRow } from '../../../shared/dashboard-api.ts';
import { formatMoment, formatMs, none } from '../../../shared/format.ts';
import { HostName, SafeText } from '../../parts/safe-text.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import type { VirtualColumn } from '../../parts/virtual-table.tsx';
import { nextSort, type ResultFilter } from './result-filter.ts';

export function resultColumns(
	filter: ResultFilter,
	onFilter: (filter: ResultFilter) => void,
): VirtualColumn<ResultRow>[] {
	const sorts = (column: 'position' | 'rtt' | 'checked') => ({
		now:
			filter.sort === column
				? ('ascending' as const)
				: filter.sort === `-${column}`
					? ('descending' as const)
					: ('none' as const),
		onClick: () => onFilter({ ...filter, sort: nextSort(filter.sort, column) }),
	});
	return [
		{
			id: 'position',
			title: '#',
			className: 'cell-position',
			isNumber: true,
			sort: sorts('position'),
			cell: (row) => row.position + 1,
		},
		{
			id: 'host',
			title: 'Host',
			className: 'cell-host',
			cell: (row) => <HostName host={row.host} isShort />,
		},
		{
			id: 'status',
			title: 'Status',
			className: 'cell-status',
			cell: (row) => <StatusBadge status={row.status} />,
		},
		{
			id: 'reason',
			title: 'Reason',
			className: 'cell-reason',
			cell: (row) => (row.reason === null ? none : <SafeText text={row.reason} />),
		},
		{
			id: 'rtt',
			title: 'RTT',
			className: 'cell-rtt',
			isNumber: true,
			sort: sorts('rtt'),
			cell: (row) => (row.rttMs === null ? none : formatMs(row.rttMs)),
		},
		{
			id: 'replies',
			title: 'Replies',
			className: 'cell-replies',
			isNumber: true,
			cell: (row) => `${row.received} of ${row.sent}`,
		},
		{
			id: 'address',
			title: 'Address',
			className: 'cell-address',
			cell: (row) =>
				row.address === null || row.address === row.host ? none : <HostName host={row.address} isShort />,
		},
		{
			id: 'worker',
			title: 'Worker',
			className: 'cell-worker',
			cell: (row) => (row.worker === null ? none : <SafeText text={row.worker} />),
		},
		{
			id: 'checked',
			title: 'Checked',
			className: 'cell-checked',
			sort: sorts('checked'),
			cell: (row) => formatMoment(row.checkedAtMs),
		},
	];
}
