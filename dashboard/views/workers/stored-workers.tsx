/** The workers of a run that is read from the database: what each of them answered is all that is known there. */
import type { RunDetail } from '../../../shared/dashboard-api.ts';
import { formatCount, formatShare } from '../../../shared/format.ts';
import type { ByStatus, Status } from '../../../shared/outcome.ts';
import { statuses } from '../../../shared/outcome.ts';
import { Card } from '../../parts/card.tsx';
import { HostName } from '../../parts/safe-text.tsx';
import { EmptyState, ErrorState, Loading } from '../../parts/states.tsx';
import { StatusBar } from '../../parts/status-bar.tsx';
import type { Column } from '../../parts/table.tsx';
import { Table } from '../../parts/table.tsx';
import { hrefOf } from '../../router.ts';
import type { Query } from '../../state/api.ts';

interface StoredWorker {
	readonly worker: string;
	readonly byStatus: ByStatus;
}

export function StoredWorkers({ detail }: { readonly detail: Query<RunDetail> }) {
	const { data, error, reload } = detail;
	if (data === undefined) {
		return error === undefined ? <Loading lines={4} /> : <ErrorState error={error} onRetry={reload} />;
	}
	const all = data.byWorker.reduce((sum, { byStatus }) => sum + sumOf(byStatus), 0);
	const rows = data.byWorker.toSorted((a, b) => sumOf(b.byStatus) - sumOf(a.byStatus));
	const countOf = (status: Status): Column<StoredWorker> => ({
		id: status,
		title: status,
		cell: ({ worker, byStatus }) => (
			<a href={hrefOf('/results', { run: data.run.id, worker, status })}>{formatCount(byStatus[status])}</a>
		),
		isNumber: true,
	});
	const columns: Column<StoredWorker>[] = [
		{
			id: 'worker',
			title: 'Worker',
			cell: ({ worker }) => <HostName host={worker} isShort />,
			isRowHead: true,
			className: 'stored-worker',
		},
		{
			id: 'answered',
			title: 'Answered',
			cell: ({ byStatus }) => formatCount(sumOf(byStatus)),
			isNumber: true,
		},
		{
			id: 'share',
			title: 'Share',
			cell: ({ byStatus }) => formatShare(sumOf(byStatus), all),
			isNumber: true,
		},
		...statuses.map(countOf),
		{
			id: 'bar',
			title: 'By status',
			cell: ({ byStatus }) => <StatusBar byStatus={byStatus} />,
			className: 'cell-shares',
		},
	];
	return (
		<>
			{error !== undefined && <ErrorState error={error} onRetry={reload} />}
			<Card title="Answers by worker" isFlush>
				{rows.length === 0 ? (
					<EmptyState title="No worker has answered yet" />
				) : (
					<Table
						caption="Workers of this run, as the database has them"
						columns={columns}
						rows={rows}
						rowKey={({ worker }) => worker}
						isCardsWhenNarrow
					/>
				)}
			</Card>
		</>
	);
}

function sumOf(byStatus: ByStatus): number {
	return statuses.reduce((sum, status) => sum + byStatus[status], 0);
}
