/** Databases of the schema before: read as they are, and brought up to date by the next master. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRows } from '../../../master/export/read-rows.ts';
import { threadQueries } from '../../../master/query/thread-queries.ts';
import { openToRead } from '../../../master/store/open-database.ts';
import { openSqliteStore } from '../../../master/store/sqlite.ts';
import { rowsOf } from '../../contract/store-contract.ts';
import { countsOf, keptProblems } from '../../kept-counts.ts';

const dump = readFileSync(new URL('../../fixtures/database-1.sql', import.meta.url), 'utf8');
const never = new AbortController().signal;

let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-older-'));
	path = join(folder, 'hosts.db');
	change(dump);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function change(sql: string): void {
	const db = new Database(path);
	db.exec(sql);
	db.close();
}

function version(): unknown {
	const db = new Database(path, { readonly: true });
	try {
		return db.pragma('user_version', { simple: true });
	} finally {
		db.close();
	}
}

test('are read as they are, and nothing is changed in them', async () => {
	const before = readFileSync(path);
	const queries = threadQueries({ path });
	const [newest, first] = await queries.runs(never);
	expect([newest!.state, first!.state]).toEqual(['interrupted', 'finished']);
	expect(await queries.run(1, never)).toMatchObject({
		done: 4,
		byStatus: { up: 2, down: 1, unresolved: 0, denied: 0, error: 1 },
		byReason: { timeout: 1 },
		rtt: { max: 12 },
	});
	expect(await queries.events(1, never)).toEqual({ run: first, areKept: false, events: [], leftOut: 0 });
	await expect(queries.events(3, never)).rejects.toMatchObject({ code: 'not-found' });
	const part = { kind: undefined, limit: 5, from: undefined };
	expect((await queries.compare(1, 2, part, never)).counts).toMatchObject({ 'newly-down': 1, same: 1 });
	await queries.close();
	const db = openToRead(path);
	expect([...readRows(db, { runId: 1 })].flat().map(({ host }) => host)).toEqual([
		'10.0.0.1',
		'10.0.0.2',
		'name.test',
		'fd00::1',
	]);
	db.close();
	expect(readFileSync(path).equals(before)).toBe(true);
	expect(version()).toBe(1);
});

test('go on with the next master, whose new runs have all there is', async () => {
	const store = openSqliteStore({ path });
	expect(version()).toBe(2);
	expect(await store.lastRun()).toMatchObject({ id: 2, state: 'interrupted', done: 2 });
	await store.continueRun(2);
	const said = { atMs: 7, level: 'info', type: 'notice', worker: null, text: 'continued' } as const;
	store.say(2, { events: [said], leftOut: 0 });
	await store.append(rowsOf(2, [{ position: 1, host: '10.0.0.2' }]));
	await store.append(rowsOf(2, [{ position: 3, host: 'fd00::1' }]));
	await store.finishRun(2, { state: 'finished', finishedAtMs: 9 });
	// Its first rows were written without being counted: who asks counts all of them.
	const { kept, counted } = countsOf(path, 2);
	expect([kept, counted.done, counted.byStatus.up]).toEqual([undefined, 4, 3]);
	const third = await store.startRun({ startedAtMs: 10, total: 1, fingerprint: 'list', options: {} });
	await store.append(rowsOf(third, [{ position: 0, host: 'a' }]));
	await store.finishRun(third, { state: 'finished', finishedAtMs: 20 });
	expect(keptProblems(path, third)).toEqual([]);
	await store.close();
	const queries = threadQueries({ path });
	expect((await queries.events(2, never)).events.map(({ text }) => text)).toEqual(['continued']);
	// What this run said, nobody wrote down.
	expect(await queries.events(1, never)).toMatchObject({ areKept: true, events: [] });
	await queries.close();
});

test('are asked on while a master brings them up to date', async () => {
	const queries = threadQueries({ path });
	expect((await queries.events(2, never)).areKept).toBe(false);
	const store = openSqliteStore({ path });
	const run = await store.startRun({ startedAtMs: 10, total: 1, fingerprint: 'list', options: {} });
	const said = { atMs: 7, level: 'info', type: 'notice', worker: null, text: 'begun' } as const;
	store.say(run, { events: [said], leftOut: 0 });
	await store.append(rowsOf(run, [{ position: 0, host: 'a' }]));
	await store.flush();
	expect(await queries.events(run, never)).toMatchObject({
		areKept: true,
		events: [{ text: 'begun', atMs: -3 }],
	});
	expect((await queries.run(run, never)).done).toBe(1);
	await queries.close();
	await store.close();
});

test('are left as they are when somebody has a table of the same name in them', () => {
	change('CREATE TABLE events (mine)');
	expect(() => openSqliteStore({ path })).toThrow(
		expect.objectContaining({ code: 'database', message: expect.stringContaining('events already exists') }),
	);
	expect(version()).toBe(1);
});
