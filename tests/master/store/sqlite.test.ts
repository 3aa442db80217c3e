import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../master/store/open-database.ts';
import { openSqliteStore } from '../../../master/store/sqlite.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import { rowsOf } from '../../contract/store-contract.ts';
import {
	describeUnless,
	nobody,
	testUnless,
	withoutPermissions,
	withoutPrivilege,
	withoutSmallDisk,
} from '../../requirements.ts';

const newRun = { startedAtMs: 1, total: 3, fingerprint: 'f', options: {} };

let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-sqlite-'));
	path = join(folder, 'hosts.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What another program makes of the file. */
function made(sql: string, file = path): void {
	const db = new Database(file);
	db.exec(sql);
	db.close();
}

function all(sql: string): unknown[] {
	const db = new Database(path, { readonly: true });
	try {
		return db.prepare(sql).all();
	} finally {
		db.close();
	}
}

function refusal(file = path): PingpoolError {
	try {
		void openSqliteStore({ path: file, busyTimeoutMs: 20 }).close();
	} catch (error) {
		if (error instanceof PingpoolError) return error;
		throw error;
	}
	throw new Error('it was opened');
}

describe('the file', () => {
	test('is made for its owner alone, with the files beside it', async () => {
		const store = openSqliteStore({ path });
		await store.startRun(newRun);
		for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
		await store.close();
		expect(existsSync(`${path}-wal`)).toBe(false);
	});

	test.each([
		['full', 2],
		['normal', 1],
	] as const)('is synced as --durability %s says', (durability, level) => {
		const db = openDatabase(path, { durability, busyTimeoutMs: 20, onNotice: () => undefined });
		expect(db.pragma('synchronous', { simple: true })).toBe(level);
		expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
		db.close();
	});

	test('an empty one is taken as new', async () => {
		writeFileSync(path, '');
		await openSqliteStore({ path }).close();
		expect(all('SELECT * FROM runs')).toEqual([]);
	});

	test('a folder is refused', () => {
		mkdirSync(path);
		expect(refusal()).toMatchObject({
			code: 'database',
			message: `${path} is a folder; the file of a database is expected`,
		});
	});

	test('a link that leads nowhere is refused, before anything is made', () => {
		// Regression: EEXIST, and a lock by the name of the link, which a master that comes later does not look at.
		symlinkSync(join(folder, 'elsewhere.db'), path);
		expect(refusal().message).toBe(`${path} is a link to a file that is not there`);
		expect(readdirSync(folder)).toEqual(['hosts.db']);
		writeFileSync(join(folder, 'elsewhere.db'), '');
		expect(() => openSqliteStore({ path }).close()).not.toThrow();
	});

	test('a missing folder is named', () => {
		const error = refusal(join(folder, 'no', 'hosts.db'));
		expect(error.message).toContain(`there is no folder ${join(folder, 'no')}`);
		expect(error.hint).toContain('--db');
	});

	test.each([
		['text', 'this is not a database, it is a text that is longer than the header of one would be'],
		['a short file', 'x'],
	])('%s is refused and left as it is', (_, content) => {
		writeFileSync(path, content);
		expect(refusal().message).toContain('is not an SQLite database, or it is encrypted');
		expect(readFileSync(path, 'utf8')).toBe(content);
	});

	test.each([
		['other tables', 'CREATE TABLE customers (id INTEGER)'],
		[
			'hosts and other tables',
			'CREATE TABLE hosts (host TEXT, status TEXT); CREATE TABLE customers (id INTEGER)',
		],
		['other columns', 'CREATE TABLE hosts (name TEXT)'],
		['a version but no tables', 'PRAGMA user_version = 4'],
	])('the database of another program, with %s, is refused and left as it is', (_, sql) => {
		made(sql);
		const before = readFileSync(path);
		expect(refusal().message).toContain('is the database of another program');
		expect(readFileSync(path).equals(before)).toBe(true);
	});

	test('a damaged one is refused and left as it is', async () => {
		const store = openSqliteStore({ path });
		const run = await store.startRun(newRun);
		await store.append(rowsOf(run, [{ position: 0, host: 'a' }]));
		await store.close();
		const bytes = readFileSync(path);
		// The first page's list of tables, behind the header: the file still says that it is SQLite's.
		bytes.fill(0xff, 100, 4096);
		writeFileSync(path, bytes);
		expect(refusal()).toMatchObject({ code: 'database', message: expect.stringContaining('is damaged') });
		expect(readFileSync(path).equals(bytes)).toBe(true);
	});

	test('one from a newer version is refused by name and left as it is', async () => {
		await openSqliteStore({ path }).close();
		made('PRAGMA user_version = 3');
		const before = readFileSync(path);
		expect(refusal().message).toBe(`${path} was written by a newer pingpool (schema 3; this one knows 2)`);
		expect(readFileSync(path).equals(before)).toBe(true);
	});

	testUnless(withoutPermissions(), 'one that may not be written is refused', async () => {
		await openSqliteStore({ path }).close();
		chmodSync(path, 0o400);
		if (process.getuid?.() === 0) for (const each of [folder, path]) chownSync(each, nobody, nobody);
		withoutPrivilege(() => expect(refusal().message).toContain('can not be written'));
	});

	test('one that another program holds locked is refused, with what to do', async () => {
		await openSqliteStore({ path }).close();
		const other = new Database(path);
		other.exec('BEGIN EXCLUSIVE');
		try {
			const error = refusal();
			expect(error.message).toContain('is locked by another program');
			expect(error.hint).toContain('run the same command again');
		} finally {
			other.close();
		}
	});
});

describe('a database of the old system', () => {
	const legacy = `
		CREATE TABLE hosts (host TEXT PRIMARY KEY, status TEXT);
		INSERT INTO hosts VALUES
			('10.0.0.1', 'up'), ('10.0.0.2', 'down'), ('10.0.0.3', 'Alive'), ('10.0.0.4', 'DEAD'),
			('Example.COM', 'reachable'), ('example.org', 'unreachable'), ('EXAMPLE.org', 'up'),
			('10.0.0.5', 'timeout'), ('10.0.0.6', NULL), ('not a host', 'strange'), (NULL, 'up');`;

	test('is carried over with what it says, and nothing of it is lost', async () => {
		made(legacy);
		const notices: string[] = [];
		const store = openSqliteStore({ path, onNotice: (notice) => notices.push(notice) });
		await store.close();
		expect(notices).toEqual([
			`${path} was written by the old system: its 10 hosts were carried over. 2 had no status that is known and` +
				' show as error. The old table is kept as hosts_before_pingpool.',
		]);
		expect(all('SELECT host, status, reason FROM hosts ORDER BY host')).toEqual([
			{ host: '10.0.0.1', status: 'up', reason: null },
			{ host: '10.0.0.2', status: 'down', reason: null },
			{ host: '10.0.0.3', status: 'up', reason: null },
			{ host: '10.0.0.4', status: 'down', reason: null },
			{ host: '10.0.0.5', status: 'down', reason: 'timeout' },
			{ host: '10.0.0.6', status: 'error', reason: null },
			// The other spelling has its canonical text already.
			{ host: 'EXAMPLE.org', status: 'up', reason: null },
			{ host: 'example.com', status: 'up', reason: null },
			{ host: 'example.org', status: 'down', reason: 'host-unreachable' },
			{ host: 'not a host', status: 'error', reason: null },
		]);
		expect(all('SELECT state, total, up, down, error FROM runs')).toEqual([
			{ state: 'imported', total: 10, up: 4, down: 4, error: 2 },
		]);
		expect(all('SELECT count(*) AS n FROM hosts_before_pingpool')).toEqual([{ n: 11 }]);
	});

	test('is carried over once, and a new run goes on from there', async () => {
		made(legacy);
		await openSqliteStore({ path }).close();
		const notices: string[] = [];
		const store = openSqliteStore({ path, onNotice: (notice) => notices.push(notice) });
		const run = await store.startRun(newRun);
		await store.append(rowsOf(run, [{ position: 0, host: '10.0.0.1', status: 'down' }]));
		await store.close();
		expect(notices).toEqual([]);
		expect(all("SELECT status, worker FROM hosts WHERE host = '10.0.0.1'")).toEqual([
			{ status: 'down', worker: 'w1' },
		]);
		expect(all('SELECT count(*) AS n FROM hosts')).toEqual([{ n: 10 }]);
	});

	test('with no rows is carried over too', async () => {
		made('CREATE TABLE hosts (host TEXT PRIMARY KEY, status TEXT)');
		await openSqliteStore({ path }).close();
		expect(all('SELECT host, status FROM hosts')).toEqual([]);
	});

	test('is no run that could be gone on with', async () => {
		made(legacy);
		const store = openSqliteStore({ path });
		expect(await store.lastRun()).toBeUndefined();
		await store.close();
	});
});

describe('the views', () => {
	test('read one run by its range of keys, not the whole table', async () => {
		await openSqliteStore({ path }).close();
		const plan = all('EXPLAIN QUERY PLAN SELECT * FROM results WHERE run_id = 1') as { detail: string }[];
		const details = plan.map(({ detail }) => detail);
		expect(details).toContain('SEARCH answers USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
		expect(details.filter((detail) => detail.startsWith('SCAN'))).toEqual([]);
	});
});

describeUnless(withoutSmallDisk(), 'a disk that is full', () => {
	let mount: string;
	beforeEach(() => {
		mount = join(folder, 'disk');
		mkdirSync(mount);
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mount]);
	});
	afterEach(() => {
		execFileSync('umount', ['-l', mount]);
	});

	test('stops the batch whole, says so, and goes on when there is room', async () => {
		path = join(mount, 'hosts.db');
		const filler = join(mount, 'filler');
		writeFileSync(filler, Buffer.alloc(7 * 1024 * 1024));
		const store = openSqliteStore({ path });
		const run = await store.startRun(newRun);
		await store.append(rowsOf(run, [{ position: 0, host: 'first' }]));
		await store.flush();
		// More than the disk takes, less than one transaction would hold.
		const many = Array.from({ length: 7_000 }, (_, i) => ({
			position: i + 1,
			host: `host-${i}.${'long-label.'.repeat(20)}example.com`,
		}));
		await store.append(rowsOf(run, many));
		const error = await store.flush().then(
			() => undefined,
			(reason: unknown) => reason,
		);
		expect(error).toMatchObject({ code: 'database', message: expect.stringContaining('the disk is full') });
		expect(error).toMatchObject({ hint: expect.stringContaining('what was committed is kept') });
		expect(all('SELECT host FROM results')).toEqual([{ host: 'first' }]);
		rmSync(filler);
		await store.flush();
		expect(all('SELECT count(*) AS n FROM results')).toEqual([{ n: 7_001 }]);
		await store.close();
	});
});
