/** Faults 40, 41 and 42: a database that may not be touched, that others hold, that is damaged. */
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openToRead } from '../../master/store/open-database.ts';
import { openSqliteStore } from '../../master/store/sqlite.ts';
import type { StoredRows } from '../../master/store/store.ts';
import { openThreadStore } from '../../master/store/thread-store.ts';
import { hostColumn } from '../../shared/host-column.ts';
import { Workspace } from '../e2e/command-line.ts';
import {
	describeUnless,
	nobody,
	notLong,
	sizeOf,
	testUnless,
	withoutEchoSockets,
	withoutPermissions,
	withoutPrivilege,
} from '../requirements.ts';
import { listening } from '../servers.ts';

const newRun = { startedAtMs: 1, total: 1_000_000, fingerprint: 'f', options: {} };

let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-file-'));
	path = join(folder, 'hosts.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Rows of hosts that are up, from a position on. */
function rowsFrom(runId: number, first: number, length: number): StoredRows {
	const ones = new Uint16Array(length).fill(1);
	const positions = Uint32Array.from({ length }, (_, i) => first + i);
	const name = (position: number) => `host-${position}.${'some-label.'.repeat(12)}example.com`;
	return {
		runId,
		worker: 'w',
		checkedAtMs: 2,
		positions,
		hosts: hostColumn(Array.from(positions, name)),
		block: {
			length,
			index: Uint32Array.from({ length }, (_, i) => i),
			status: new Uint8Array(length),
			reason: new Uint8Array(length),
			address: undefined,
			sent: ones,
			received: ones,
			rttMs: new Float64Array(length).fill(0.5),
			rtt: undefined,
		},
	};
}

function count(sql: string): number {
	const db = new Database(path, { readonly: true });
	try {
		return db.prepare(sql).pluck().get() as number;
	} finally {
		db.close();
	}
}

describeUnless(withoutPermissions(), 'a file that may not be written', () => {
	test.each([
		['that may only be read', 0o400],
		['with no permission at all', 0o000],
	])('%s is refused, and stays as it is', async (_, mode) => {
		await openSqliteStore({ path }).close();
		const before = readFileSync(path);
		chmodSync(path, mode);
		if (process.getuid?.() === 0) for (const each of [folder, path]) chownSync(each, nobody, nobody);
		withoutPrivilege(() => {
			expect(() => openSqliteStore({ path })).toThrow(/hosts\.db can not be (written|opened) \(\w+\)$/);
		});
		chmodSync(path, 0o600);
		expect(readFileSync(path).equals(before)).toBe(true);
	});

	test('whose folder may not be either can not be read there, which is told with what to do', async () => {
		await openSqliteStore({ path }).close();
		if (process.getuid?.() === 0) for (const each of [folder, path]) chownSync(each, nobody, nobody);
		chmodSync(folder, 0o500);
		try {
			withoutPrivilege(() => {
				expect(() => openToRead(path)).toThrow(
					expect.objectContaining({
						code: 'database',
						message: expect.stringMatching(
							/hosts\.db can not be read in its folder, where nothing can be written \(SQLITE_\w+\)$/,
						),
						hint: expect.stringContaining('copy it to a folder of yours'),
					}),
				);
			});
		} finally {
			chmodSync(folder, 0o700);
		}
		expect(readdirSync(folder)).toEqual(['hosts.db']);
	});
});

describe('a file that another program has locked', () => {
	test('for less than the wait is waited for, and no row is lost', async () => {
		const store = await openThreadStore({ path });
		const run = await store.startRun(newRun);
		const other = new Database(path);
		try {
			other.exec('BEGIN IMMEDIATE');
			await store.append(rowsFrom(run, 0, 100));
			const lockedAtMs = performance.now();
			const flushed = store.flush().then(() => performance.now() - lockedAtMs);
			// The fault itself lasts that long: the other program's own transaction.
			await new Promise((resolve) => setTimeout(resolve, 300));
			expect(count('SELECT count(*) FROM results')).toBe(0);
			other.exec('COMMIT');
			expect(await flushed).toBeGreaterThanOrEqual(295);
			expect(count('SELECT count(*) FROM results')).toBe(100);
		} finally {
			other.close();
			await store.close();
		}
	});

	test('for longer is an error with what to do, and the rows are written when it is free', async () => {
		const store = await openThreadStore({ path, busyTimeoutMs: 100, lockWaitMs: 300 });
		const run = await store.startRun(newRun);
		const other = new Database(path);
		try {
			other.exec('BEGIN IMMEDIATE');
			await store.append(rowsFrom(run, 0, 100));
			for (let tries = 0; tries < 3; tries += 1) {
				await expect(store.flush()).rejects.toMatchObject({
					code: 'database',
					message: expect.stringContaining('is locked by another program (SQLITE_BUSY)'),
					hint: expect.stringContaining('run the same command again'),
				});
			}
			other.exec('ROLLBACK');
			await store.append(rowsFrom(run, 100, 50));
			await store.flush();
			expect(count('SELECT count(*) FROM results')).toBe(150);
		} finally {
			other.close();
			await store.close();
		}
	});
});

test('a lock in mid-run is waited for, several times over, and nothing is lost', async () => {
	const notices: string[] = [];
	const store = await openThreadStore({
		path,
		busyTimeoutMs: 50,
		lockWaitMs: 100_000,
		onNotice: (message) => notices.push(message),
	});
	const run = await store.startRun(newRun);
	const other = new Database(path);
	try {
		other.exec('BEGIN IMMEDIATE');
		await store.append(rowsFrom(run, 0, 100));
		const flushed = store.flush();
		await vi.waitFor(() => expect(notices).toHaveLength(1), 60_000);
		expect(notices[0]).toMatch(
			/hosts\.db is locked by another program; waiting up to (\d\d|100) s more for it$/,
		);
		// The fault itself lasts longer than one wait of SQLite's.
		await new Promise((resolve) => setTimeout(resolve, 200));
		other.exec('ROLLBACK');
		await flushed;
		expect(notices).toHaveLength(1);
		expect(count('SELECT count(*) FROM results')).toBe(100);
	} finally {
		other.close();
		await store.close();
	}
});

/** What it is held for after the first waiting was said, which comes after five seconds. */
const lockedSeconds = sizeOf({ ci: 3, long: 25 });

testUnless(
	withoutEchoSockets() ?? notLong(),
	`a lock of ${5 + lockedSeconds} seconds in mid-run holds the run up, and it ends as any other`,
	async () => {
		using space = new Workspace();
		// One host answers when it is told to: until then the run is not over, and its row is still to be written.
		const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
		const slow = createServer((_, response) => void mayAnswer.then(() => response.writeHead(204).end()));
		const port = await listening(slow);
		await using _slow = {
			async [Symbol.asyncDispose]() {
				slow.closeAllConnections();
				await new Promise((resolve) => slow.close(resolve));
			},
		};
		const hosts = 4_097;
		space.write('hosts.txt', ['127.0.0.0/20', `http://127.0.0.1:${port}/`]);
		await using master = space.start(['master', '--rate', '4000', '--timeout', '60000'], {
			env: { PINGPOOL_ALLOW: '127.0.0.0/8' },
		});
		await vi.waitFor(() => expect(space.count('SELECT count(*) FROM results')).toBeGreaterThan(0), 60_000);
		const other = new Database(space.path('hosts.db'), { timeout: 60_000 });
		try {
			other.exec('BEGIN IMMEDIATE');
			answer();
			// Two minutes less what has passed, which is the first five seconds at least.
			const [, left] = await master.says(
				/hosts\.db is locked by another program; waiting up to (\d+) s more for it/,
			);
			expect(Number(left)).toBeLessThanOrEqual(116);
			expect(Number(left)).toBeGreaterThan(60);
			await new Promise((resolve) => setTimeout(resolve, 1_000 * lockedSeconds));
			other.exec('ROLLBACK');
		} finally {
			other.close();
		}
		expect([await master.exited, master.errors()]).toEqual([0, expect.any(String)]);
		expect(space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
			{ n: hosts, hosts },
		]);
	},
);

