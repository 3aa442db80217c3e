import type { Reason } from '../../../shared/outcome.ts';
import { reasonCode, statusCode } from '../../../shared/outcome.ts';
import type { ResultBlock } from '../../../shared/results.ts';

const [upCode, errorCode] = [statusCode('up'), statusCode('error')];

/** Errors that a worker has with any host, and another worker need not have. What depends on the host as well (no
 * route to it, a probe that is not offered) says nothing about a worker. */
const workersTroubles: readonly Reason[] = [
	'no-permission',
	'no-buffers',
	'no-descriptors',
	'no-ports',
	'blocked-locally',
	'cancelled',
	'internal',
];
const workersTroubleCodes: ReadonlySet<number> = new Set(workersTroubles.map((name) => reasonCode(name)));

/** Whether the status of a row is `error`. */
export function isError({ status }: ResultBlock, row: number): boolean {
	return status[row] === errorCode;
}

/** Whether the reason of a row is one that the worker would have with other hosts, too. */
export function isWorkersTrouble({ reason }: ResultBlock, row: number): boolean {
	return workersTroubleCodes.has(reason[row]!);
}

/** Whether a host of a block has not answered, so that its probe may have lasted until its timeout. */
export function hasOtherThanUp({ status, length }: ResultBlock): boolean {
	for (let row = 0; row < length; row += 1) if (status[row] !== upCode) return true;
	return false;
}
