import { describe, expect, it } from 'vitest';
import { withLiveRow } from '../../../dashboard/state/live-row.ts';
import type { RunRow } from '../../../shared/dashboard-api.ts';
import { liveRun } from '../live-fixture.ts';

const row = (id: number, state: string): RunRow => ({
	id,
	state,
	startedAtMs: 900_000,
	finishedAtMs: null,
	total: 1_000,
	byStatus: null,
	fingerprint: 'f',
	options: {},
});
const byStatus = { up: 900, down: 100, unresolved: 0, denied: 0, error: 0 };

describe('a run that has ended where nobody is left to be asked', () => {
	const runs = [row(8, 'interrupted'), row(7, 'running')];

	it('is in the list as its stream said last', () => {
		const live = liveRun({ runId: 7, state: 'finished', byStatus });
		expect(withLiveRow(runs, live)).toEqual([
			runs[0],
			{ ...runs[1], state: 'finished', finishedAtMs: 1_010_000, byStatus },
		]);
	});

	it('has no counts where the stream left some out', () => {
		const live = liveRun({ runId: 7, state: 'interrupted', byStatus, uncounted: 500 });
		expect(withLiveRow(runs, live)[1]).toMatchObject({ state: 'interrupted', byStatus: null });
	});

	it('leaves all others as they are', () => {
		expect(withLiveRow(runs, null)).toEqual(runs);
		expect(withLiveRow(runs, liveRun({ runId: null, state: 'failed' }))).toEqual(runs);
		expect(withLiveRow(runs, liveRun({ runId: 7, state: 'running' }))).toEqual(runs);
	});
});
