/** `pingpool diff` on real databases: as a process where that matters, else in this one, which is faster. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../master/diff/cli.ts';
import { bin } from '../../process.ts';
import type { TestRow } from '../../query-database.ts';
import { QueryDatabase } from '../../query-database.ts';
import type { Printed } from '../../security/capture.ts';
import { printed } from '../../security/capture.ts';
import { parseCsv } from '../export/export-fixture.ts';

const before: readonly TestRow[] = [
	{ position: 0, host: '10.0.0.1', rttUs: 1_000 },
	{ position: 1, host: '10.0.0.2', status: 'down', reason: 'timeout' },
	{ position: 2, host: '10.0.0.3', rttUs: 10_000 },
	{ position: 3, host: '10.0.0.4', rttUs: 40_000 },
	{ position: 4, host: 'gone.test', status: 'down', reason: 'timeout' },
	{ position: 5, host: '10.0.0.6', rttUs: 1_000 },
	{ position: 6, host: '=cmd()\u202e\x1b[31m', rttUs: 1_000 },
];
const after: readonly TestRow[] = [
	{ position: 0, host: '10.0.0.1', status: 'down', reason: 'host-unreachable' },
	{ position: 1, host: '10.0.0.2', rttUs: 2_000 },
	{ position: 2, host: '10.0.0.3', rttUs: 16_000 },
	{ position: 3, host: '10.0.0.4', rttUs: 20_000 },
	{ position: 4, host: 'gone.test', status: 'unresolved', reason: 'dns-not-found' },
	{ position: 5, host: '10.0.0.6', rttUs: 1_100 },
	{ position: 6, host: '=cmd()\u202e\x1b[31m', status: 'down', reason: 'timeout' },
];

let database: QueryDatabase;
beforeAll(() => {
	database = new QueryDatabase();
	database.addRun({ rows: before, fingerprint: 'list' });
	database.addRun({
		rows: [
			{ position: 0, host: 'new.test' },
			{ ...before[0]!, position: 1 },
		],
	});
	database.addRun({ rows: after, fingerprint: 'list' });
	database.addRun({ rows: after.slice(0, 2), fingerprint: 'list', state: 'running' });
});
afterAll(() => database[Symbol.dispose]());

function run(...args: string[]): Promise<Printed> {
	return printed(main, ['--db', database.path, ...args]);
}

const summary = [
	'run 1 (2026-11-22 08:00 UTC, 7 hosts) to run 3 (2026-11-22 08:00 UTC, 7 hosts), the same list',
	'',
	'  newly-down  2',
	'  newly-up    1',
	'  slower      1',
	'  faster      1',
	'  other       1',
	'  added       0',
	'  removed     0',
	'  same        1',
	'',
];

describe('the text', () => {
	it('says of the two newest finished runs of one list what changed, without anything unsafe', async () => {
		const { code, stdout, stderr } = await run();
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
		expect(stdout.split('\n')).toEqual([
			...summary,
			'newly-down',
			'  10.0.0.1                          up (1.00 ms) -> down (host-unreachable)',
			'  =cmd()\\u{202e}\\u{1b}[31m          up (1.00 ms) -> down (timeout)',
			'',
			'newly-up',
			'  10.0.0.2                          down (timeout) -> up (2.00 ms)',
			'',
			'slower',
			'  10.0.0.3                          up (10.0 ms) -> up (16.0 ms)',
			'',
			'faster',
			'  10.0.0.4                          up (40.0 ms) -> up (20.0 ms)',
			'',
			'other',
			'  gone.test                         down (timeout) -> unresolved (dns-not-found)',
			'',
		]);
	});

	it('stands in columns, by what letters take on a terminal', async () => {
		using wide = new QueryDatabase();
		wide.addRun({ rows: [{ position: 0, host: '日本.example', rttUs: 42 }] });
		wide.addRun({ rows: [{ position: 0, host: 'x'.repeat(40) }] });
		const { stdout } = await printed(main, ['--db', wide.path]);
		expect(stdout.split('\n').filter((line) => line.includes('->'))).toEqual([
			`  ${'x'.repeat(40)}  not there -> up`,
			`  日本.example${' '.repeat(20)}  up (0.042 ms) -> not there`,
		]);
		expect((await printed(main, ['--db', wide.path, '9'])).stderr).toContain(
			'run 2 (finished, 1 host, 2026-11-22)',
		);
	});

	it('names some hosts of each kind, or all', async () => {
		const some = await run('--limit', '1', '--kind', 'newly-down,slower');
		expect(some.stdout).toContain('\n  and 1 more; --limit 0 shows all of them\n');
		expect(some.stdout).not.toContain('newly-up');
		expect(some.stdout).toContain('\nslower\n');
		expect((await run('--limit', '0')).stdout).not.toContain('--limit');
	});

	it('has colours on a terminal alone, and not where NO_COLOR asks for none', async () => {
		Object.defineProperty(process.stdout, 'isTTY', { value: true, configurable: true });
		try {
			const ask = (noColour: string): Promise<Printed> =>
				printed(main, ['--db', database.path], { TERM: 'xterm', NO_COLOR: noColour });
			expect((await ask('')).stdout).toContain('\x1b[31mnewly-down\x1b[39m');
			expect((await ask('1')).stdout.split('\n').slice(0, 11)).toEqual(summary);
		} finally {
			Reflect.deleteProperty(process.stdout, 'isTTY');
		}
	});
});

describe('the runs', () => {
	it('may be of different lists', async () => {
		const { stdout } = await run('1', '2');
		expect(stdout).toContain(', another list\n');
		expect(stdout).toContain('\nadded\n  new.test                          not there -> up\n');
		expect(stdout).toContain('  removed     6\n');
	});

	it('may be unfinished: what has no row is not compared', async () => {
		const { code, stdout } = await run('1', '4');
		expect(code).toBe(0);
		expect(stdout).toContain('7 hosts) to run 4 (2026-11-22 08:00 UTC, 2 hosts, running), the same list');
		expect(stdout).toContain(
			'  5 hosts not compared: one of the runs is not finished, and has no row of them\n',
		);
		expect(stdout).toContain('  removed     0\n');
		const rows = await run('1', '4', '--format', 'csv');
		expect(rows.stderr).toContain('5 hosts not compared');
	});

	it('are the one that is given, and the newest finished one', async () => {
		expect((await run('2')).stdout).toContain('run 2 (2026-11-22 08:00 UTC, 2 hosts) to run 3 ');
	});

	it.each([
		[['9'], /has no run 9\n {2}It has run 4 \(running, 2 hosts, 2026-11-22\), run 3 /],
		[['3'], /has no finished run after run 3: there is nothing to compare\n {2}Give two runs/],
		[['1', '1'], /run 1 is no different from itself/],
		[['1', '2', '3'], /too many arguments/],
		[['x'], /Expected the number of a run/],
		[['--kind', 'worse'], /Expected some of newly-down, /],
		[['--limit', '-1'], /Expected a number of hosts/],
		[['--format', 'xml'], /Allowed choices are text, csv, jsonl/],
	])('that can not be had are said to be so: %j', async (args, message) => {
		const { code, stdout, stderr } = await run(...args);
		expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
		expect(stderr).toMatch(message);
	});

	it('must be two', async () => {
		using other = new QueryDatabase();
		const ask = (): Promise<Printed> => printed(main, ['--db', other.path]);
		expect((await ask()).stderr).toContain('has no run in it');
		other.addRun({ rows: [], state: 'running' });
		expect((await ask()).stderr).toContain('has no finished run: there is nothing to compare');
		other.addRun({ rows: [] });
		expect((await ask()).stderr).toContain('has one finished run alone, run 2: ');
	});
});

describe('the rows', () => {
	it('as CSV', async () => {
		const { stdout } = await run('--format', 'csv', '--kind', 'newly-down', '--kind', 'other');
		expect(parseCsv(stdout)).toEqual([
			[
				...['kind', 'host', 'before_status', 'before_reason', 'before_rtt_ms', 'before_worker'],
				...['after_status', 'after_reason', 'after_rtt_ms', 'after_worker'],
			],
			['newly-down', '10.0.0.1', 'up', '', '1', 'w1', 'down', 'host-unreachable', '', 'w1'],
			['other', 'gone.test', 'down', 'timeout', '', 'w1', 'unresolved', 'dns-not-found', '', 'w1'],
			['newly-down', "'=cmd()\\u{202e}\\u{1b}[31m", 'up', '', '1', 'w1', 'down', 'timeout', '', 'w1'],
		]);
	});

	it('as lines of JSON, with every text as it is', async () => {
		const { stdout } = await run('1', '2', '--format', 'jsonl');
		const lines = stdout
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line));
		expect(lines).toHaveLength(7);
		expect(lines[0]).toEqual({
			kind: 'added',
			host: 'new.test',
			before: null,
			after: { status: 'up', reason: null, rtt_ms: null, worker: 'w1' },
		});
		expect(lines.map(({ host }) => host)).toContain(before[6]!.host);
	});
});

describe('the exit code', () => {
	it('is 3 where that is asked for and a host is newly down', async () => {
		expect((await run('--fail-on-down')).code).toBe(3);
		expect((await run('--fail-on-down', '2', '2')).code).toBe(2);
		expect((await run('--fail-on-down', '1', '2')).code).toBe(0);
		const said = (text: string) => printed(main, ['--db', database.path], { PINGPOOL_FAIL_ON_DOWN: text });
		expect([(await said('1')).code, (await said('0')).code]).toEqual([3, 0]);
		expect(await said('perhaps')).toMatchObject({ code: 2, stderr: expect.stringContaining('"perhaps"') });
	});

	it('is 1 for what is no database of ours', async () => {
		const { code, stderr } = await printed(main, ['--db', 'nowhere.db']);
		expect(code).toBe(1);
		expect(stderr).toContain('nowhere.db does not exist');
	});

	it('is 0 for a process whose reader leaves', async () => {
		const shell = `"$0" "$1" diff --db "$2" 1 3 --format jsonl | head -n 1; echo "\${PIPESTATUS[0]}"`;
		const { stdout, stderr } = await promisify(execFile)(
			'bash',
			['--norc', '-c', shell, process.execPath, bin, database.path],
			{ env: { PATH: process.env.PATH } },
		);
		expect(stderr).toBe('');
		expect(stdout.trimEnd().split('\n').at(-1)).toBe('0');
	});
});
