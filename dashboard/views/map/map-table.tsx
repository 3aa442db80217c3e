/** The map as a table: those squares that have hosts. */
import { useState } from 'preact/hooks';
import type { MapSquare } from '../../../shared/dashboard-api.ts';
import { formatCount, formatMs, formatShare, none } from '../../../shared/format.ts';
import { type Column, Table } from '../../parts/table.tsx';
import { type MapPrefix, squareText } from './map-prefix.ts';

interface MapTableProps {
	readonly prefix: MapPrefix;
	readonly squares: readonly MapSquare[];
	readonly hrefOfSquare: (index: number) => string;
}

export function MapTable({ prefix, squares, hrefOfSquare }: MapTableProps) {
	const [isOpen, setOpen] = useState(false);
	const columns: Column<MapSquare>[] = [
		{
			id: 'block',
			title: prefix.bits === 24 ? 'Address' : 'Block',
			isRowHead: true,
			cell: ({ index }) => <a href={hrefOfSquare(index)}>{squareText(prefix, index)}</a>,
		},
		{ id: 'hosts', title: 'Hosts', isNumber: true, cell: (row) => formatCount(row.hosts) },
		{ id: 'share', title: 'Up', isNumber: true, cell: (row) => formatShare(row.up, row.hosts) },
		{ id: 'down', title: 'Down', isNumber: true, cell: (row) => formatCount(row.down) },
		{ id: 'other', title: 'Neither', isNumber: true, cell: (row) => formatCount(row.other) },
		{
			id: 'rtt',
			title: 'Mean RTT',
			isNumber: true,
			cell: (row) => (row.rttMs === null ? none : formatMs(row.rttMs)),
		},
	];
	return (
		<details class="card card-flush fold" onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>The squares as a table</summary>
			{isOpen && (
				<Table
					caption="Squares that have hosts"
					columns={columns}
					rows={squares}
					rowKey={(row) => row.index}
				/>
			)}
		</details>
	);
}
