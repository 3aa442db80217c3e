/** The newest chunks as a table: what the picture shows, for those who do not see it. */
import type { ReadonlySignal } from '@preact/signals';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { LiveChunk } from '../../../shared/dashboard-api.ts';
import { formatCount, formatMs, none } from '../../../shared/format.ts';
import { SafeText } from '../../parts/safe-text.tsx';
import { useSignalEffectNow } from '../../parts/signal-effect.ts';
import { Badge, type SymbolName, type Tone } from '../../parts/status-badge.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { endWords, kindWords } from './chunk-words.ts';
import { chunksOf, type HeldTasks } from './held-tasks.ts';
import { timeLabel } from './time-ticks.ts';

const rowsMax = 50;
/** A table that changes more often can not be read. */
const refreshMs = 1_000;

const endBadges: Readonly<Record<LiveChunk['end'], { tone: Tone; symbol: SymbolName }>> = {
	open: { tone: 'accent', symbol: 'dots' },
	ok: { tone: 'good', symbol: 'check' },
	failed: { tone: 'bad', symbol: 'cross' },
	late: { tone: 'warn', symbol: 'slow' },
	cancelled: { tone: 'plain', symbol: 'barred' },
};

interface ChunkTableProps {
	readonly tasks: ReadonlySignal<HeldTasks>;
	readonly nameOf: (worker: number) => string;
}

export function ChunkTable({ tasks, nameOf }: ChunkTableProps) {
	const isOpen = useSignal(false);
	const rows = useSignal<readonly LiveChunk[]>([]);
	const takenAtMs = useRef(Number.NEGATIVE_INFINITY);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const take = () => {
		timer.current = undefined;
		takenAtMs.current = performance.now();
		rows.value = [...chunksOf(tasks.peek().lanes)].sort((a, b) => b.id - a.id).slice(0, rowsMax);
	};
	useSignalEffectNow(() => {
		void tasks.value;
		if (!isOpen.value || timer.current !== undefined) return;
		// Nothing may come behind it: what is too soon is taken later.
		const waitMs = takenAtMs.current + refreshMs - performance.now();
		if (waitMs <= 0) take();
		else timer.current = setTimeout(take, waitMs);
	});
	useEffect(() => () => clearTimeout(timer.current), []);
	const columns: Column<LiveChunk>[] = [
		{ id: 'request', title: 'Request', isRowHead: true, cell: (row) => <SafeText text={row.request} /> },
		{ id: 'worker', title: 'Worker', cell: (row) => <SafeText text={nameOf(row.worker)} /> },
		{ id: 'kind', title: 'Sent as', cell: (row) => kindWords[row.kind] },
		{ id: 'end', title: 'End', cell: (row) => <Badge {...endBadges[row.end]} text={endWords[row.end]} /> },
		{ id: 'start', title: 'Started at', isNumber: true, cell: (row) => timeLabel(row.startMs, 10) },
		{
			id: 'took',
			title: 'Took',
			isNumber: true,
			cell: (row) => (row.endMs === null ? none : formatMs(row.endMs - row.startMs)),
		},
		{ id: 'hosts', title: 'Hosts', isNumber: true, cell: (row) => formatCount(row.hosts) },
		{ id: 'answered', title: 'Answered', isNumber: true, cell: (row) => formatCount(row.answered) },
		{ id: 'not-up', title: 'Not up', isNumber: true, cell: (row) => formatCount(row.notUp) },
		{
			id: 'failure',
			title: 'Failure',
			cell: (row) => (row.failure === null ? none : <SafeText text={row.failure} />),
		},
	];
	return (
		<details
			class="card card-flush chunk-table"
			onToggle={(event) => {
				isOpen.value = event.currentTarget.open;
			}}
		>
			<summary>The newest {rowsMax} chunks as a table</summary>
			{isOpen.value && (
				<Table
					caption={`The newest ${rowsMax} chunks`}
					columns={columns}
					rows={rows.value}
					rowKey={(row) => row.id}
					isCardsWhenNarrow
				/>
			)}
		</details>
	);
}
