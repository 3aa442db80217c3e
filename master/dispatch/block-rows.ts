import { statusCode } from '../../shared/outcome.ts';
import type { ResultBlock } from '../../shared/results.ts';

const [upCode, errorCode] = [statusCode('up'), statusCode('error')];

/** Rows of a block whose status is not `error`; `undefined`, without allocating, when there is no error. */
export function rowsWithoutError(block: ResultBlock): number[] | undefined {
	let first = 0;
	while (first < block.length && block.status[first] !== errorCode) first += 1;
	if (first === block.length) return undefined;
	const rows: number[] = [];
	for (let row = 0; row < block.length; row += 1) if (block.status[row] !== errorCode) rows.push(row);
	return rows;
}

/** Whether a host of a block has not answered, so that its probe may have lasted until its timeout. */
export function hasOtherThanUp({ status, length }: ResultBlock): boolean {
	for (let row = 0; row < length; row += 1) if (status[row] !== upCode) return true;
	return false;
}