describe('a reader that never ends its transaction', () => {
	test('holds the log open: it grows by what is written and no more, and is gone when both have closed', async () => {
		const rows = 160_000;
		/** the most that the log had, in bytes */
		const logOf = async (reading: boolean): Promise<number> => {
			path = join(folder, `${reading}.db`);
			const store = openSqliteStore({ path });
			const run = await store.startRun({ ...newRun, total: rows });
			const reader = new Database(path, { readonly: true });
			let bytesMax = 0;
			try {
				if (reading) reader.exec('BEGIN; SELECT count(*) FROM runs');
				for (let first = 0; first < rows; first += 16_000) {
					await store.append(rowsFrom(run, first, 16_000));
					await store.flush();
					bytesMax = Math.max(bytesMax, statSync(`${path}-wal`).size);
				}
				const counts = await store.finishRun(run, { state: 'finished', finishedAtMs: 3 });
				expect(counts).toMatchObject({ up: rows });
				// The reader still sees what it began with, the rows are there for everybody else.
				expect(reader.prepare('SELECT count(*) FROM results').pluck().get()).toBe(reading ? 0 : rows);
				await store.close();
			} finally {
				reader.close();
				await store.close();
			}
			await openSqliteStore({ path }).close();
			expect(existsSync(`${path}-wal`)).toBe(false);
			expect(count('SELECT count(*) FROM results')).toBe(rows);
			return bytesMax;
		};
		const [free, held] = [await logOf(false), await logOf(true)];
		const size = statSync(path).size;
		// Without a reader the log is copied back every 16 MB; with one it has every page once, or little more.
		expect(free).toBeLessThan(22 * 1024 ** 2);
		expect(held).toBeGreaterThan(free);
		expect(held).toBeLessThan(1.1 * size);
	});
});

