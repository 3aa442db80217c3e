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
		about: string,
		text: (worker: LiveWorker) => string,
	): Column<LiveWorker> => ({
		id,
		title,
		about,
		cell: text,
		isNumber: true,
		isSortable: true,
	});
	/** left out where the page is not wide */
	const isMinor = { className: 'cell-minor' };
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
			about:
				'hosts in its requests; below, those it has sent nothing to yet, and how many there may be (the window)',
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
		number('p50', 'Latency p50', 'from a request to the end of its answer: half took less', (worker) =>
			worker.latencyMs === null ? none : formatMs(worker.latencyMs.p50),
		),
		number('p99', 'Latency p99', 'from a request to the end of its answer: 1 % took longer', (worker) =>
			worker.latencyMs === null ? none : formatMs(worker.latencyMs.p99),
		),
		number('cpu', 'CPU', 'of one processor', ({ load }) => (load === null ? none : formatCpu(load.cpu))),
		number('memory', 'Memory', 'that its process holds', ({ load }) =>
			load === null ? none : formatBytes(load.memoryBytes),
		),
		number('delay', 'Loop delay', 'how late its event loop comes to what is due', ({ load }) =>
			load === null ? none : formatMs(load.eventLoopDelayMs),
		),
		number('dropped', 'Dropped', 'packets that its sockets had no room for', ({ load }) =>
			load === null ? none : formatCount(load.dropped),
		),
		{
			...number('forged', 'Forged', 'packets that belong to none of its probes', ({ load }) =>
				load === null ? none : formatCount(load.forged),
			),
			...isMinor,
		},
		{
			...number('retries', 'Retries', 'requests with hosts that had been asked for before', ({ retries }) =>
				formatCount(retries),
			),
			...isMinor,
		},
		{
			...number('hedges', 'Hedges', 'requests that took over from a late one', ({ hedges }) =>
				formatCount(hedges),
			),
			...isMinor,
		},
	];
	return (
		<Table
			className="workers"
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
