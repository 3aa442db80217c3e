/** However long a run is, a monitor takes no more memory, and what it tells is no longer. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { sizeOf } from '../../requirements.ts';
import { blockOfAnswers, monitorFixture } from './monitor-fixture.ts';

/** Bytes of the heap that are in use when nothing is left to collect. */
function heapBytes(): number {
	setFlagsFromString('--expose-gc');
	const collect = runInNewContext('gc') as () => void;
	collect();
	return getHeapStatistics().used_heap_size;
}

const requests = sizeOf({ usual: 150_000, ci: 400_000, long: 10_000_000 });

test('any number of requests, of which thousands fail, are held in a few megabytes', () => {
	const { monitor, observer, begin, wait, keep, ask } = monitorFixture({ total: 2 * requests });
	begin();
	const block = blockOfAnswers([{ status: 'up', rttMs: 1.5 }, { status: 'down' }]);
	let used = 0;
	for (let count = 1; count <= requests; count += 1) {
		const id = ask(count % 2 === 0 ? 'a' : 'b', 2);
		observer.sent!(id, 0);
		observer.answered!(id, block);
		if (count % 100 === 0) {
			wait(150);
			keep('a', block);
			observer.closed!(id, new WorkerFailure('broken', `broke off, for the ${count}th time`), false);
			monitor.event({ type: 'notice', message: `request ${count}` });
		} else observer.closed!(id, undefined, false);
		if (count === 30_000) used = heapBytes();
	}
	// What a measurement of the heap is off by; a hundred bytes for each of the requests would be more than twice that.
	expect(heapBytes() - used).toBeLessThan(5_000_000);
	const { run, chunks, events, series, workers } = monitor.hello().message;
	expect(run).toMatchObject({ requests, failures: requests / 100 });
	expect(chunks).toHaveLength(10_000);
	expect(chunks.at(-1)!.id).toBe(requests);
	expect(events).toHaveLength(1_000);
	expect(events.map(({ id }) => id)).toEqual(
		Array.from({ length: 1_000 }, (_, i) => requests / 100 - 999 + i),
	);
	expect(series.points.length).toBeLessThan(600);
	expect(workers[0]!.failureReasons).toMatchObject([{ count: requests / 100 }]);
});

test('workers whose failures are all different have a few reasons', () => {
	const { monitor, observer, begin, ask } = monitorFixture();
	begin();
	const word = (i: number): string => [...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
	for (let i = 0; i < 1_000; i += 1) {
		observer.closed!(ask('a', 1), new WorkerFailure('broken', `says ${word(i)}`), false);
	}
	for (let i = 0; i < 5; i += 1) {
		observer.closed!(ask('a', 1), new WorkerFailure('broken', 'says a'), false);
	}
	const [worker] = monitor.workers();
	expect(worker!.failures).toBe(1_005);
	expect(worker!.failureReasons).toHaveLength(5);
	expect(worker!.failureReasons.slice(0, 2)).toMatchObject([
		{ message: 'other reasons', count: 984 },
		{ message: 'says a', count: 6 },
	]);
	const longWord = 'x'.repeat(100_000);
	const id = ask('a', 1);
	observer.closed!(id, new WorkerFailure('broken', longWord), false);
	expect(monitor.hello().message.chunks.at(-1)!.failure).toHaveLength(300);
});
