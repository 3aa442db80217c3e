import { describe, expect, it } from 'vitest';
import {
	caveats,
	changeKindOf,
	changesIn,
	compareUrl,
	rttChange,
	sameText,
} from '../../dashboard/views/compare/change-kinds.ts';
import { historyFigures } from '../../dashboard/views/host/history-figures.ts';
import { chosenAfter } from '../../dashboard/views/runs/choice.ts';
import type { ResultRow, RunRow } from '../../shared/dashboard-api.ts';

function run(id: number, changes: Partial<RunRow> = {}): RunRow {
	return {
		id,
		state: 'finished',
		startedAtMs: id * 1_000,
		finishedAtMs: id * 1_000 + 500,
		total: 10,
		byStatus: null,
		fingerprint: 'same',
		options: {},
		...changes,
	};
}

describe('the choice of two runs', () => {
	it('holds the two that were chosen last, and lets go of one that is clicked again', () => {
		let chosen: readonly number[] = [];
		for (const [id, expected] of [
			[3, [3]],
			[5, [3, 5]],
			[9, [5, 9]],
			[5, [9]],
			[9, []],
		] as const) {
			chosen = chosenAfter(chosen, id);
			expect(chosen).toEqual(expected);
		}
	});
});

describe('a comparison', () => {
	const counts = {
		'newly-down': 5,
		'newly-up': 4,
		slower: 3,
		faster: 2,
		other: 1,
		added: 10,
		removed: 20,
		same: 1_000,
	};

	it('counts changes of a kind, or all of them, and what is the same is none', () => {
		expect(changesIn(counts, 'slower')).toBe(3);
		expect(changesIn(counts, null)).toBe(45);
	});

	it('is a question to the master', () => {
		expect(compareUrl(3, 5, null, null)).toBe('/api/compare?before=3&after=5');
		expect(compareUrl(3, 5, 'newly-up', 'a b')).toBe('/api/compare?before=3&after=5&kind=newly-up&from=a+b');
		expect(changeKindOf('newly-up')).toBe('newly-up');
		expect(changeKindOf('same')).toBeNull();
		expect(changeKindOf(undefined)).toBeNull();
	});

	it('warns of lists that differ, of runs that are not finished, and of a run beside itself', () => {
		const said = (before: RunRow, after: RunRow, missing = 0) => caveats({ before, after, missing });
		expect(said(run(1), run(2))).toEqual([]);
		expect(said(run(1), run(2, { state: 'imported' }))).toEqual([]);
		expect(said(run(1, { state: 'interrupted' }), run(2, { state: 'running' }), 1_200)).toEqual([
			'Run 1 was interrupted: hosts that it has no answer of count as neither removed nor added.',
			'Run 2 goes on: hosts that it has no answer of count as neither removed nor added.',
			'1,200 hosts could not be compared for that.',
		]);
		expect(said(run(1), run(2, { fingerprint: 'other' }))).toEqual([
			'The two runs had different lists: hosts of one alone count as removed or added.',
		]);
		expect(said(run(1), run(2, { state: 'failed' }), 1)).toEqual([
			'Run 2 has failed: hosts that it has no answer of count as neither removed nor added.',
			'1 host could not be compared for that.',
		]);
		expect(said(run(1), run(1))).toEqual(['Both are the same run.']);
	});

	it.each([
		[0, 0, 'No host has an answer in both runs.'],
		[0, 3, 'No host is as it was.'],
		[1, 0, '1 host is as it was.'],
		[2_000, 0, '2,000 hosts are as they were.'],
	])('says that %d hosts are the same beside %d that are not', (same, slower, text) => {
		const counts = {
			'newly-down': 0,
			'newly-up': 0,
			slower,
			faster: 0,
			other: 0,
			added: 0,
			removed: 0,
			same,
		};
		expect(sameText(counts)).toBe(text);
	});

	it.each([
		[1, 2.5, '×2.5'],
		[1, 53.2, '×53'],
		[3, 1, '÷3.0'],
		[1, 1, '×1.0'],
		[null, 1, null],
		[1, null, null],
		[0, 1, null],
	])('of RTTs from %d to %d ms says %s', (before, after, said) => {
		expect(rttChange(before, after)).toBe(said);
	});
});

describe('the history of a host', () => {
	const row = (runId: number, status: string, rttMs: number | null): ResultRow => ({
		runId,
		position: 0,
		host: 'a',
		status,
		reason: null,
		address: null,
		rttMs,
		sent: 1,
		received: 1,
		rttMinMs: null,
		rttMaxMs: null,
		jitterMs: null,
		worker: null,
		checkedAtMs: runId * 100,
	});

	it('says since when it is what it is, and how often that changed', () => {
		const rows = [
			row(9, 'up', 4),
			row(8, 'up', 2),
			row(7, 'down', null),
			row(6, 'error', null),
			row(5, 'up', 30),
			row(4, 'up', 3),
		];
		expect(historyFigures(rows)).toEqual({
			up: 4,
			changes: 3,
			sinceRunId: 8,
			sinceMs: 800,
			rttMsMin: 2,
			rttMsMedian: 3.5,
			rttMsMax: 30,
		});
	});

	it('of one that was never up has no RTT', () => {
		expect(historyFigures([row(2, 'down', null), row(1, 'down', null)])).toEqual({
			up: 0,
			changes: 0,
			sinceRunId: 1,
			sinceMs: 100,
			rttMsMin: null,
			rttMsMedian: null,
			rttMsMax: null,
		});
	});

	it('has a middle of three', () => {
		expect(historyFigures([row(3, 'up', 9), row(2, 'up', 1), row(1, 'up', 5)]).rttMsMedian).toBe(5);
	});
});
