/** What the thread does before its database is opened; the rest is in the contract suite. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdThreadStore, openThreadStore } from '../../../master/store/thread-store.ts';
import { rowsOf } from '../../contract/store-contract.ts';

let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-thread-'));
	path = join(folder, 'hosts.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const newRun = { startedAtMs: 1, total: 3, fingerprint: 'f', options: { probe: 'icmp' } };

test('a database that is held and let go was never made', async () => {
	const held = await holdThreadStore({ path });
	expect(held.lastRun).toBeUndefined();
	expect([existsSync(path), existsSync(`${path}-master`)]).toEqual([false, true]);
	await expect(holdThreadStore({ path })).rejects.toMatchObject({
		code: 'database',
		message: expect.stringContaining(`${path} is in use by another master: process ${process.pid} on`),
	});
	await held.close();
	await held.close();
	expect([existsSync(path), existsSync(`${path}-master`)]).toEqual([false, false]);
});

test('the newest run is known before anything is opened, and the file is as it was', async () => {
	const store = await openThreadStore({ path });
	const run = await store.startRun(newRun);
	await store.append(rowsOf(run, [{ position: 1, host: 'a' }]));
	await store.close();
	const before = readFileSync(path);
	const held = await holdThreadStore({ path, identity: { pid: 7, host: 'alpha', sinceMs: 0 } });
	expect(held.lastRun).toEqual({ ...newRun, id: run, state: 'running', done: 1 });
	await expect(openThreadStore({ path })).rejects.toMatchObject({
		message: `${path} is in use by another master: process 7 on alpha, since 1970-01-01 00:00:00 UTC`,
	});
	await held.close();
	expect(readFileSync(path).equals(before)).toBe(true);
});

test('an old file is carried over when it is opened, not when it is held', async () => {
	const old = new Database(path);
	old.exec("CREATE TABLE hosts (host TEXT, status TEXT); INSERT INTO hosts VALUES ('10.0.0.1', 'up')");
	old.close();
	const before = readFileSync(path);
	const notices: string[] = [];
	const held = await holdThreadStore({ path, onNotice: (notice) => notices.push(notice) });
	expect(held.lastRun).toBeUndefined();
	expect([readFileSync(path).equals(before), notices]).toEqual([true, []]);
	const store = await held.open();
	expect(notices).toEqual([expect.stringContaining('its 1 hosts were carried over')]);
	expect(await store.lastRun()).toBeUndefined();
	await held.close();
	expect(existsSync(`${path}-master`)).toBe(false);
});

test('a database that can not be opened after all is let go', async () => {
	const held = await holdThreadStore({ path });
	// Meanwhile another program makes a file of its own there.
	writeFileSync(path, 'something that is no database, and longer than the header of one would be');
	await expect(held.open()).rejects.toMatchObject({ code: 'database' });
	expect(existsSync(`${path}-master`)).toBe(false);
	await held.close();
});
