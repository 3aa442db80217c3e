/** `pingpool serve`: the dashboard of a database, whether a run goes on or not. */
import { systemClock } from '../../shared/clock.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { messageOf } from '../../shared/errors.ts';
import { listenAt } from '../dashboard/listen.ts';
import { createMetrics } from '../dashboard/metrics.ts';
import { startDashboard } from '../dashboard/start.ts';
import { withoutToken } from '../log/entries.ts';
import { threadQueries } from '../query/thread-queries.ts';
import { runCommand } from '../run-command.ts';
import { openToRead } from '../store/open-database.ts';
import { version } from '../version.ts';
import { eventText } from '../view/event-text.ts';
import type { ServeConfig } from './config.ts';
import { parseServeConfig } from './config.ts';

/**
 * Serves until it is told to stop.
 *
 * @param argv arguments behind `pingpool serve`
 * @returns the exit code
 */
export function main(argv: readonly string[]): Promise<number> {
	return runCommand(async ({ signal }) => {
		await serve(parseServeConfig(argv, version), signal);
		return 0;
	});
}

async function serve({ db, address, token }: ServeConfig, stopped: AbortSignal): Promise<void> {
	// Said now if there is nothing to show.
	openToRead(db).close();
	const listener = await listenAt(address);
	const dashboard = startDashboard({
		listener,
		host: address.host,
		token,
		about: () => ({ version, mode: 'serve', db, runId: null }),
		source: undefined,
		openMetrics: async () => createMetrics(undefined),
		openQueries: async () => threadQueries({ path: db }),
		clock: systemClock,
		fault: (error) => process.stderr.write(`pingpool: the dashboard met a fault: ${messageOf(error)}\n`),
	});
	try {
		const { url, isLocal } = dashboard;
		const takenPort = address.port === 0 || address.port === listener.port ? undefined : address.port;
		const ready = { type: 'dashboard-ready', url, takenPort, isLocal } as const;
		// What is no terminal may keep what it is told.
		const text = eventText(process.stdout.isTTY === true ? ready : withoutToken(ready))!;
		process.stdout.write(`${escapeUnsafe(text)}\n`);
		await aborted(stopped);
	} finally {
		await dashboard.close();
	}
}

function aborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) resolve();
		else signal.addEventListener('abort', () => resolve(), { once: true });
	});
}
