/**
 * Pages of a run's rows, by filter and in the order that is wanted.
 *
 * In list order a page begins behind the last key of the one before. Blocks that a summary says have no such row are
 * passed over, so that a rare status costs a few blocks of ten million rows; the first who asks for a status does not
 * wait for a summary where the counts of the run are kept beside its rows. In other orders, a page is cut from a
 * window of rows (sorted-rows.ts); rows without a round-trip time stand behind all that have one, in list order.
 */
import type { ResultRow, ResultSort, ResultsPage } from '../../shared/dashboard-api.ts';
import type { AnswerRow } from '../store/answer-row.ts';
import { readTotals } from '../store/read-totals.ts';
import { runUnit } from '../store/schema.ts';
import { blockPositions } from './block-summary.ts';
import type { QueryContext } from './context.ts';
import type { ResultFilter } from './queries.ts';
import { shownColumns } from './result-rows.ts';
import type { RowFilter } from './row-filter.ts';
import { rowFilter } from './row-filter.ts';
import type { Place } from './row-place.ts';
import { parsePlace, placeText } from './row-place.ts';
import { positionsOf, readRun } from './run-rows.ts';
import type { PageQuestion } from './sorted-rows.ts';
import { sortedPlaces } from './sorted-rows.ts';
import type { Steps } from './steps.ts';

/** @throws PingpoolError `not-found`, `bad-request` */
export function* resultsPage(context: QueryContext, runId: number, wanted: ResultFilter): Steps<ResultsPage> {
	const run = readRun(context.db, runId);
	context.words.refresh();
	const filter = rowFilter(wanted, context.words);
	const { sort, limit } = wanted;
	const after = wanted.after === undefined ? undefined : parsePlace(wanted.after, sort);
	// Reading rows until a page is full takes less time than reading all of them for a summary, if that is not there yet.
	const isSoon = filter.isByKind && context.summaries.known(runId) === undefined;
	const kept = isSoon ? readTotals(context.db, runId) : undefined;
	const summary = kept ?? (filter.isSummed ? yield* context.summaries.fresh(runId) : undefined);
	// When the last of them is found, nothing need be read behind it.
	const rowsMax = (kept && filter.countIn(kept)) ?? Number.POSITIVE_INFINITY;
	const question: PageQuestion = { context, run, filter, sort, limit, after, rowsMax };
	const rows = sort === 'position' ? yield* inListOrder(question) : yield* inOrder(question);
	const hasMore = rows.length > limit;
	if (hasMore) rows.length = limit;
	context.places.remember(rows);
	const isAll = after === undefined && !hasMore;
	return {
		rows,
		next: hasMore ? placeText(placeOf(rows.at(-1)!, sort), sort) : null,
		matching: isAll ? rows.length : countOf(question, summary),
	};
}

function countOf(
	{ run, filter }: PageQuestion,
	summary: Parameters<RowFilter['countIn']>[0] | undefined,
): number | null {
	if (summary !== undefined) return filter.countIn(summary);
	if (filter.sql !== '') return null;
	if (run.byStatus !== null) return Object.values(run.byStatus).reduce((sum, rows) => sum + rows, 0);
	return null;
}

/** @returns up to `limit` rows and one more */
function* inListOrder(question: PageQuestion): Steps<ResultRow[]> {
	const { after } = question;
	return yield* rowsFrom(question, after === undefined ? 0 : after.position + 1, '');
}

function* inOrder(question: PageQuestion): Steps<ResultRow[]> {
	const { context, run, sort, limit, after } = question;
	const rows: ResultRow[] = [];
	if (after?.value !== null) {
		const places = yield* sortedPlaces(question);
		for (const position of places) {
			const row = context.rows.at(run.id, position);
			if (row !== undefined) rows.push(row);
		}
	}
	const isByRtt = sort === 'rtt' || sort === '-rtt';
	if (!isByRtt || rows.length > limit) return rows;
	const from = after?.value === null ? after.position + 1 : 0;
	const rest = yield* rowsFrom({ ...question, limit: limit - rows.length }, from, 'rtt_us IS NULL');
	return [...rows, ...rest];
}

function* rowsFrom(
	{ context, run, filter, limit, rowsMax }: PageQuestion,
	from: number,
	condition: string,
): Steps<ResultRow[]> {
	const { db, summaries, rows } = context;
	const conditions = [filter.sql, condition].filter((sql) => sql !== '');
	const statement = db
		.prepare<unknown[], AnswerRow>(
			`SELECT ${shownColumns} FROM answers NOT INDEXED
			WHERE id >= ? AND id < ?${conditions.map((sql) => ` AND ${sql}`).join('')} ORDER BY id LIMIT ?`,
		)
		.raw();
	const base = run.id * runUnit;
	const found: ResultRow[] = [];
	const take = (start: number, end: number): void => {
		for (const raw of statement.all(base + start, base + end, ...filter.params, limit + 1 - found.length)) {
			found.push(rows.of(raw));
		}
	};
	if (conditions.length === 0) {
		take(from, runUnit);
		return found;
	}
	const positions = positionsOf(db, run.id);
	for (let start = from; start < positions && found.length <= limit && found.length < rowsMax; ) {
		const block = Math.floor(start / blockPositions);
		const end = (block + 1) * blockPositions;
		// A filter that looks at a summary has had it brought up to date before.
		const known = summaries.known(run.id)?.summary;
		const summary = known?.blocks.get(block);
		if (summary === undefined || filter.mayBeIn(summary, known!)) {
			take(start, end);
			yield;
		}
		start = end;
	}
	return found;
}

function placeOf({ position, rttMs, checkedAtMs }: ResultRow, sort: ResultSort): Place {
	if (sort === 'position') return { value: null, position };
	if (sort === 'checked' || sort === '-checked') return { value: checkedAtMs, position };
	return { value: rttMs === null ? null : Math.round(rttMs * 1_000), position };
}
