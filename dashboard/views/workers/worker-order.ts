/** How workers are sorted: by what each column shows, those without a value last. */
import type { LiveWorker, WorkerState } from '../../../shared/dashboard-api.ts';
import { workerStates } from '../../../shared/dashboard-api.ts';

type SortValue = string | number | null;

/** What a worker is sorted by, by the name of the column. */
const sortValueOf = {
	worker: ({ index }) => index,
	state: ({ state }) => workerStates.indexOf(state),
	rate: ({ ratePerSecond }) => ratePerSecond,
	inFlight: ({ inFlight }) => inFlight,
	done: ({ done }) => done,
	p50: ({ latencyMs }) => latencyMs?.p50 ?? null,
	p99: ({ latencyMs }) => latencyMs?.p99 ?? null,
	cpu: ({ load }) => load?.cpu ?? null,
	memory: ({ load }) => load?.memoryBytes ?? null,
	delay: ({ load }) => load?.eventLoopDelayMs ?? null,
	dropped: ({ load }) => load?.dropped ?? null,
	forged: ({ load }) => load?.forged ?? null,
	retries: ({ retries }) => retries,
	hedges: ({ hedges }) => hedges,
	failures: ({ failures }) => failures,
} as const satisfies Readonly<Record<string, (worker: LiveWorker) => SortValue>>;
export type WorkerSort = keyof typeof sortValueOf;

export interface WorkerOrder {
	readonly column: WorkerSort;
	readonly isDescending: boolean;
}

export const defaultOrder: WorkerOrder = { column: 'worker', isDescending: false };

/** @param text of an address: `rate`, `-rate`; other words are the default */
export function parseWorkerOrder(text: string | undefined): WorkerOrder {
	if (text === undefined) return defaultOrder;
	const isDescending = text.startsWith('-');
	const column = isDescending ? text.slice(1) : text;
	return Object.hasOwn(sortValueOf, column) ? { column: column as WorkerSort, isDescending } : defaultOrder;
}

export function formatWorkerOrder({ column, isDescending }: WorkerOrder): string | null {
	if (column === defaultOrder.column && isDescending === defaultOrder.isDescending) return null;
	return isDescending ? `-${column}` : column;
}

export function sortWorkers(workers: readonly LiveWorker[], order: WorkerOrder): LiveWorker[] {
	const value: (worker: LiveWorker) => SortValue = sortValueOf[order.column];
	const sign = order.isDescending ? -1 : 1;
	return workers.toSorted((a, b) => {
		const [left, right] = [value(a), value(b)];
		// The list's own order settles what is equal, so rows do not change places without a reason.
		if (left === right) return a.index - b.index;
		if (left === null) return 1;
		if (right === null) return -1;
		return (left < right ? -1 : 1) * sign;
	});
}

/** How many workers are in each state. */
export function countStates(workers: readonly LiveWorker[]): ReadonlyMap<WorkerState, number> {
	const counts = new Map<WorkerState, number>();
	for (const { state } of workers) counts.set(state, (counts.get(state) ?? 0) + 1);
	return counts;
}
