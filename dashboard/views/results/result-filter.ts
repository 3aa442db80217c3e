/** Which rows are wanted, as parameters of the page's address and of the question to the master. */
import { type ResultSort, resultSorts } from '../../../shared/dashboard-api.ts';
import { reasons, type Status, statuses } from '../../../shared/outcome.ts';
import { hrefOf, type ParamChanges, type Params } from '../../router.ts';
import { wordsOf } from '../../word-list.ts';
import type { Search } from './search-text.ts';

/** Lists that are empty, and `null`, let every row through. */
export interface ResultFilter extends Search {
	readonly statuses: readonly Status[];
	readonly reasons: readonly string[];
	/** a worker's name, whole */
	readonly worker: string | null;
	readonly sort: ResultSort;
}

export const knownReasons: readonly string[] = reasons.filter((reason) => reason !== '');

export const openFilter: ResultFilter = {
	statuses: [],
	reasons: [],
	worker: null,
	prefix: null,
	q: null,
	sort: 'position',
};

/** Unknown words are left out. */
export function resultFilterOf(params: Params): ResultFilter {
	return {
		statuses: wordsOf(params.status, statuses),
		reasons: wordsOf(params.reason, knownReasons),
		worker: params.worker ?? null,
		prefix: params.prefix ?? null,
		q: params.q ?? null,
		sort: resultSorts.find((sort) => sort === params.sort) ?? 'position',
	};
}

/** The sort that rows have anyway is left out. */
export function resultFilterParams(filter: ResultFilter): ParamChanges {
	return {
		status: filter.statuses.join(','),
		reason: filter.reasons.join(','),
		worker: filter.worker,
		prefix: filter.prefix,
		q: filter.q,
		sort: filter.sort === 'position' ? null : filter.sort,
	};
}

/** @param after `next` of the page before */
export function resultsUrl(runId: number, filter: ResultFilter, limit: number, after: string | null): string {
	return hrefOf(`/api/runs/${runId}/results`, { ...resultFilterParams(filter), limit, after });
}

export function isFiltered(filter: ResultFilter): boolean {
	return (
		filter.statuses.length > 0 ||
		filter.reasons.length > 0 ||
		filter.worker !== null ||
		filter.prefix !== null ||
		filter.q !== null
	);
}

/** What a column's head does to the sort: descending, ascending, and back to the order of the list. */
export function nextSort(sort: ResultSort, column: 'position' | 'rtt' | 'checked'): ResultSort {
	if (column === 'position') return 'position';
	if (sort === column) return 'position';
	return sort === `-${column}` ? column : `-${column}`;
}
