/** What goes into the rules beside events, and what they want done. */
import type { ChunkKind } from '../../../shared/dashboard-api.ts';
import type { HostColumn } from '../../../shared/host-column.ts';
import type { Capabilities, ProbeSettings } from '../../../shared/protocol.ts';
import type { Random } from '../../../shared/random.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import type { ProbeName } from '../../../shared/target.ts';
import type { RunEvent } from '../../events.ts';
import type { WorkerFailure } from '../worker-link.ts';
import type { Ledger } from './ledger.ts';

export interface RulesOptions {
	readonly settings: ProbeSettings;
	/** positions that have an answer; the rules keep it up to date */
	readonly ledger: Ledger;
	/** hosts per chunk, when the user has said so */
	readonly chunkHosts?: number | undefined;
	/** requests at a time per worker, when the user has said so */
	readonly concurrency?: number | undefined;
	/** ceiling of the whole fleet, in probes per second; 0 for none */
	readonly ratePerSecond: number;
	/** how long to wait when no worker is well before the run is given up */
	readonly workerTimeoutMs: number;
	/** whether workers may be added while the run goes on: one without any is then waited for. Default: false */
	readonly workersMayJoin?: boolean;
	/** hosts that may wait to go out; more are not asked for. Default: 16,384 */
	readonly pendingHostsMax?: number;
	readonly random: Random;
	readonly nowMs: number;
}

export interface NewWorker {
	readonly name: string;
	readonly weight: number;
	/** what it can do, or why that is not known; `undefined` when it was not asked */
	readonly met: Capabilities | WorkerFailure | undefined;
}

/** Rows on their way to the store: row i of the block is host `block.index[i]` of a chunk. */
export interface AnsweredRows {
	/** the worker, or `master` for hosts that none answered for */
	readonly worker: string;
	/** of all hosts of the chunk */
	readonly positions: Uint32Array;
	readonly hosts: HostColumn;
	/** its columns may be used again once whoever takes them has returned */
	readonly block: ResultBlock;
}

/** Something to be done now, in the order in which the steps come. */
export type Step =
	/** send a request, and tell what becomes of it with the same id */
	| {
			readonly type: 'ask';
			readonly id: number;
			readonly worker: string;
			readonly probe: ProbeName;
			readonly kind: ChunkKind;
			readonly positions: Uint32Array;
			readonly hosts: HostColumn;
	  }
	/** for whoever looks on: another request is going to ask for the hosts of this one, which may still answer */
	| { readonly type: 'late'; readonly id: number }
	/** end a request; nothing that is told of it counts any more */
	| { readonly type: 'cancel'; readonly id: number; readonly worker: string; readonly reason: WorkerFailure }
	/** ask a worker what it can do */
	| { readonly type: 'check'; readonly worker: string }
	/** keep rows that no worker answered */
	| { readonly type: 'record'; readonly rows: AnsweredRows }
	| { readonly type: 'tell'; readonly event: RunEvent }
	/** a worker that was removed has nothing under way any more */
	| { readonly type: 'close'; readonly worker: string };
