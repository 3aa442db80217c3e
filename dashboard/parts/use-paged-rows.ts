/** Rows in pages as a hook: another question begins anew. */
import { useEffect, useMemo, useReducer } from 'preact/hooks';
import { fetchJson } from '../state/api.ts';
import { PagedRows, type RowsPage } from './paged-rows.ts';

interface PagedRowsNow<Row> {
	readonly rows: PagedRows<Row>;
	/** changes with every change of the rows */
	readonly version: number;
}

/**
 * @param question what the rows depend on, as a text
 * @param urlOf the address of a page, by the cursor of it
 * @param pageOf what an answer holds of rows
 */
export function usePagedRows<Row, Answer>(
	question: string,
	urlOf: (after: string | null) => string,
	pageOf: (answer: Answer) => RowsPage<Row>,
): PagedRowsNow<Row> {
	const [version, changed] = useReducer((turn: number) => turn + 1, 0);
	const rows = useMemo(
		() =>
			new PagedRows<Row>({
				load: async (after, signal) => pageOf(await fetchJson<Answer>(urlOf(after), signal)),
				onChange: () => changed(undefined),
			}),
		[question],
	);
	useEffect(() => () => rows.close(), [rows]);
	return { rows, version };
}
