/** Rows of a run: searched, filtered and sorted by the database, page by page as one scrolls. */
import { useMemo } from 'preact/hooks';
import type { ResultRow, ResultsPage } from '../../shared/dashboard-api.ts';
import { formatCount } from '../../shared/format.ts';
import { RunPicker } from '../parts/run-picker.tsx';
import { EmptyState, ErrorState, Loading } from '../parts/states.tsx';
import { usePagedRows } from '../parts/use-paged-rows.ts';
import { ViewHead } from '../parts/view-head.tsx';
import { VirtualTable } from '../parts/virtual-table.tsx';
import { hrefOf } from '../router.ts';
import { ApiError } from '../state/api.ts';
import { navigate, route, setParams } from '../state/location.ts';
import { shownRunId, useRuns } from '../state/runs.ts';
import { FilterBar } from './results/filter-bar.tsx';
import { resultColumns } from './results/result-columns.tsx';
import {
	isFiltered,
	openFilter,
	type ResultFilter,
	resultFilterOf,
	resultFilterParams,
	resultsUrl,
} from './results/result-filter.ts';
import './results/results.css';

const pageRows = 200;
const rowPx = 36;

export function ResultsView() {
	const { params } = route.value;
	const filter = useMemo(() => resultFilterOf(params), [params]);
	const runs = useRuns();
	const runId = shownRunId(runs.data?.runs);
	const onFilter = (next: ResultFilter) => setParams(resultFilterParams(next), 'replace');
	return (
		<>
			<ViewHead title="Results">
				<RunPicker runs={runs.data?.runs} />
			</ViewHead>
			{runs.error !== undefined && runId === null && <ErrorState error={runs.error} onRetry={runs.reload} />}
			{runId === null && runs.data === undefined && runs.error === undefined && <Loading lines={6} />}
			{runId === null && runs.data !== undefined && <EmptyState title="The database has no run yet." />}
			{runId !== null && (
				<>
					<FilterBar runId={runId} filter={filter} onFilter={onFilter} />
					<Rows runId={runId} filter={filter} onFilter={onFilter} />
				</>
			)}
		</>
	);
}

interface RowsProps {
	readonly runId: number;
	readonly filter: ResultFilter;
	readonly onFilter: (filter: ResultFilter) => void;
}

function Rows({ runId, filter, onFilter }: RowsProps) {
	const question = resultsUrl(runId, filter, pageRows, null);
	const { rows, version } = usePagedRows<ResultRow, ResultsPage>(
		question,
		(after) => resultsUrl(runId, filter, pageRows, after),
		(page) => page,
	);
	const { error } = rows;
	const isEmpty = rows.isEnd && rows.known === 0;
	return (
		<section class="card card-flush results" aria-label="Rows">
			<p class="results-count" role="status">
				{countText(rows.matching, rows.known, rows.isLoading, isFiltered(filter))}
			</p>
			{error !== undefined && (
				<ErrorState
					error={error instanceof ApiError ? error : new ApiError('unknown', String(error), 0, error)}
					onRetry={() => rows.retry()}
				/>
			)}
			{isEmpty && (
				<EmptyState title={isFiltered(filter) ? 'No row passes the filter.' : 'The run has no rows yet.'}>
					{isFiltered(filter) && (
						<button
							type="button"
							class="button"
							onClick={() => onFilter({ ...openFilter, sort: filter.sort })}
						>
							Show all rows
						</button>
					)}
				</EmptyState>
			)}
			{!isEmpty && (error === undefined || rows.known > 0) && (
				<VirtualTable
					key={question}
					caption={`Rows of run ${runId}`}
					columns={resultColumns(filter, onFilter)}
					rows={rows}
					version={version}
					rowPx={rowPx}
					onOpen={(row) => navigate(hrefOf('/hosts', { host: row.host }))}
				/>
			)}
		</section>
	);
}

function countText(matching: number | null, known: number, isLoading: boolean, isNarrowed: boolean): string {
	if (matching !== null) return `${formatCount(matching)} ${matching === 1 ? 'row' : 'rows'}`;
	if (known === 0) return isLoading ? 'Searching …' : '';
	return isNarrowed ? `More than ${formatCount(known)} rows match` : `More than ${formatCount(known)} rows`;
}
