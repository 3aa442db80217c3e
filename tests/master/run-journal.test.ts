/** What a run says, on its way to the store. */
import { describe, expect, test } from 'vitest';
import { RunJournal } from '../../master/run-journal.ts';
import type { Said, SaidEvent } from '../../master/store/said.ts';
import { eventsPerRunMax } from '../../shared/limits.ts';
import { everyEvent } from './log/every-event.ts';

class Heard {
	readonly said: [runId: number, text: string, atMs: number][] = [];
	readonly events: SaidEvent[] = [];
	leftOut = 0;

	say(runId: number, { events, leftOut }: Said): void {
		for (const { text, atMs } of events) this.said.push([runId, text, atMs]);
		this.events.push(...events);
		this.leftOut += leftOut;
	}
}

describe('a journal', () => {
	test('holds what is said until there is a store and the run has its number, then hands it on at once', () => {
		let nowMs = 1_000;
		const journal = new RunJournal({ wallMs: () => nowMs });
		const heard = new Heard();
		journal.event({ type: 'notice', message: 'early' });
		journal.writeTo(heard);
		nowMs = 2_000;
		journal.event({ type: 'notice', message: 'later', level: 'warning' });
		expect(heard.said).toEqual([]);
		nowMs = 3_000;
		journal.event({ type: 'run-continued', runId: 7, done: 1, total: 2 });
		expect(heard.said).toEqual([
			[7, 'early', 1_000],
			[7, 'warning: later', 2_000],
			[7, 'continuing run 7: 1 of 2 done', 3_000],
		]);
		journal.event({ type: 'worker-back', worker: 'w' });
		expect(heard.events.at(-1)).toEqual({
			atMs: 3_000,
			level: 'info',
			type: 'worker-back',
			worker: 'w',
			text: 'worker w is back',
		});
	});

	test('says as much as it holds, and how much was too much', () => {
		const journal = new RunJournal({ wallMs: () => 1 });
		for (let i = 0; i < eventsPerRunMax + 5; i += 1) journal.event({ type: 'worker-back', worker: `w${i}` });
		const heard = new Heard();
		journal.writeTo(heard);
		journal.event({ type: 'run-started', runId: 1, total: 1 });
		expect([heard.events.length, heard.leftOut]).toEqual([eventsPerRunMax, 6]);
	});

	test('tells no token of a dashboard', () => {
		const journal = new RunJournal({ wallMs: () => 1 });
		const heard = new Heard();
		journal.writeTo(heard);
		for (const event of Object.values(everyEvent)) journal.event(event);
		const all = JSON.stringify(heard.said);
		expect(all).toContain('http://192.0.2.1:8787/');
		expect(all).not.toContain('the-secret-of-this-start');
	});
});
