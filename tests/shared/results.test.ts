import { expect, it } from 'vitest';
import { reasonCode, reasons, statusCode, statuses } from '../../shared/outcome.ts';
import { hostResult, selectRows, unsentBlock } from '../../shared/results.ts';

const columns = {
	length: 2,
	index: [0, 1],
	status: [statusCode('up'), statusCode('down')],
	reason: [0, reasonCode('timeout')],
	address: ['192.0.2.1', undefined],
	sent: [4, 4],
	received: [3, 0],
	rttMs: [2, Number.NaN],
};

it('a result has the keys that have a value', () => {
	const block = { ...columns, rtt: undefined };
	expect(hostResult(block, 0, 'a.test', undefined)).toEqual({
		host: 'a.test',
		status: 'up',
		address: '192.0.2.1',
		sent: 4,
		received: 3,
		rttMs: 2,
	});
	expect(hostResult(block, 1, '10.0.0.1', '10.0.0.1')).toEqual({
		host: '10.0.0.1',
		status: 'down',
		reason: 'timeout',
		address: '10.0.0.1',
		sent: 4,
		received: 0,
	});
});

it('a result has statistics when they were asked for', () => {
	const rtt = { min: [1, Number.NaN], max: [3, Number.NaN], jitter: [0.5, Number.NaN] };
	const block = { ...columns, rtt };
	expect(hostResult(block, 0, 'a.test', undefined)).toMatchObject({
		rttMinMs: 1,
		rttAvgMs: 2,
		rttMaxMs: 3,
		jitterMs: 0.5,
		lossPercent: 25,
	});
	const lost = hostResult(block, 1, 'b.test', undefined);
	expect(lost.lossPercent).toBe(100);
	expect(lost).not.toHaveProperty('rttMinMs');
});

it('words and their codes are each other', () => {
	for (const [code, word] of statuses.entries()) expect(statusCode(word)).toBe(code);
	for (const [code, word] of reasons.entries()) expect(reasonCode(word)).toBe(code);
	expect(statusCode('sideways')).toBeUndefined();
	expect(reasonCode('toString')).toBeUndefined();
});

it('rows can be selected, in any order', () => {
	const rtt = { min: [1, 2], max: [3, 4], jitter: [0.5, 0.6] };
	expect(selectRows({ ...columns, rtt }, [1, 0])).toEqual({
		length: 2,
		index: [1, 0],
		status: columns.status.toReversed(),
		reason: columns.reason.toReversed(),
		address: [undefined, '192.0.2.1'],
		sent: [4, 4],
		received: [0, 3],
		rttMs: [Number.NaN, 2],
		rtt: { min: [2, 1], max: [4, 3], jitter: [0.6, 0.5] },
	});
	const without = selectRows({ ...columns, address: undefined, rtt: undefined }, []);
	expect([without.length, without.address, without.rtt]).toEqual([0, undefined, undefined]);
});

it('hosts that no probe was sent to have an outcome and no times', () => {
	const block = unsentBlock([7, 3], 'error', 'no-worker');
	expect(hostResult(block, 1, 'a.test', undefined)).toEqual({
		host: 'a.test',
		status: 'error',
		reason: 'no-worker',
		sent: 0,
		received: 0,
	});
	expect([...Array.from(block.index)]).toEqual([7, 3]);
});
