import { expect, it } from 'vitest';
import { hasOtherThanUp, isError, isWorkersTrouble } from '../../../../master/dispatch/rules/block-rows.ts';
import { reasonCode, statusCode } from '../../../../shared/outcome.ts';
import { unsentBlock } from '../../../../shared/results.ts';

it('tells errors, and those that a worker would have with any host', () => {
	const [down, error] = [statusCode('down'), statusCode('error')];
	const reason = [reasonCode('timeout'), reasonCode('no-route'), reasonCode('no-buffers')];
	const block = { ...unsentBlock([4, 2, 9], 'down', 'timeout'), status: [down, error, error], reason };
	expect([0, 1, 2].map((row) => isError(block, row))).toEqual([false, true, true]);
	expect([0, 1, 2].map((row) => isWorkersTrouble(block, row))).toEqual([false, false, true]);
});

it('knows whether every host of a block answered', () => {
	const block = unsentBlock([4, 2], 'up', 'timeout');
	expect(hasOtherThanUp(block)).toBe(false);
	expect(hasOtherThanUp({ ...block, status: [statusCode('up'), statusCode('down')] })).toBe(true);
});
