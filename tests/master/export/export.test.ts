/** `pingpool export` on real databases: as a process where that matters, else in this one, which is faster. */
import { execFile } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../master/export/cli.ts';
import { readRows } from '../../../master/export/read-rows.ts';
import { openOutput } from '../../../master/output.ts';
import { openSqliteStore } from '../../../master/store/sqlite.ts';
import { rowsOf } from '../../contract/store-contract.ts';
import { Workspace } from '../../e2e/command-line.ts';
import { bin } from '../../process.ts';
import { testUnless, withoutPermissions, withoutPrivilege } from '../../requirements.ts';
import type { Printed } from '../../security/capture.ts';
import { printed } from '../../security/capture.ts';
import { addRun, parseCsv } from './export-fixture.ts';

const many = 100_000;
const some = 10_000;
let space: Workspace;

beforeAll(async () => {
	space = new Workspace();
	process.chdir(space.folder);
	await addRun(space.path('many.db'), { rows: many });
	await addRun(space.path('hosts.db'), { rows: some });
	await addRun(space.path('runs.db'), { rows: 7 });
	await addRun(space.path('runs.db'), { rows: 3, state: 'failed' });
	await addRun(space.path('runs.db'), { rows: 5, state: 'running', hostAt: (i) => `host${i}.test:80` });
});
const home = process.cwd();
afterAll(() => {
	process.chdir(home);
	space[Symbol.dispose]();
});

function run(...args: string[]): Promise<Printed> {
	return printed(main, args);
}

describe('the rows', () => {
	it('of 100,000 hosts, as CSV, in the order of the list', async () => {
		const { code, stdout, stderr } = await run('--db', 'many.db');
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
		const [head, ...records] = parseCsv(stdout);
		expect(head).toEqual(
			'run_id,host,status,reason,address,rtt_ms,sent,received,loss_percent,rtt_min_ms,rtt_max_ms,jitter_ms,worker,checked_at'.split(
				',',
			),
		);
		expect(records).toHaveLength(many);
		const tail = ['', '', '', 'http://10.9.9.9:8786', '2026-11-22T01:02:03.004Z'];
		expect(records[3]).toEqual(['1', '10.0.0.3', 'up', '', '10.0.0.3', '1.5', '1', '1', '0', ...tail]);
		expect(records[4]).toEqual([
			'1',
			'10.0.0.4',
			'down',
			'timeout',
			'10.0.0.4',
			'',
			'2',
			'0',
			'100',
			...tail,
		]);
		expect(records.at(-1)![1]).toBe('10.1.134.159');
		expect(new Set(records.map(([, host]) => host)).size).toBe(many);
	});

	it('as lines of JSON, the same', async () => {
		const { code, stdout } = await run('--format', 'jsonl');
		expect(code).toBe(0);
		const lines = stdout.trimEnd().split('\n');
		expect(lines).toHaveLength(some);
		expect(JSON.parse(lines[4]!)).toEqual({
			run_id: 1,
			host: '10.0.0.4',
			status: 'down',
			reason: 'timeout',
			address: '10.0.0.4',
			rtt_ms: null,
			sent: 2,
			received: 0,
			loss_percent: 100,
			rtt_min_ms: null,
			rtt_max_ms: null,
			jitter_ms: null,
			worker: 'http://10.9.9.9:8786',
			checked_at: '2026-11-22T01:02:03.004Z',
		});
	});

	it('are what the view says, value by value', async () => {
		const { stdout } = await run('--format', 'jsonl', '--db', 'runs.db', '--run', '1');
		const rows = stdout
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line));
		const view = space.rows('SELECT * FROM results WHERE run_id = 1 ORDER BY position', 'runs.db');
		const expected = view.map(({ position: _, checked_at, ...row }) => ({
			...row,
			checked_at: new Date(checked_at as number).toISOString(),
		}));
		expect(rows).toEqual(expected);
	});

	it('of some statuses alone', async () => {
		for (const args of [
			['--status', 'down'],
			['--status', 'denied,down', '--status', 'error'],
		]) {
			const { stdout } = await run(...args);
			const [, ...records] = parseCsv(stdout);
			expect(records).toHaveLength(some / 5);
			expect(new Set(records.map(([, , status]) => status))).toEqual(new Set(['down']));
		}
		expect(parseCsv((await run('--status', 'unresolved')).stdout)).toHaveLength(1);
	});
});

