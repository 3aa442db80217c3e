import { expect, it } from 'vitest';
import { errorRows, sameForAll, withoutRows } from '../../../master/dispatch/block-rows.ts';
import { reasonCode, statusCode } from '../../../shared/outcome.ts';

const block = {
	length: 4,
	index: [7, 8, 9, 10],
	status: ['up', 'error', 'down', 'error'].map((status) => statusCode(status)!),
	reason: ['', 'no-route', 'timeout', 'no-buffers'].map((reason) => reasonCode(reason)!),
	address: ['192.0.2.1', undefined, '192.0.2.3', undefined],
	sent: [1, 0, 2, 0],
	received: [1, 0, 0, 0],
	rttMs: [3, Number.NaN, Number.NaN, Number.NaN],
	rtt: { min: [1, 2, 3, 4], max: [5, 6, 7, 8], jitter: [9, 10, 11, 12] },
};

it('rows of the worker’s own trouble are found', () => {
	expect(errorRows(block)).toEqual([1, 3]);
	expect(errorRows({ ...block, status: [0, 1, 2, 3] })).toBeUndefined();
});

it('rows are cut out of every column', () => {
	expect(withoutRows(block, [1, 3])).toEqual({
		length: 2,
		index: [7, 9],
		status: [statusCode('up'), statusCode('down')],
		reason: [0, reasonCode('timeout')],
		address: ['192.0.2.1', '192.0.2.3'],
		sent: [1, 2],
		received: [1, 0],
		rttMs: [3, Number.NaN],
		rtt: { min: [1, 3], max: [5, 7], jitter: [9, 11] },
	});
	expect(withoutRows({ ...block, address: undefined, rtt: undefined }, [0, 1, 2, 3])).toMatchObject({
		length: 0,
		address: undefined,
		rtt: undefined,
	});
});

it('one outcome stands for many hosts', () => {
	const made = sameForAll(3, 'error', 'no-worker');
	expect(made.length).toBe(3);
	expect([...(made.index as Uint32Array)]).toEqual([0, 1, 2]);
	expect([...(made.status as Uint8Array)]).toEqual(Array(3).fill(statusCode('error')));
	expect([...(made.reason as Uint8Array)]).toEqual(Array(3).fill(reasonCode('no-worker')));
	expect(made.rttMs[0]).toBeNaN();
});
