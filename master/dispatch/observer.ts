/**
 * Who is told what becomes of every request of a run: the monitor behind the dashboard, the log. Per request and per
 * block of results, never per host. An observer returns at once, keeps nothing that it is handed but numbers and texts
 * (columns are used again), and never throws.
 */

import type { ChunkKind } from '../../shared/dashboard-api.ts';
import type { Capabilities } from '../../shared/protocol.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { ProbeName } from '../../shared/target.ts';
import type { WorkerLoad } from '../../shared/worker-load.ts';
import type { WorkerFailure } from './worker-link.ts';

export interface AskedChunk {
	/** number of the request within this process, from 1 */
	readonly id: number;
	/** what the request is named on the wire, and in the worker's log */
	readonly request: string;
	readonly worker: string;
	readonly probe: ProbeName;
	readonly kind: ChunkKind;
	readonly hosts: number;
}

export interface DispatchObserver {
	/** a worker said what it can do: when it joined, or at a check */
	met?(worker: string, capabilities: Capabilities): void;
	/** a worker was asked what it can do, and failed to say it: when it joined, or at a check */
	unmet?(worker: string, failure: WorkerFailure): void;
	asked?(chunk: AskedChunk): void;
	/** every host has had its first probe; the longest of them waited this long in the worker */
	sent?(id: number, waitMs: number): void;
	/** results of a request, those that do not count among them */
	answered?(id: number, block: ResultBlock): void;
	/** a hedge takes over from it; it may still answer */
	late?(id: number): void;
	/** it is over: well, or not. `isCancelled`: we ended it */
	closed?(id: number, failure: WorkerFailure | undefined, isCancelled: boolean): void;
	/** what the worker said of its load */
	load?(worker: string, load: WorkerLoad): void;
}
