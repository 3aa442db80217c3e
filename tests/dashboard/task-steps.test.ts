import { describe, expect, it } from 'vitest';
import {
	chunkFacts,
	chunkSentence,
	countChunks,
	tasksSummary,
} from '../../dashboard/views/tasks/chunk-words.ts';
import { LaneLayout } from '../../dashboard/views/tasks/lanes.ts';
import { newestChunk, stepFrom } from '../../dashboard/views/tasks/steps.ts';
import { chunk } from './chunks.ts';

const chunks = [
	chunk({ id: 1, worker: 0, startMs: 0, endMs: 300 }),
	chunk({ id: 2, worker: 2, startMs: 50, endMs: 100 }),
	chunk({ id: 3, worker: 0, startMs: 100, endMs: 200 }),
	chunk({ id: 4, worker: 2, startMs: 150, endMs: null, end: 'open' }),
	chunk({ id: 5, worker: 0, startMs: 300, endMs: 400 }),
];
const layout = new LaneLayout();
layout.sync(chunks);
const { lanes } = layout;
const [one, two, three, four, five] = chunks as [
	(typeof chunks)[0],
	(typeof chunks)[0],
	(typeof chunks)[0],
	(typeof chunks)[0],
	(typeof chunks)[0],
];

describe('keys in the time line', () => {
	it('begin at the newest chunk', () => {
		expect(newestChunk(lanes)).toBe(five);
		expect(newestChunk([])).toBeUndefined();
	});

	it('go along a lane in order of time, whichever row a chunk is in', () => {
		expect(stepFrom(lanes, one, 'right')).toBe(three);
		expect(stepFrom(lanes, three, 'right')).toBe(five);
		expect(stepFrom(lanes, five, 'left')).toBe(three);
		expect(stepFrom(lanes, five, 'right')).toBeUndefined();
		expect(stepFrom(lanes, one, 'left')).toBeUndefined();
	});

	it('go to the next lane that has chunks, at about the same time', () => {
		expect(stepFrom(lanes, one, 'down')).toBe(two);
		expect(stepFrom(lanes, five, 'down')).toBe(four);
		expect(stepFrom(lanes, four, 'up')).toBe(three);
		expect(stepFrom(lanes, one, 'up')).toBeUndefined();
		expect(stepFrom(lanes, four, 'down')).toBeUndefined();
	});

	it('find their way from a chunk that is forgotten', () => {
		const forgotten = chunk({ id: 0, worker: 0, startMs: 90, endMs: 95 });
		expect(stepFrom(lanes, forgotten, 'right')).toBe(three);
		expect(stepFrom(lanes, forgotten, 'left')).toBe(one);
	});
});

describe('what is said of chunks', () => {
	const failed = chunk({
		id: 7,
		kind: 'again',
		end: 'failed',
		startMs: 1_000,
		sentMs: 1_250,
		endMs: 2_000,
		hosts: 2_000,
		answered: 500,
		notUp: 12,
		failure: 'reset',
	});

	it('is everything that is known', () => {
		const facts = Object.fromEntries(chunkFacts(failed, 'w1', 9_000).map(({ name, value }) => [name, value]));
		expect(facts).toEqual({
			Request: 'r-7',
			Worker: 'w1',
			Probe: 'icmp',
			'Sent as': 'asked again',
			End: 'failed',
			Hosts: '2,000',
			Answered: '500',
			'Not up': '12',
			'Started at': '1.000 s',
			'All sent after': '250 ms',
			Took: '1,000 ms',
			Rate: '500/s',
			Failure: 'reset',
		});
	});

	it('is of an open one what is known so far', () => {
		const open = chunkFacts(
			{ ...failed, endMs: null, end: 'open', sentMs: null, failure: null },
			'w1',
			3_000,
		);
		const facts = Object.fromEntries(open.map(({ name, value }) => [name, value]));
		expect(facts).toMatchObject({ 'Open for': '2,000 ms', 'All sent after': 'not said', Rate: '250/s' });
		expect(facts).not.toHaveProperty('Failure');
		expect(facts).not.toHaveProperty('Took');
	});

	it('is a sentence to be read aloud', () => {
		expect(chunkSentence(failed, 'w1', 9_000)).toBe(
			'w1, asked again, failed, 2,000 hosts, 500 answered, at 1.0 s, took 1,000 ms. Failure: reset.',
		);
	});

	it('is of many of them how many there are of each', () => {
		const counts = countChunks([...chunks, failed, chunk({ id: 8, kind: 'hedge', end: 'late' })]);
		expect(counts).toEqual({
			all: 7,
			ends: { ok: 4, open: 1, failed: 1, late: 1, cancelled: 0 },
			kinds: { first: 5, again: 1, hedge: 1 },
		});
		expect(tasksSummary(counts, 2, 0, 65_000)).toBe(
			'7 chunks of 2 workers, from 0 s to 1:05 of the run: 4 ok, 1 open, 1 failed, 1 late, 0 cancelled. ' +
				'1 asked again, 1 hedge.',
		);
	});
});
