import { describe, expect, it } from 'vitest';
import { leftOutText, whyNone } from '../../../dashboard/views/events/stored-words.ts';
import type { RunRow } from '../../../shared/dashboard-api.ts';

const run: RunRow = {
	id: 1,
	state: 'finished',
	startedAtMs: 0,
	finishedAtMs: 1,
	total: 1,
	byStatus: null,
	fingerprint: '',
	options: {},
};

describe('a run without events', () => {
	it.each([
		['running', true, 'The run has said nothing yet', undefined],
		['finished', true, 'No events of this run were kept', /older pingpool carried it out/],
		['interrupted', true, 'No events of this run were kept', /older pingpool carried it out/],
		['imported', true, 'No events', /old system/],
		['finished', false, 'This database keeps no events', /older pingpool wrote it/],
		['running', false, 'This database keeps no events', /older pingpool wrote it/],
	] as const)('says why: %s, in a database that keeps them: %s', (state, areKept, title, more) => {
		const said = whyNone({ run: { ...run, state }, areKept });
		expect(said.title).toBe(title);
		if (more === undefined) expect(said.more).toBeUndefined();
		else expect(said.more).toMatch(more);
	});
});

it('says how many events were left out, and which', () => {
	expect([0, 1, 23_456].map(leftOutText)).toEqual([
		undefined,
		'1 event was too many to be kept: those between the first 1,000 and the newest.',
		'23,456 events were too many to be kept: those between the first 1,000 and the newest.',
	]);
});
