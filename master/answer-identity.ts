/**
 * Whose answer an answer is. A proxy that mixes up connections, or a cache, can hand the good answer to one request
 * to another: its rows are positions in the hosts of that one, and would be written to ours. So the worker repeats
 * what the request was named: in a header, and in the head of a stream of frames.
 *
 * An answer comes from one life of a worker, because its connection ends with the process. A life that is not the
 * one whose capabilities were read last has done honest work all the same: its rows count, and the caller is told.
 */
import type { StreamHead } from '../shared/protocol.ts';
import { invalid } from './worker-failures.ts';

/** What an answer is held to. */
export interface AskedOfWorker {
	/** what the request was named */
	readonly requestId: string;
	/** whether the worker says in its capabilities that it repeats names */
	readonly namesRequests: boolean;
	/** the life whose capabilities were read last; `undefined` when none were, or it says nothing */
	readonly instance: string | undefined;
}

/** @throws WorkerFailure `invalid` when the answer names another request, or none although it should */
export function checkName(name: unknown, { requestId, namesRequests }: AskedOfWorker): void {
	if (name === requestId) return;
	if (name !== undefined) throw invalid('answered another request than ours');
	if (namesRequests) throw invalid('does not say which request it answers');
}

/** @returns the head of a stream of frames, or `undefined` when the mark is none */
export function headIn(mark: object): StreamHead | undefined {
	const { worker, hosts, request } = mark as { [key in keyof StreamHead]?: unknown };
	if (typeof worker !== 'string' || typeof hosts !== 'number') return undefined;
	if (request !== undefined && typeof request !== 'string') return undefined;
	return { worker, hosts, ...(request !== undefined && { request }) };
}
