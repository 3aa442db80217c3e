import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MasterLock } from '../../../master/store/master-lock.ts';
import { lockForMaster } from '../../../master/store/master-lock.ts';
import { openSqliteStore } from '../../../master/store/sqlite.ts';

const lockProcess = fileURLToPath(new URL('lock-process.ts', import.meta.url));
const sinceMs = Date.UTC(2026, 10, 22, 1, 2, 3);
const us = { pid: process.pid, host: 'beta', sinceMs: 1 };

let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-lock-'));
	path = join(folder, 'hosts.db');
});
const held: Other[] = [];
afterEach(async () => {
	for (const other of held.splice(0)) await other.kill();
	rmSync(folder, { recursive: true, force: true });
});

interface Other {
	readonly pid: number;
	/** what it said first */
	readonly said: string;
	/** ends it as nobody can prepare for */
	kill(): Promise<void>;
	/** lets it end as it should */
	finish(): Promise<void>;
}

/** Another process that wants the same database. */
async function other(at = path): Promise<Other> {
	const child = spawn(process.execPath, [lockProcess, at, String(sinceMs)], {
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	child.stdin.on('error', () => undefined);
	const said = new Promise<string>((resolve) => {
		child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
	});
	const started = {
		pid: child.pid!,
		said: await said,
		async kill() {
			child.kill('SIGKILL');
			await exited;
		},
		async finish() {
			child.stdin.end();
			await exited;
		},
	};
	held.push(started);
	return started;
}

/** Takes and lets go. */
function take(at = path): void {
	lockForMaster(at, us).release();
}

function refusal(at = path): unknown {
	try {
		take(at);
	} catch (error) {
		return error;
	}
	throw new Error('it was not refused');
}

describe('a second master', () => {
	test('is refused, and told the first: process, machine, since when', async () => {
		const first = await other();
		expect(first.said).toBe('held');
		expect(refusal()).toMatchObject({
			code: 'database',
			message: `${path} is in use by another master: process ${first.pid} on alpha, since 2026-11-22 01:02:03 UTC`,
			hint: expect.stringContaining('--db'),
		});
		// Whoever is refused has taken nothing away.
		expect(refusal()).toMatchObject({ code: 'database' });
		await first.finish();
		take();
	});

	test('in the same process is refused, too', () => {
		const lock = lockForMaster(path, us);
		expect(refusal()).toMatchObject({ message: expect.stringContaining(`process ${process.pid} on beta`) });
		lock.release();
		lock.release();
		take();
	});

	test('is refused under another name of the same file', async () => {
		writeFileSync(path, '');
		const link = join(folder, 'link.db');
		symlinkSync(path, link);
		const linkedFolder = join(folder, 'linked');
		symlinkSync(folder, linkedFolder);
		await other();
		for (const name of [link, join(linkedFolder, 'hosts.db'), join(folder, '.', 'hosts.db')]) {
			expect(refusal(name)).toMatchObject({ message: expect.stringContaining('on alpha') });
		}
		rmSync(path);
		expect(refusal(join(linkedFolder, 'hosts.db'))).toMatchObject({ code: 'database' });
	});

	test('leaves the database as it is, before anything is made of it', async () => {
		await other();
		expect(() => openSqliteStore({ path })).toThrow(/is in use by another master/);
		expect(existsSync(path)).toBe(false);
		const old = 'CREATE TABLE hosts (host TEXT, status TEXT)';
		const legacy = new Database(path);
		legacy.exec(old);
		legacy.close();
		expect(() => openSqliteStore({ path })).toThrow(/is in use by another master/);
		const reader = new Database(path, { readonly: true });
		expect(reader.prepare('SELECT sql FROM sqlite_schema').pluck().all()).toEqual([old]);
		reader.close();
	});

	test('of many at a time one is held, and the others are told of one of them', async () => {
		const all = await Promise.all(Array.from({ length: 8 }, () => other()));
		const winners = all.filter(({ said }) => said === 'held');
		expect(winners).toHaveLength(1);
		const pids = all.map(({ pid }) => pid);
		for (const { said } of all) {
			if (said === 'held') continue;
			const [, who] = /^\S+ is in use by another master(?:: process (\d+) on alpha, since .*)?$/.exec(said)!;
			// Of one that has just begun, nobody knows the name before it has written it down.
			if (who !== undefined) expect(pids).toContain(Number(who));
		}
		expect(refusal()).toMatchObject({ message: expect.stringContaining(`process ${winners[0]!.pid} on`) });
	});
});

describe('the lock of a dead master', () => {
	test('blocks nobody, although its file is there', async () => {
		const first = await other();
		await first.kill();
		expect(existsSync(`${path}-master`)).toBe(true);
		const lock = lockForMaster(path, us);
		lock.release();
		expect(existsSync(`${path}-master`)).toBe(false);
	});

	test('blocks nobody when it died while it wrote its name', async () => {
		// What is left then: a file with a journal beside it, or one without content.
		writeFileSync(`${path}-master`, '');
		take();
		writeFileSync(`${path}-master`, '');
		writeFileSync(`${path}-master-journal`, Buffer.alloc(512));
		take();
	});
});

describe('the file', () => {
	test("is its owner's alone, and is gone with the master", () => {
		const lock = lockForMaster(path, us);
		expect(statSync(`${path}-master`).mode & 0o777).toBe(0o600);
		lock.release();
		expect(existsSync(`${path}-master`)).toBe(false);
	});

	test('that is removed under a master is not the one of the next', () => {
		const first = lockForMaster(path, us);
		rmSync(`${path}-master`);
		const second: MasterLock = lockForMaster(path, { ...us, host: 'gamma' });
		// The first's is nobody's any more: letting go of it must not take the second's away.
		first.release();
		expect(refusal()).toMatchObject({ message: expect.stringContaining('on gamma') });
		second.release();
	});

	test("of somebody else's under that name is left as it is, and named", () => {
		writeFileSync(
			`${path}-master`,
			'something that is no database, and longer than the header of one would be',
		);
		expect(refusal()).toMatchObject({ code: 'database', message: expect.stringContaining('-master is not') });
		rmSync(`${path}-master`);
		mkdirSync(`${path}-master`);
		expect(refusal()).toMatchObject({ code: 'database' });
	});
});

test('readers and writers of the database itself are not kept out', async () => {
	const store = openSqliteStore({ path });
	await store.startRun({ startedAtMs: 1, total: 1, fingerprint: 'f', options: {} });
	const reader = new Database(path, { readonly: true, timeout: 0 });
	expect(reader.prepare('SELECT count(*) FROM runs').pluck().get()).toBe(1);
	reader.close();
	const names = new Database(`${path}-master`, { readonly: true, timeout: 0 });
	expect(names.prepare('SELECT pid FROM master').pluck().get()).toBe(process.pid);
	names.close();
	await store.close();
});
