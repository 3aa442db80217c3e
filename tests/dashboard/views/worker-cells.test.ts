/** Components called as the functions that they are: what they return is plain data, and needs no browser. */
import { expect, it } from 'vitest';
import type { LiveWorker } from '../../../shared/dashboard-api.ts';
import { liveWorker } from '../live-fixture.ts';

interface Cells {
	FailureList(properties: { readonly worker: LiveWorker; readonly nowMs: number }): unknown;
}

/** By a name that is no constant: how JSX is to be read is for the page's own settings to say. */
const file = '../../../dashboard/views/workers/worker-cells.tsx';

it('a reason of failures says how long ago it was seen last', async () => {
	const { FailureList } = (await import(file)) as Cells;
	const nowMs = Date.UTC(2026, 10, 22, 9, 0, 0);
	const failureReasons = [{ message: 'broke off', count: 2, lastAtMs: nowMs - 42_000 }];
	const text = JSON.stringify(FailureList({ worker: liveWorker(0, { failures: 2, failureReasons }), nowMs }));
	expect(text).toContain('"42 s"');
});
