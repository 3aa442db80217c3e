/** All that is counted of a run: as it stands beside its rows, or from the summary that reading them makes. */
import type { RunDetail } from '../../shared/dashboard-api.ts';
import type { ByStatus } from '../../shared/outcome.ts';
import { noHosts, statuses } from '../../shared/outcome.ts';
import { reasonOf, statusOf, workerOf } from '../store/answer-kind.ts';
import { readTotals } from '../store/read-totals.ts';
import type { QueryContext } from './context.ts';
import { readRun } from './run-rows.ts';
import type { RunSummary } from './run-summary.ts';
import type { Steps } from './steps.ts';
import type { DatabaseWords } from './words.ts';

/** @throws PingpoolError `not-found` */
export function* runDetail({ db, words, summaries }: QueryContext, id: number): Steps<RunDetail> {
	readRun(db, id);
	const summary = readTotals(db, id) ?? (yield* summaries.fresh(id));
	words.refresh();
	return {
		// Read last: of a run that has ended meanwhile, all is told.
		run: readRun(db, id),
		done: summary.rows,
		...countsOf(summary, words),
		rtt: summary.rtt.percentiles(),
		rttHistogram: summary.rtt.histogram(),
		series: summary.times.series(),
	};
}

function countsOf(
	{ kinds, kindRows }: Pick<RunSummary, 'kinds' | 'kindRows'>,
	words: DatabaseWords,
): Pick<RunDetail, 'byStatus' | 'byReason' | 'byWorker'> {
	const byStatus = { ...noHosts };
	// Any word may stand in a database, also one that every object has.
	const byReason = new Map<string, number>();
	const byWorker = new Map<string, Record<keyof ByStatus, number>>();
	for (const [i, kind] of kinds.entries()) {
		const rows = kindRows[i]!;
		const reason = words.reason(reasonOf(kind));
		if (reason !== null) byReason.set(reason, (byReason.get(reason) ?? 0) + rows);
		// One that only a newer program knows has no place here.
		const status = statuses[statusOf(kind)];
		if (status === undefined) continue;
		byStatus[status] += rows;
		const worker = words.worker(workerOf(kind)) ?? '?';
		const ofWorker = byWorker.get(worker) ?? { ...noHosts };
		ofWorker[status] += rows;
		byWorker.set(worker, ofWorker);
	}
	const workers = [...byWorker].map(([worker, rows]) => ({ worker, byStatus: rows }));
	return {
		byStatus,
		byReason: Object.fromEntries(byReason),
		byWorker: workers.sort((a, b) => (a.worker < b.worker ? -1 : 1)),
	};
}
