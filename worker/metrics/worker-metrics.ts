/** What a worker counts of itself for those who watch it, where its runtime lets it say so. */
import type { ResultBlock } from '../../shared/results.ts';
import type { BatchPlan } from '../plan.ts';

/** What is held of all callers now. */
export interface InFlight {
	readonly requestsInFlight: number;
	readonly hostsInFlight: number;
}

export interface WorkerMetrics {
	/** @returns what is to be told of every block of results of that request */
	asked(plan: BatchPlan): (block: ResultBlock) => void;
	/** Everything that is known, as text, in a form that says its media type. */
	render(inFlight: InFlight): Promise<{ readonly type: string; readonly text: string }>;
}