describe('the run', () => {
	it('is the newest, and one that is not over is said to be so', async () => {
		const { code, stdout, stderr } = await run('--db', 'runs.db');
		expect(code).toBe(0);
		expect(
			parseCsv(stdout)
				.slice(1)
				.map(([id, host]) => [id, host]),
		).toEqual([0, 1, 2, 3, 4].map((i) => ['3', `host${i}.test:80`]));
		expect(stderr).toBe('run 3: 5 rows; its state is running, of 5 hosts\n');
	});

	it('is the one that is asked for', async () => {
		const { stdout } = await run('--db', 'runs.db', '--run', '1');
		expect(parseCsv(stdout)).toHaveLength(8);
	});

	it('is named with the others when it is not there', async () => {
		expect(await run('--db', 'runs.db', '--run', '4')).toEqual({
			code: 2,
			stdout: '',
			stderr:
				'pingpool: runs.db has no run 4\n' +
				'  It has run 3 (running, 5 hosts, 2026-11-22), run 2 (failed, 3 hosts, 2026-11-22), run 1 (finished, 7 hosts, 2026-11-22).\n',
		});
	});
});

describe('a file', () => {
	it('is its owner’s alone, whole, and named with its rows', async () => {
		expect(await run('-o', 'out.csv')).toEqual({
			code: 0,
			stdout: '',
			stderr: 'run 1: 10,000 rows in out.csv\n',
		});
		expect(statSync(space.path('out.csv')).mode & 0o777).toBe(0o600);
		expect(parseCsv(space.read('out.csv'))).toHaveLength(some + 1);
	});

	it('keeps the mode that somebody gave it, also through a link', async () => {
		space.write('shared.csv', 'old');
		chmodSync(space.path('shared.csv'), 0o644);
		symlinkSync(space.path('shared.csv'), space.path('link.csv'));
		expect((await run('--db', 'runs.db', '-o', 'link.csv')).code).toBe(0);
		expect(statSync(space.path('shared.csv')).mode & 0o777).toBe(0o644);
		expect(space.read('shared.csv')).toMatch(/^run_id,/);
	});

	it('is never the database itself', async () => {
		const before = readFileSync(space.path('runs.db'));
		symlinkSync(space.path('runs.db'), space.path('innocent.csv'));
		for (const file of ['runs.db', './runs.db', 'innocent.csv']) {
			const { code, stderr } = await run('--db', 'runs.db', '-o', file);
			expect(code).toBe(2);
			expect(stderr).toContain('belongs to the database that is read');
		}
		expect(readFileSync(space.path('runs.db'))).toEqual(before);
	});

	it('that can not be written leaves nothing behind', async () => {
		const before = readdirSync(space.folder);
		const { code, stderr } = await run('-o', 'nowhere/out.csv');
		expect(code).toBe(2);
		expect(stderr).toMatch(
			/^pingpool: nowhere\/out\.csv can not be written: ENOENT: no such file or directory\n {2}Give a file/,
		);
		expect(readdirSync(space.folder)).toEqual(before);
	});

	testUnless(withoutPermissions(), 'that its owner has protected stays as it is', async () => {
		const file = space.path('protected.csv');
		space.write('protected.csv', 'kept');
		chmodSync(file, 0o444);
		// Whoever has no right to the file may make others beside it.
		chmodSync(space.folder, 0o777);
		const never = new AbortController().signal;
		await expect(withoutPrivilege(() => openOutput(file, never))).rejects.toMatchObject({
			code: 'invalid-input',
			message: expect.stringMatching(/protected\.csv can not be written: EACCES/),
		});
		chmodSync(space.folder, 0o700);
		expect(readFileSync(file, 'utf8')).toBe('kept');
	});

	it('may have the longest name that there can be', async () => {
		const name = `${'n'.repeat(251)}.csv`;
		expect((await run('-o', name)).code).toBe(0);
		expect(parseCsv(space.read(name))).toHaveLength(some + 1);
	});

	it('that is a device is written to', async () => {
		expect((await run('-o', '/dev/null')).code).toBe(0);
	});

	it('called - is standard output', async () => {
		const before = readdirSync(space.folder);
		expect((await run('-o', '-')).stdout).toMatch(/^run_id,host,/);
		expect(readdirSync(space.folder)).toEqual(before);
	});
});

