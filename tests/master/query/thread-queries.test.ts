/** Questions through the thread: what is asked at a time, given up, or asked of a file that is not there. */
import { renameSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Queries, ResultFilter } from '../../../master/query/queries.ts';
import { threadQueries } from '../../../master/query/thread-queries.ts';
import { questionsMax } from '../../../shared/limits.ts';
import { QueryDatabase } from '../../query-database.ts';
import { randomRows } from './random-rows.ts';

const never = new AbortController().signal;
const search: ResultFilter = {
	statuses: [],
	reasons: [],
	workers: [],
	prefix: undefined,
	text: 'nowhere to be found',
	sort: 'position',
	limit: 10,
	after: undefined,
};

let database: QueryDatabase;
let queries: Queries;
beforeEach(() => {
	database = new QueryDatabase();
	queries = threadQueries({ path: database.path });
});
afterEach(async () => {
	await queries.close();
	database[Symbol.dispose]();
});

/** A run whose rows are so far apart that reading it takes thousands of slices. */
function addLongRun(): number {
	const last = { position: 2 ** 32 - 1, host: 'last.test' };
	return database.addRun({ rows: [...randomRows({ seed: 41, rows: 50, positions: 100_000 }), last] });
}

describe('the thread', () => {
	it('answers every kind of question', async () => {
		const run = database.addRun({ rows: randomRows({ seed: 42, rows: 100, positions: 1_000 }) });
		expect((await queries.runs(never)).map(({ id }) => id)).toEqual([run]);
		expect((await queries.run(run, never)).done).toBe(100);
		expect((await queries.results(run, { ...search, text: undefined }, never)).rows).toHaveLength(10);
		expect((await queries.history('100%.test', never)).entries).toHaveLength(1);
		expect((await queries.map(run, '10.0.0.0/8', never)).prefix).toBe('10.0.0.0/8');
		const part = { kind: undefined, limit: 5, from: undefined };
		expect((await queries.compare(run, run, part, never)).counts.same).toBe(100);
	});

	it('answers a short question while a long one goes on, and leaves the long one when nobody waits', async () => {
		const run = addLongRun();
		const controller = new AbortController();
		let isAnswered = false;
		const long = queries.results(run, search, controller.signal).finally(() => {
			isAnswered = true;
		});
		const short = await queries.results(run, { ...search, text: undefined }, never);
		expect(short.rows).toHaveLength(10);
		expect(isAnswered).toBe(false);
		const reason = new Error('nobody waits');
		controller.abort(reason);
		await expect(long).rejects.toBe(reason);
		// It is still of use.
		expect((await queries.runs(never)).map(({ id }) => id)).toEqual([run]);
	});

	it('is not asked what nobody waits for from the start', async () => {
		await expect(queries.runs(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
	});

	it('takes only so many questions at a time', async () => {
		const run = addLongRun();
		const controller = new AbortController();
		const open = Array.from({ length: questionsMax }, () => queries.results(run, search, controller.signal));
		await expect(queries.runs(never)).rejects.toMatchObject({ code: 'busy' });
		controller.abort();
		const ends = await Promise.allSettled(open);
		expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
		expect(await queries.runs(never)).toHaveLength(1);
	});

	it('ends what is open when it is closed, and answers nothing more', async () => {
		const run = addLongRun();
		const long = queries.results(run, search, never);
		// No fault: who asks a dashboard at its end would be told of one.
		const ended = expect(long).rejects.toMatchObject({ code: 'busy' });
		await queries.close();
		await ended;
		await expect(queries.runs(never)).rejects.toMatchObject({ code: 'busy' });
		await queries.close();
	});
});

describe('a file', () => {
	it('that is not there yet can be asked once it is', async () => {
		database.addRun({ rows: [] });
		database.db.pragma('wal_checkpoint(TRUNCATE)');
		const later = `${database.path}.later`;
		await using other = asyncly(threadQueries({ path: later }));
		await expect(other.queries.runs(never)).rejects.toMatchObject({ code: 'database' });
		database.db.exec(`VACUUM INTO '${later}'`);
		expect(await other.queries.runs(never)).toHaveLength(1);
		rmSync(later);
		await expect(other.queries.runs(never)).rejects.toMatchObject({ code: 'database' });
	});

	it('that takes the place of another one is opened anew', async () => {
		expect(await queries.runs(never)).toHaveLength(0);
		database.addRun({ rows: [] });
		const copy = `${database.path}.copy`;
		database.db.exec(`VACUUM INTO '${copy}'`);
		database.addRun({ rows: [] });
		expect(await queries.runs(never)).toHaveLength(2);
		database.db.close();
		database.context.db.close();
		for (const suffix of ['-wal', '-shm']) rmSync(database.path + suffix, { force: true });
		renameSync(copy, database.path);
		expect(await queries.runs(never)).toHaveLength(1);
	});
});

function asyncly(of: Queries): AsyncDisposable & { readonly queries: Queries } {
	return { queries: of, [Symbol.asyncDispose]: () => of.close() };
}