describe('a damaged file', () => {
	const pageBytes = 4_096;

	/** A database with one run of 20,000 rows. */
	async function filled(state?: 'finished'): Promise<number> {
		const store = openSqliteStore({ path });
		const run = await store.startRun({ ...newRun, total: 40_000 });
		await store.append(rowsFrom(run, 0, 20_000));
		if (state !== undefined) await store.finishRun(run, { state, finishedAtMs: 3 });
		await store.close();
		return run;
	}

	/** Overwrites a tenth of a file's pages, leaves of the tree of rows. @returns where, and what the file is now */
	function damageLeaves(file = path) {
		const bytes = readFileSync(file);
		const pages = bytes.length / pageBytes;
		const from = Math.floor(pages / 10) * pageBytes;
		const to = Math.floor(pages / 5) * pageBytes;
		bytes.fill(0xa5, from, to);
		writeFileSync(file, bytes);
		return { from, to, bytes };
	}

	test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
		['whose header says nonsense', (bytes) => bytes.fill(0xa5, 16, 100), /is not an SQLite database/],
		['that was cut in the middle', (bytes) => bytes.subarray(0, bytes.length / 2), /is damaged/],
		['that was cut in the middle of a page', (bytes) => bytes.subarray(0, 5_000), /is damaged/],
		['without its first page', (bytes) => bytes.fill(0, 0, pageBytes), /is not an SQLite database/],
	])('%s is refused, and stays as it is', async (_, damage, message) => {
		await filled('finished');
		const bytes = damage(readFileSync(path));
		writeFileSync(path, bytes);
		expect(() => openSqliteStore({ path })).toThrow(message);
		expect(readFileSync(path).equals(bytes)).toBe(true);
	});

	test('in the rows of a run that is to go on is noticed before anything is written', async () => {
		await filled();
		const { bytes } = damageLeaves();
		expect(() => openSqliteStore({ path })).toThrow(
			expect.objectContaining({
				code: 'database',
				message: `${path} is damaged (SQLITE_CORRUPT)`,
				hint: expect.stringContaining('keep it'),
			}),
		);
		expect(readFileSync(path).equals(bytes)).toBe(true);
	});

	// To look through every earlier run at each start would cost a second for every million rows.
	test('in the rows of an earlier run keeps no new one from its own, and nothing is written over it', async () => {
		const earlier = await filled('finished');
		const { from, to, bytes } = damageLeaves();
		const store = openSqliteStore({ path });
		const run = await store.startRun(newRun);
		await store.append(rowsFrom(run, 0, 1_000));
		expect(await store.finishRun(run, { state: 'finished', finishedAtMs: 4 })).toMatchObject({ up: 1_000 });
		await store.close();
		expect(readFileSync(path).subarray(from, to).equals(bytes.subarray(from, to))).toBe(true);
		expect(count(`SELECT count(DISTINCT host) FROM results WHERE run_id = ${run}`)).toBe(1_000);
		// Whoever reads the damaged rows is told.
		expect(() => count(`SELECT count(DISTINCT host) FROM results WHERE run_id = ${earlier}`)).toThrow(
			'malformed',
		);
	});

	test('its log: what was committed before the damage is kept, what came after is asked again', async () => {
		const store = openSqliteStore({ path });
		const run = await store.startRun(newRun);
		for (let first = 0; first < 10_000; first += 1_000) {
			await store.append(rowsFrom(run, first, 1_000));
			await store.flush();
		}
		// What a master leaves behind that is killed here.
		const left = readFileSync(path);
		const log = readFileSync(`${path}-wal`);
		await store.close();
		writeFileSync(path, left);
		writeFileSync(`${path}-wal`, log);
		damageLeaves(`${path}-wal`);
		const next = openSqliteStore({ path });
		await next.append(rowsFrom(run, 0, 10_000));
		expect(await next.finishRun(run, { state: 'finished', finishedAtMs: 3 })).toMatchObject({ up: 10_000 });
		await next.close();
		const db = new Database(path);
		expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
		db.close();
	});
});
