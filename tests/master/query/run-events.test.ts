/** What a run said, as it is read from a database. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runEvents } from '../../../master/query/run-events.ts';
import { eventsPerRunMax, shownTextMax } from '../../../shared/limits.ts';
import { QueryDatabase, startedAtMs } from '../../query-database.ts';

let database: QueryDatabase;
beforeEach(() => {
	database = new QueryDatabase();
});
afterEach(() => database[Symbol.dispose]());

function add(runId: number, number: number, text: string, atMs = 0): void {
	database.db
		.prepare(`INSERT INTO events VALUES (?, ?, ?, 'warning', 'notice', 'w1', ?)`)
		.run(runId, number, startedAtMs + atMs, text);
}

describe('what a run said', () => {
	it('is read in the order in which it was said, with times of the run', () => {
		const [one, two] = [database.addRun({ rows: [] }), database.addRun({ rows: [] })];
		add(two, 2, 'b', 5_000);
		add(two, 1, 'a', -30);
		add(one, 1, 'of another run');
		const { events, run, ...rest } = runEvents(database.db, two);
		expect([run.id, rest]).toEqual([two, { areKept: true, leftOut: 0 }]);
		const facts = { level: 'warning', type: 'notice', worker: 'w1' };
		expect(events).toEqual([
			{ id: 1, atMs: -30, text: 'a', ...facts },
			{ id: 2, atMs: 5_000, text: 'b', ...facts },
		]);
		expect(() => runEvents(database.db, 3)).toThrow(expect.objectContaining({ code: 'not-found' }));
	});

	it('says how much was left out', () => {
		const run = database.addRun({ rows: [] });
		for (const number of [1, 2, 9, 10]) add(run, number, `event ${number}`);
		expect(runEvents(database.db, run)).toMatchObject({ leftOut: 6, events: { length: 4 } });
	});

	it('is as much as a page can show, whoever wrote it', () => {
		const run = database.addRun({ rows: [] });
		database.db.exec(`
			DROP TABLE events;
			CREATE TABLE events (run_id, number, at, level, type, worker, text);
			INSERT INTO events WITH RECURSIVE counter(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM counter
				WHERE value < ${eventsPerRunMax + 7}) SELECT ${run}, value, 'no time', 'loud', NULL, 7, x'ff00' FROM counter;
			INSERT INTO events VALUES (${run}, 'last', 1e999, NULL, 3, NULL, printf('%.*c', 100000, 'x'));
		`);
		const { events, leftOut } = runEvents(database.db, run);
		expect(events).toHaveLength(eventsPerRunMax);
		expect(leftOut).toBeGreaterThanOrEqual(0);
		for (const { id, atMs, level, type, worker, text } of events) {
			for (const number of [id, atMs]) expect(number).toBeTypeOf('number');
			expect([level, typeof type]).toEqual(['info', 'string']);
			expect(worker === null || typeof worker === 'string').toBe(true);
			expect(text.length).toBeLessThanOrEqual(shownTextMax + 1);
		}
		expect(Number.isFinite(events.at(-1)!.atMs)).toBe(true);
	});
});
