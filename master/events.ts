/** What a run says while it goes on: the one source of progress, logs and the dashboard. */
import type { EventLevel } from '../shared/dashboard-api.ts';
import type { Reason } from '../shared/outcome.ts';
import type { ProbeName } from '../shared/target.ts';

export type RunEvent =
	| { type: 'list-read'; total: number; invalid: number; duplicates: number; excluded: number }
	/** hosts of the list that workers deny unless told otherwise, by reason */
	| { type: 'denied-by-default'; counts: ReadonlyMap<Reason, number> }
	| { type: 'worker-joined'; worker: string; probes: readonly ProbeName[]; icmp: string | null }
	| { type: 'worker-unreachable'; worker: string; message: string }
	/** all have answered, or have had their time */
	| { type: 'workers-met'; met: number; asked: number }
	/** set aside for a while, or for good when `forMs` is undefined */
	| { type: 'worker-set-aside'; worker: string; message: string; forMs: number | undefined }
	| { type: 'worker-back'; worker: string }
	/** it is no longer in its file; `inFlight` hosts that it has may end */
	| { type: 'worker-removed'; worker: string; file: string; inFlight: number }
	/** its line in the file has another token, weight, pin or authority: it leaves, and joins anew */
	| { type: 'worker-changed'; worker: string; file: string }
	/** what was noticed about the file while the run goes on */
	| { type: 'workers-file-problem'; message: string }
	/** the embedded worker has ended, and another one is started */
	| { type: 'embedded-worker-ended' }
	| { type: 'run-started'; runId: number; total: number }
	/** a run that had not finished goes on; `done` of its hosts have an answer */
	| { type: 'run-continued'; runId: number; done: number; total: number }
	/** no worker is left; the run waits up to `forMs` */
	| { type: 'waiting-for-workers'; forMs: number }
	/** the run can be watched at `url`, which may have a token in it; `takenPort` was asked for and is another's */
	| { type: 'dashboard-ready'; url: string; takenPort: number | undefined; isLocal: boolean }
	| { type: 'stopping'; inFlight: number }
	/** whatever else; `level` is `info` unless it is said */
	| { type: 'notice'; message: string; level?: EventLevel };

export type OnRunEvent = (event: RunEvent) => void;