describe('who reads it', () => {
	it('may leave: nothing is said', async () => {
		const shell = `"${process.execPath}" "${bin}" export | head -n 2; echo "\${PIPESTATUS[0]}"`;
		const options = { cwd: space.folder, env: { PATH: process.env.PATH } };
		const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', shell], options);
		expect(stderr).toBe('');
		expect(stdout.split(/\r?\n/).slice(0, 3)).toEqual([
			expect.stringMatching(/^run_id,/),
			expect.stringMatching(/^1,10\.0\.0\.0,/),
			'0',
		]);
	});

	it('may be slow: pages are read as it takes them', async () => {
		const db = new Database(space.path('hosts.db'), { readonly: true });
		try {
			const pages = readRows(db, { runId: 1 });
			expect(pages.next().value!.length).toBeLessThan(some);
			// Nothing is held open between two of them: the log of whoever writes can be emptied.
			const writer = new Database(space.path('hosts.db'));
			writer.pragma('user_version = 1');
			expect(writer.pragma('wal_checkpoint(TRUNCATE)')).toMatchObject([{ busy: 0 }]);
			writer.close();
			const rest = [...pages].flat();
			expect(rest.at(-1)!.host).toBe('10.0.39.15');
		} finally {
			db.close();
		}
	});
});

it('names workers that join while rows are read', async () => {
	const path = space.path('joins.db');
	await addRun(path, { rows: 1_500, state: 'running' });
	const db = new Database(path, { readonly: true });
	const store = openSqliteStore({ path });
	try {
		const pages = readRows(db, { runId: 1 });
		expect(pages.next().value!.at(-1)!.worker).toBe('http://10.9.9.9:8786');
		await store.append(rowsOf(1, [{ position: 1_500, host: 'late.test' }], { worker: 'late worker' }));
		await store.flush();
		expect([...pages].flat().at(-1)).toMatchObject({ host: 'late.test', worker: 'late worker' });
	} finally {
		await store.close();
		db.close();
	}
});

describe('no database', () => {
	it.each<[string, () => string, RegExp]>([
		['that is there', () => 'none.db', /none\.db does not exist\n {2}Give the database/],
		['but an empty file', () => space.write('empty.db', ''), /empty\.db has nothing in it/],
		['but a text', () => space.write('text.db', 'x'.repeat(1000)), /text\.db is not an SQLite database/],
		[
			'but a folder',
			() => mkdtempSync(join(tmpdir(), 'pingpool-export-')),
			/ is a folder; the file of a database is expected/,
		],
		[
			'but that of the old system',
			() => {
				space.change(
					"CREATE TABLE hosts (host TEXT PRIMARY KEY, status TEXT); INSERT INTO hosts VALUES ('a', 'up')",
					'old.db',
				);
				return 'old.db';
			},
			/old\.db was written by the old system\n {2}pingpool master --db old\.db carries it over/,
		],
	])('%s', async (_, make, message) => {
		const db = make();
		const { code, stdout, stderr } = await run('--db', db);
		expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
		expect(stderr).toMatch(message);
		if (db.startsWith('/')) rmSync(db, { recursive: true });
	});
});

describe('the command line', () => {
	it.each([
		[['--format', 'xml'], /argument 'xml' is invalid\. Allowed choices are csv, jsonl, parquet\./],
		[['--run', '0'], /Expected the number of a run/],
		[['--run', 'x'], /Expected the number of a run/],
		[['--status', 'upp'], /Expected some of up, down, unresolved, denied, error/],
		[['-o', '--db'], /Expected a file/],
		[['stray'], /too many arguments/],
	])('%j is refused', async (args, message) => {
		const { code, stdout, stderr } = await run(...args);
		expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
		expect(stderr).toMatch(message);
	});

	it('takes the database from the environment', async () => {
		const { stdout } = await space.run(['export', '--run', '1'], { env: { PINGPOOL_DB: 'runs.db' } });
		expect(parseCsv(stdout)).toHaveLength(8);
	});

	it('only reads', async () => {
		const before = readFileSync(space.path('runs.db'));
		await run('--db', 'runs.db');
		expect(readFileSync(space.path('runs.db'))).toEqual(before);
		expect(existsSync(space.path('runs.db-master'))).toBe(false);
	});
});
