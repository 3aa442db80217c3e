/** The workers of a live run, one row each. */
import { useState } from 'preact/hooks';
import type { LiveRun, LiveWorker } from '../../../shared/dashboard-api.ts';
import { formatBytes, formatCount, formatCpu, formatMs, none } from '../../../shared/format.ts';
import type { Column } from '../../parts/table.tsx';
import { Table } from '../../parts/table.tsx';
import type { RateHistory } from '../../state/rate-history.ts';
import {
	DoneCell,
	FailureList,
	FailuresCell,
	InFlightCell,
	RateCell,
	WorkerName,
	WorkerStateCell,
} from './worker-cells.tsx';
import type { WorkerOrder, WorkerSort } from './worker-order.ts';

interface WorkerTableProps {
	readonly run: LiveRun;
	readonly workers: readonly LiveWorker[];
	readonly rates: RateHistory;
	readonly order: WorkerOrder;
	onOrder(order: WorkerOrder): void;
}

const noSamples: readonly number[] = [];

export function WorkerTable({ run, workers, rates, order, onOrder }: WorkerTableProps) {
	const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
	const nowMs = run.startedAtMs + run.elapsedMs;
	const toggle = (index: number) =>
		setOpen((before) => {
			const after = new Set(before);
			if (!after.delete(index)) after.add(index);
			return after;
		});
	const number = (
		id: WorkerSort,
		title: string,
		text: (worker: LiveWorker) => string,
	): Column<LiveWorker> => ({
		id,
		title,
		cell: text,
		isNumber: true,
		isSortable: true,
	});
	const columns: Column<LiveWorker>[] = [
		{
			id: 'worker',
			title: 'Worker',
			cell: (worker) => <WorkerName worker={worker} />,
			isSortable: true,
			isRowHead: true,
		},
		{
			id: 'state',
			title: 'State',
			cell: (worker) => <WorkerStateCell worker={worker} nowMs={nowMs} />,
			isSortable: true,
			className: 'cell-wide',
		},
		{
			id: 'rate',
			title: 'Hosts/s',
			cell: (worker) => <RateCell worker={worker} rates={rates.rates.get(worker.index) ?? noSamples} />,
			isNumber: true,
			isSortable: true,
		},
		{
			id: 'inFlight',
			title: 'In flight',
			cell: (worker) => <InFlightCell worker={worker} />,
			isNumber: true,
			isSortable: true,
		},
		{
			id: 'done',
			title: 'Answered',
			cell: (worker) => <DoneCell worker={worker} />,
			isNumber: true,
			isSortable: true,
		},
		{
			id: 'failures',
			title: 'Failures',
			cell: (worker) => (
				<FailuresCell worker={worker} isOpen={open.has(worker.index)} onToggle={() => toggle(worker.index)} />
			),
			isNumber: true,
			isSortable: true,
		},
		number('p50', 'Latency p50', ({ latencyMs }) => (latencyMs === null ? none : formatMs(latencyMs.p50))),
		number('p99', 'p99', ({ latencyMs }) => (latencyMs === null ? none : formatMs(latencyMs.p99))),
		number('cpu', 'CPU', ({ load }) => (load === null ? none : formatCpu(load.cpu))),
		number('memory', 'Memory', ({ load }) => (load === null ? none : formatBytes(load.memoryBytes))),
		number('delay', 'Loop delay', ({ load }) => (load === null ? none : formatMs(load.eventLoopDelayMs))),
		number('dropped', 'Dropped', ({ load }) => (load === null ? none : formatCount(load.dropped))),
		number('forged', 'Forged', ({ load }) => (load === null ? none : formatCount(load.forged))),
		number('retries', 'Retries', ({ retries }) => formatCount(retries)),
		number('hedges', 'Hedges', ({ hedges }) => formatCount(hedges)),
	];
	return (
		<Table
			caption="Workers of this run"
			columns={columns}
			rows={workers}
			rowKey={(worker) => worker.index}
			sort={order}
			onSort={({ column, isDescending }) => onOrder({ column: column as WorkerSort, isDescending })}
			isCardsWhenNarrow
			below={(worker) =>
				open.has(worker.index) && worker.failures > 0 ? <FailureList worker={worker} nowMs={nowMs} /> : null
			}
		/>
	);
}
