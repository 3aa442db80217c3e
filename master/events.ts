/** What a run says while it goes on: the one source of progress, logs and, later, a dashboard. */
import type { ProbeName } from '../shared/target.ts';

export type RunEvent =
	| { type: 'list-read'; total: number; invalid: number; duplicates: number; excluded: number }
	| { type: 'worker-joined'; worker: string; probes: readonly ProbeName[]; icmp: string | null }
	| { type: 'worker-unreachable'; worker: string; message: string }
	/** all have answered, or have had their time */
	| { type: 'workers-met'; met: number; asked: number }
	/** set aside for a while, or for good when `forMs` is undefined */
	| { type: 'worker-set-aside'; worker: string; message: string; forMs: number | undefined }
	| { type: 'worker-back'; worker: string }
	| { type: 'run-started'; runId: number; total: number }
	/** a run that had not finished goes on; `done` of its hosts have an answer */
	| { type: 'run-continued'; runId: number; done: number; total: number }
	/** no worker is left; the run waits up to `forMs` */
	| { type: 'waiting-for-workers'; forMs: number }
	| { type: 'stopping'; inFlight: number }
	| { type: 'notice'; message: string };

export type OnRunEvent = (event: RunEvent) => void;
