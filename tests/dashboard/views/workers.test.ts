import { describe, expect, it } from 'vitest';
import {
	countStates,
	defaultOrder,
	formatWorkerOrder,
	parseWorkerOrder,
	sortWorkers,
} from '../../../dashboard/views/workers/worker-order.ts';
import { liveWorker } from '../live-fixture.ts';

describe('the order of workers', () => {
	it.each([
		['rate', { column: 'rate', isDescending: false }],
		['-rate', { column: 'rate', isDescending: true }],
		[undefined, defaultOrder],
		['colour', defaultOrder],
		['constructor', defaultOrder],
	] as const)('%s in an address', (text, order) => expect(parseWorkerOrder(text)).toEqual(order));

	it('stands in the address unless it is the usual one', () => {
		expect(formatWorkerOrder(defaultOrder)).toBeNull();
		expect(formatWorkerOrder({ column: 'worker', isDescending: true })).toBe('-worker');
		expect(formatWorkerOrder({ column: 'p99', isDescending: false })).toBe('p99');
	});

	const indexes = (order: string, workers = rated) =>
		sortWorkers(workers, parseWorkerOrder(order)).map(({ index }) => index);
	const rated = [
		liveWorker(0, { ratePerSecond: 9 }),
		liveWorker(1, { ratePerSecond: 100 }),
		liveWorker(2, { ratePerSecond: 9 }),
		liveWorker(3, { ratePerSecond: 0 }),
	];

	it('is by number, and by place in the list where numbers are equal, both ways', () => {
		expect(indexes('rate')).toEqual([3, 0, 2, 1]);
		expect(indexes('-rate')).toEqual([1, 0, 2, 3]);
	});

	it('has those without a value last, both ways', () => {
		const workers = [
			liveWorker(0),
			liveWorker(1, { latencyMs: { p50: 5, p99: 9 } }),
			liveWorker(2, { latencyMs: { p50: 4, p99: 99 } }),
		];
		expect(indexes('p50', workers)).toEqual([2, 1, 0]);
		expect(indexes('-p50', workers)).toEqual([1, 2, 0]);
		expect(indexes('-p99', workers)).toEqual([2, 1, 0]);
	});

	it('is by state from healthy to gone', () => {
		const workers = [liveWorker(0, { state: 'gone' }), liveWorker(1, { state: 'aside' }), liveWorker(2)];
		expect(indexes('state', workers)).toEqual([2, 1, 0]);
	});
});

it('states are counted', () => {
	const counts = countStates([liveWorker(0), liveWorker(1, { state: 'aside' }), liveWorker(2)]);
	expect([...counts]).toEqual([
		['healthy', 2],
		['aside', 1],
	]);
});
