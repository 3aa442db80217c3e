/** Databases that are taken away from under the store that writes them. */
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../../master/store/sqlite.ts';
import type { Store } from '../../../master/store/store.ts';
import { rowsOf } from '../../contract/store-contract.ts';

let root: string;
let folder: string;
let path: string;
let store: Store;
let run: number;
const notices: string[] = [];

beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), 'pingpool-own-file-'));
	folder = join(root, 'folder');
	mkdirSync(folder);
	path = join(folder, 'hosts.db');
	notices.length = 0;
});
afterEach(async () => {
	await store.close().catch(() => undefined);
	rmSync(root, { recursive: true, force: true });
});

/** Opens a store in which a run has one row. */
async function begin(at = path): Promise<void> {
	store = openSqliteStore({ path: at, onNotice: (message) => notices.push(message) });
	run = await store.startRun({ startedAtMs: 1, total: 9, fingerprint: 'f', options: {} });
	await write('first', 0);
	await store.flush();
}

async function write(host: string, position: number): Promise<void> {
	await store.append(rowsOf(run, [{ position, host }]));
}

/** What anybody finds in a file who opens it. */
function hostsIn(file: string): unknown[] {
	const db = new Database(file, { readonly: true });
	try {
		expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
		return db.prepare('SELECT host FROM results ORDER BY position').pluck().all();
	} finally {
		db.close();
	}
}

describe('a database that is no longer the file of its name', () => {
	test.each<[string, () => void, string]>([
		['removed', () => unlinkSync(path), 'removed'],
		['moved away', () => renameSync(path, join(root, 'moved.db')), 'removed'],
		['removed with all that is beside it', removeAll, 'removed'],
		['replaced', replace, 'replaced by another file'],
	])('%s: what it had is saved beside it, and the run ends', async (_, takeAway, how) => {
		await begin();
		takeAway();
		await write('second', 1);
		const error = {
			code: 'database',
			message: `${path} was ${how} while a run wrote to it; all that it had is in ${path}.saved`,
			hint: expect.stringMatching(`^Give --db ${path}\\.saved[,.]`),
		};
		await expect(store.flush()).rejects.toMatchObject(error);
		expect(notices).toEqual([`${path} was ${how} while a run wrote to it; saving what it had`]);
		// It stays lost, and is saved once.
		await expect(store.finishRun(run, { state: 'failed', finishedAtMs: 3 })).rejects.toMatchObject(error);
		await store.close().catch(() => undefined);
		expect(notices).toHaveLength(1);
		expect(hostsIn(`${path}.saved`)).toEqual(['first', 'second']);
		expect(statSync(`${path}.saved`).mode & 0o777).toBe(0o600);
		// Beside another database of its name, a log that has something in it would be taken for that one's.
		expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
		const next = openSqliteStore({ path: `${path}.saved` });
		expect(await next.lastRun()).toMatchObject({ id: run, state: 'running', done: 2 });
		await next.close();
	});

	test('that was moved is whole where it is now, and can be moved back', async () => {
		await begin();
		const moved = join(root, 'moved.db');
		renameSync(path, moved);
		await write('second', 1);
		await expect(store.flush()).rejects.toThrow('was removed');
		await store.close().catch(() => undefined);
		expect(hostsIn(moved)).toEqual(['first', 'second']);
		renameSync(moved, path);
		expect(hostsIn(path)).toEqual(['first', 'second']);
	});

	test('is noticed at the end of a run at the latest', async () => {
		await begin();
		unlinkSync(path);
		await expect(store.finishRun(run, { state: 'finished', finishedAtMs: 3 })).rejects.toThrow('was removed');
		expect(hostsIn(`${path}.saved`)).toEqual(['first']);
	});

	test('is saved by another name where one is taken', async () => {
		await begin();
		writeFileSync(`${path}.saved`, 'of another time');
		unlinkSync(path);
		await write('second', 1);
		await expect(store.flush()).rejects.toThrow(`is in ${path}.saved-2`);
		expect(hostsIn(`${path}.saved-2`)).toEqual(['first', 'second']);
		expect(statSync(`${path}.saved`).size).toBe('of another time'.length);
	});

	test('with its folder can not be saved, which is told', async () => {
		await begin();
		rmSync(folder, { recursive: true });
		await write('second', 1);
		await expect(store.flush()).rejects.toMatchObject({
			code: 'database',
			message: expect.stringMatching(/was removed .*could not be saved beside it: ENOENT/),
		});
	});
});

test('a database whose log is removed is whole, and the run ends', async () => {
	await begin();
	unlinkSync(`${path}-wal`);
	await write('second', 1);
	await expect(store.flush()).rejects.toMatchObject({
		code: 'database',
		message: `${path}-wal was removed or replaced while a run wrote to it: it is a part of ${path}`,
	});
	await store.close().catch(() => undefined);
	expect(readdirSync(folder)).toEqual(['hosts.db']);
	expect(hostsIn(path)).toEqual(['first', 'second']);
});

test('a file that is only touched, or known by another name as well, is the same', async () => {
	const link = join(root, 'link.db');
	await begin();
	await store.close();
	symlinkSync(path, link);
	await begin(link);
	utimesSync(path, 1, 1);
	await write('second', 1);
	await store.flush();
	expect(await store.finishRun(run, { state: 'finished', finishedAtMs: 3 })).toMatchObject({ up: 2 });
	expect(notices).toEqual([]);
});

function removeAll(): void {
	for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
}

function replace(): void {
	writeFileSync(join(root, 'other'), 'not a database');
	renameSync(join(root, 'other'), path);
}
