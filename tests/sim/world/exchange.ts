/** One request to a worker and its answer, on their way through the network. */
import type { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import type { ProbeName } from '../../../shared/target.ts';
import type { RequestFault } from '../swarm.ts';
import type { SimulatedWorker } from './simulated-worker.ts';

/** What a master hears of a request. */
export interface Listener {
	answered(block: ResultBlock): void;
	sent(waitMs: number): void;
	alive(): void;
	restarted(): void;
	closed(failure: WorkerFailure | undefined): void;
}

export interface Exchange {
	readonly id: number;
	/** number of the life of the master that it belongs to */
	readonly life: number;
	readonly worker: SimulatedWorker;
	readonly probe: ProbeName;
	readonly positions: Uint32Array;
	readonly fault: RequestFault | undefined;
	readonly listener: Listener;
	/** the life of the worker that the master knows */
	readonly instanceKnown: () => number;
	/** nothing of it reaches the master any more */
	isLost: boolean;
	/** the worker need not go on with it */
	isAborted: boolean;
	/** when the last message to the master arrives: a connection keeps their order */
	lastArrivalMs: number;
}
