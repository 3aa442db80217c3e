/** What the server needs of a run that goes on: the monitor of the run gives it (master/monitor/run-monitor.ts). */
import type { LiveHello, LiveUpdate } from '../../shared/dashboard-api.ts';

/** Where a page stands in what a run has said; of meaning to the source alone. */
export type LiveCursor = number;

export interface LiveSource {
	/** everything that is held, and the cursor behind it */
	hello(): { readonly message: LiveHello; readonly cursor: LiveCursor };
	/**
	 * What is new behind a cursor, and the cursor behind that; the same cursor gets the same answer until the run goes
	 * on.
	 *
	 * @returns `undefined` when the cursor is so old that only a new `hello` helps
	 */
	updateSince(cursor: LiveCursor): { readonly message: LiveUpdate; readonly cursor: LiveCursor } | undefined;
}
