/** A dashboard of a run that a test makes up, in this process, over a real database. */
import { listenAt } from '../../master/dashboard/listen.ts';
import { startDashboard } from '../../master/dashboard/start.ts';
import type { RunMonitor } from '../../master/monitor/run-monitor.ts';
import { threadQueries } from '../../master/query/thread-queries.ts';
import { systemClock } from '../../shared/clock.ts';

export interface ServedRun extends AsyncDisposable {
	readonly url: string;
	/** what should not have been thrown */
	readonly faults: readonly unknown[];
}

export async function serveRun(monitor: RunMonitor, db: string, runId: number): Promise<ServedRun> {
	const listener = await listenAt({ host: '127.0.0.1', port: 0, isChosen: true });
	const faults: unknown[] = [];
	const dashboard = startDashboard({
		listener,
		host: '127.0.0.1',
		token: undefined,
		about: () => ({ version: '1.2.3', mode: 'run', db, runId }),
		source: monitor,
		openQueries: async () => threadQueries({ path: db }),
		clock: systemClock,
		fault: (error) => faults.push(error),
	});
	return {
		url: `http://127.0.0.1:${listener.port}`,
		faults,
		[Symbol.asyncDispose]: () => dashboard.close(),
	};
}
