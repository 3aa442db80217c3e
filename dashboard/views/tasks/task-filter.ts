/** Which chunks the time line shows, as parameters of the page's address and as a test. */
import {
	type ChunkEnd,
	type ChunkKind,
	chunkEnds,
	chunkKinds,
	type LiveChunk,
} from '../../../shared/dashboard-api.ts';
import type { ParamChanges, Params } from '../../router.ts';
import { wordsOf } from '../../word-list.ts';

/** Lists that are empty let everything through. */
export interface TaskFilter {
	/** LiveWorker.index */
	readonly worker: number | null;
	readonly kinds: readonly ChunkKind[];
	readonly ends: readonly ChunkEnd[];
}

/** What is no worker, kind or end is left out. */
export function taskFilterOf(params: Params): TaskFilter {
	const worker = params.worker ?? '';
	return {
		worker: /^[0-9]{1,6}$/.test(worker) ? Number(worker) : null,
		kinds: wordsOf(params.kind, chunkKinds),
		ends: wordsOf(params.end, chunkEnds),
	};
}

export function taskFilterParams(filter: TaskFilter): ParamChanges {
	return { worker: filter.worker, kind: filter.kinds.join(','), end: filter.ends.join(',') };
}

/** Whether it lets everything through. */
export function isOpen(filter: TaskFilter): boolean {
	return filter.worker === null && filter.kinds.length === 0 && filter.ends.length === 0;
}

export function passes(filter: TaskFilter, chunk: LiveChunk): boolean {
	return (
		(filter.worker === null || chunk.worker === filter.worker) &&
		(filter.kinds.length === 0 || filter.kinds.includes(chunk.kind)) &&
		(filter.ends.length === 0 || filter.ends.includes(chunk.end))
	);
}
