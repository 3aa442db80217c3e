/** Questions to a database that somebody else has made: what looks like ours, in tables that hold anything. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QueryContext } from '../../../master/query/context.ts';
import { queryContext } from '../../../master/query/context.ts';
import { resultsPage } from '../../../master/query/results-page.ts';
import { runDetail } from '../../../master/query/run-detail.ts';
import { listRuns } from '../../../master/query/run-rows.ts';
import { openToRead } from '../../../master/store/open-database.ts';
import { applicationId, runUnit, schemaVersion } from '../../../master/store/schema.ts';
import { systemClock } from '../../../shared/clock.ts';
import { resultSorts } from '../../../shared/dashboard-api.ts';
import { answerKindsMax, shownTextMax } from '../../../shared/limits.ts';
import { finish, QueryDatabase } from '../../query-database.ts';

const markup = '<img src=x onerror=alert(1)>';
const all = { statuses: [], reasons: [], workers: [], prefix: undefined, text: undefined };

let folder: string;
let db: Database.Database;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-hostile-'));
	path = join(folder, 'hosts.db');
	db = new Database(path);
	db.exec(`
		CREATE TABLE runs (id INTEGER PRIMARY KEY, state, started_at, finished_at, total, up, down, unresolved, denied,
			error, fingerprint, options);
		CREATE TABLE workers (id INTEGER PRIMARY KEY, name);
		CREATE TABLE statuses (code INTEGER PRIMARY KEY, name);
		CREATE TABLE reasons (code INTEGER PRIMARY KEY, name);
		CREATE TABLE answers (id INTEGER PRIMARY KEY, host, outcome, checked_at, rtt_us, address, rtt_min_us, rtt_max_us,
			jitter_us);
		INSERT INTO runs VALUES (1, 'finished', 0, 1, 3, 1, 1, 1, 0, 0, 'list', '{}');
	`);
	db.pragma(`application_id = ${applicationId}`);
	db.pragma(`user_version = ${schemaVersion}`);
});
afterEach(() => {
	db.close();
	rmSync(folder, { recursive: true });
});

function ask<Answer>(question: (context: QueryContext) => Answer): Answer {
	const context = queryContext(openToRead(path, 1_000), systemClock);
	try {
		return question(context);
	} finally {
		context.db.close();
	}
}

/** @param values host, outcome, checked_at, rtt_us */
function addRow(position: number, ...values: readonly unknown[]): void {
	db.prepare('INSERT INTO answers (id, host, outcome, checked_at, rtt_us) VALUES (?, ?, ?, ?, ?)').run(
		runUnit + position,
		...values,
	);
}

