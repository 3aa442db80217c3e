import { expect, it } from 'vitest';
import { hasOtherThanUp, rowsWithoutError } from '../../../master/dispatch/block-rows.ts';
import { statusCode } from '../../../shared/outcome.ts';
import { unsentBlock } from '../../../shared/results.ts';

it('gives the rows that are no errors, and nothing when all are fine', () => {
	const block = unsentBlock([4, 2, 9, 7], 'down', 'timeout');
	expect(rowsWithoutError(block)).toBeUndefined();
	const [down, error] = [statusCode('down'), statusCode('error')];
	expect(rowsWithoutError({ ...block, status: [down, error, down, error] })).toEqual([0, 2]);
	expect(rowsWithoutError({ ...block, status: [error, error, error, error] })).toEqual([]);
});

it('knows whether every host of a block answered', () => {
	const block = unsentBlock([4, 2], 'up', 'timeout');
	expect(hasOtherThanUp(block)).toBe(false);
	expect(hasOtherThanUp({ ...block, status: [statusCode('up'), statusCode('down')] })).toBe(true);
});