describe('a database of somebody else', () => {
	it('has runs whose values are what they should be, or nothing', () => {
		const insert = db.prepare('INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
		insert.run(2, ...Array.from({ length: 10 }, () => markup), '["a"]');
		insert.run(3, ...Array.from({ length: 11 }, () => Buffer.from([0xff, 0])));
		insert.run(4, ...Array.from({ length: 11 }, () => null));
		insert.run(
			5,
			'x'.repeat(9_000),
			1,
			2,
			3,
			4,
			5,
			6,
			7,
			8,
			'y'.repeat(9_000),
			`{"a":"${'z'.repeat(20_000)}"}`,
		);
		const runs = ask(({ db: opened }) => listRuns(opened));
		expect(runs).toHaveLength(5);
		for (const run of runs) {
			const { id, state, startedAtMs, finishedAtMs, total, byStatus, fingerprint, options } = run;
			for (const number of [id, startedAtMs, total, finishedAtMs ?? 0]) expect(number).toBeTypeOf('number');
			for (const text of [state, fingerprint]) {
				expect(text).toBeTypeOf('string');
				expect(text.length).toBeLessThanOrEqual(shownTextMax + 1);
			}
			expect(options).toEqual({});
			if (id > 1 && id < 5) expect(byStatus).toBeNull();
		}
	});

	it('has reasons by names that every object has, and each is counted', () => {
		const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', markup];
		for (const [i, name] of names.entries()) {
			db.prepare('INSERT INTO reasons VALUES (?, ?)').run(i + 1, name);
			addRow(i, `h${i}`, 1 + 8 * (i + 1), 0, null);
		}
		const { byReason } = ask((context) => finish(runDetail(context, 1)));
		expect(Object.entries(byReason).sort()).toEqual(names.map((name) => [name, 1]).sort());
	});

	it('lacks values, and those that are there stay with their rows', () => {
		addRow(0, '10.0.0.1', null, 5, 1_000);
		addRow(1, null, 1, null, null);
		addRow(2, 'two\nlines', 1, 7, null);
		addRow(3, '10.0.0.2', 2, 8, null);
		const { byStatus, done } = ask((context) => finish(runDetail(context, 1)));
		expect(done).toBe(4);
		expect(byStatus).toEqual({ up: 1, down: 2, unresolved: 1, denied: 0, error: 0 });
	});

	it('has numbers of any kind, and pages in every order come to an end without a row twice', () => {
		const values = [1.5, 1.25, -2.5, 9e18, 9.3e30, -9.3e30, Number.POSITIVE_INFINITY, 3, '4.5', 'x', null];
		for (let i = 0; i < 200; i += 1) addRow(i, `h${i}`, 0, values[i % 7], values[i % values.length]);
		ask((context) => {
			for (const sort of resultSorts) {
				const seen = new Set<number>();
				let after: string | undefined;
				for (let page = 0; page < 50; page += 1) {
					const { rows, next } = finish(resultsPage(context, 1, { ...all, sort, limit: 10, after }));
					for (const { position } of rows) {
						expect(seen.has(position), `${sort}: ${position} again`).toBe(false);
						seen.add(position);
					}
					after = next ?? undefined;
					if (next === null) break;
				}
				expect(after, sort).toBeUndefined();
			}
		});
	});

	it.each(['runs', 'answers', 'workers', 'statuses', 'reasons'])(
		'is not read when its %s are a view',
		(name) => {
			const endless =
				'WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c) SELECT * FROM c WHERE id < 0';
			db.exec(`DROP TABLE ${name}; CREATE VIEW ${name} AS ${endless}`);
			expect(() => openToRead(path, 1_000)).toThrow('was not made by pingpool: its tables are views');
		},
	);

	it('is not summed up when every answer is another one', () => {
		db.prepare(
			`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO answers (id, host, outcome, checked_at) SELECT ? + i, 'h' || i, i << 30, 0 FROM n`,
		).run(answerKindsMax, BigInt(runUnit));
		expect(() => ask((context) => finish(runDetail(context, 1)))).toThrow('kinds of answers');
		const asked = { ...all, sort: 'position', limit: 10, after: undefined } as const;
		expect(ask((context) => finish(resultsPage(context, 1, asked))).rows).toHaveLength(10);
	});

	it('has texts that nobody wants to see all of', () => {
		const long = 'a'.repeat(3_000_000);
		addRow(0, long, 8 + 2 ** 30, 0, null);
		db.prepare('UPDATE answers SET address = ?').run(long);
		db.prepare('INSERT INTO reasons VALUES (1, ?)').run(long);
		db.prepare('INSERT INTO workers VALUES (1, ?)').run(long);
		const asked = { ...all, sort: 'position', limit: 10, after: undefined } as const;
		const [row] = ask((context) => finish(resultsPage(context, 1, asked))).rows;
		for (const text of [row!.host, row!.address!, row!.reason!, row!.worker!]) {
			expect(text).toBe(`${'a'.repeat(shownTextMax)}…`);
		}
	});
});

describe('the first question', () => {
	it('about a run has words for its reasons and workers', () => {
		using database = new QueryDatabase();
		database.addRun({
			rows: [
				{ position: 0, host: 'a', status: 'down', reason: 'timeout', worker: 'w1' },
				{ position: 1, host: 'b', status: 'down', reason: 'refused', worker: 'w2' },
			],
		});
		const { byReason, byWorker } = finish(runDetail(database.context, 1));
		expect(byReason).toEqual({ timeout: 1, refused: 1 });
		expect(byWorker.map(({ worker }) => worker)).toEqual(['w1', 'w2']);
	});
});
