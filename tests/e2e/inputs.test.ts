/** What a user may get wrong: one clear message each, the right exit code, and nothing sent. */
import { existsSync, mkdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { notLong, testUnless, withoutEcho } from '../requirements.ts';
import { Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

/** Fourteen lines that are no hosts behind one that is. */
const badLines = ['127.0.0.1', ...Array.from({ length: 14 }, (_, i) => `10.0.0.${990 + i}`)];

describe('a list that is wrong', () => {
	test.each<[string, string[], string]>([
		[
			'missing',
			['--hosts', 'none.txt'],
			'pingpool: none.txt does not exist\n' +
				'  Give the list of hosts with --hosts FILE, or - to read it from stdin.\n',
		],
		[
			'empty',
			['--hosts', 'empty.txt'],
			'pingpool: empty.txt has no hosts in it\n' +
				'  Write one host per line: an address, a name, a CIDR as 10.0.0.0/24, host:port or a URL.\n',
		],
		[
			'a folder',
			['--hosts', 'folder'],
			'pingpool: folder is a folder; a file with one host per line is expected\n',
		],
		[
			'less one that is missing',
			['--hosts', 'one.txt', '--exclude', 'none.txt'],
			'pingpool: none.txt does not exist\n  Give a file of hosts to leave out with --exclude, or none.\n',
		],
		[
			'of hosts without a port for tcp',
			['--hosts', 'one.txt', '--probe', 'tcp'],
			'pingpool: one.txt:1: "127.0.0.1" has no port to connect to: write host:port, or give --port\n' +
				'1 line is no target in one.txt\n  Mend the list, or go on without these lines with --skip-invalid.\n',
		],
	])('%s', async (_, args, stderr) => {
		space.write('empty.txt', ['# nobody', '']);
		space.write('one.txt', ['127.0.0.1']);
		mkdirSync(space.path('folder'));
		expect(await space.master(args)).toEqual({ code: 2, stdout: '', stderr });
		expect(existsSync(space.path('hosts.db'))).toBe(false);
	});

	testUnless(
		withoutEcho(),
		'in many lines is shown in the first ten of them, and left out when asked to',
		async () => {
			space.write('hosts.txt', badLines);
			const refused = await space.master([]);
			expect(refused).toMatchObject({ code: 2, stdout: '' });
			const lines = refused.stderr.trimEnd().split('\n');
			expect(lines).toHaveLength(12);
			expect(lines[0]).toBe('pingpool: hosts.txt:2: "10.0.0.990" is not an IPv4 address: 990 is over 255');
			expect(lines[9]).toBe('hosts.txt:11: "10.0.0.999" is not an IPv4 address: 999 is over 255');
			expect(lines[10]).toBe('14 lines are no target in hosts.txt (the first 10 are shown)');
			expect(existsSync(space.path('hosts.db'))).toBe(false);

			const skipped = await space.master(['--skip-invalid']);
			expect(skipped.code).toBe(0);
			expect(skipped.stderr).toMatch(/^1 host \(14 invalid lines skipped\)\n/);
			expect(space.rows('SELECT host FROM hosts')).toEqual([{ host: '127.0.0.1' }]);
		},
	);
});

describe('an option that is wrong', () => {
	const workersHint =
		'  One worker a line is expected, as in: http://10.0.0.5:8786 token-file=worker.token weight=2\n';

	test.each<[string[], Record<string, string>, string]>([
		[['master', '--wrokers', 'w'], {}, "pingpool: unknown option '--wrokers'\n(Did you mean --workers?)\n"],
		[['master', 'lan.txt'], {}, 'pingpool: "lan.txt" is no option\n  did you mean --hosts lan.txt?\n'],
		[
			['master', '--rate', 'fast'],
			{},
			"pingpool: option '--rate <n>' argument 'fast' is invalid. Expected a number, 0 to 999999999.\n",
		],
		[
			['master'],
			{ PINGPOOL_WROKERS: 'w' },
			'pingpool: the environment has "PINGPOOL_WROKERS", which is no setting of pingpool\n' +
				'  did you mean PINGPOOL_WORKERS?\n',
		],
		[['master', '--workers', 'none.txt'], {}, `pingpool: none.txt does not exist\n${workersHint}`],
		[['master', '--workers', 'empty.txt'], {}, `pingpool: empty.txt has no worker in it\n${workersHint}`],
		[
			['master', '--workers', 'workers.txt'],
			{},
			'pingpool: workers.txt:1: "localhost:8786" is not a URL; http://HOST:8786 or https://… is expected\n' +
				'workers.txt:3: "tokn" is no setting of a worker; did you mean token?\n' +
				`workers.txt:4: weight="0" is no weight; a number above 0 is expected\n${workersHint}`,
		],
		[['worker', '--prot', '1'], {}, "pingpool: unknown option '--prot'\n(Did you mean --port?)\n"],
		[
			['worker', '--port', '99999'],
			{},
			"pingpool: option '--port <n>' argument '99999' is invalid. " +
				'Expected a whole number from 0 to 65535, not "99999".\n',
		],
		[
			['worker', '--no-auth', '--host', '0.0.0.0'],
			{},
			'pingpool: --no-auth is for a worker that only this machine can reach\n' +
				'  add --host 127.0.0.1, or leave --no-auth out\n',
		],
		[
			['worker'],
			{ PINGPOOL_TOKEN: 'short' },
			'pingpool: PINGPOOL_TOKEN: a token has 16 to 1024 characters, not 5\n' +
				'  pingpool token makes a good one\n',
		],
	])('%j %j', async (args, env, stderr) => {
		space.write('hosts.txt', ['127.0.0.1']);
		space.write('empty.txt', ['# none']);
		space.write('workers.txt', ['localhost:8786', '# fine', 'http://a tokn=x', 'http://b weight=0']);
		expect(await space.run(args, { env })).toEqual({ code: 2, stdout: '', stderr });
	});
});

test("a setting of the embedded worker that is wrong is the user's to mend", async () => {
	space.write('hosts.txt', ['127.0.0.1']);
	expect(await space.master([], { env: { PINGPOOL_ALLOW: 'lan' } })).toEqual({
		code: 2,
		stdout: '',
		stderr:
			'1 host\npingpool: the embedded worker did not start: PINGPOOL_ALLOW: ' +
			'expected an address or a block, as in 10.0.0.0/8 or fd00::/8, not "lan"\n',
	});
});

describe('a database that is none', () => {
	test.each<[string, () => void, RegExp]>([
		[
			'a text file',
			() => void space.write('hosts.db', `${'not a database '.repeat(20)}\n`),
			/^pingpool: hosts\.db is not an SQLite database, .*\n {2}It was left as it is\. Give another file with --db\.$/m,
		],
		[
			'a folder',
			() => mkdirSync(space.path('hosts.db')),
			/^pingpool: hosts\.db is a folder; the file of a database is expected\n {2}Give a file with --db/m,
		],
		[
			'of another program',
			() => changed('CREATE TABLE invoices (id)'),
			/^pingpool: hosts\.db is the database of another program \(it has the tables invoices\)$/m,
		],
	])('%s', async (_, make, message) => {
		space.write('hosts.txt', ['127.0.0.1']);
		make();
		const { code, stdout, stderr } = await space.master([]);
		expect([code, stdout]).toEqual([1, '']);
		expect(stderr).toMatch(message);
		expect(stderr.match(/^pingpool:/gm)).toHaveLength(1);
	});

	testUnless(notLong(), 'from a newer version', async () => {
		space.write('hosts.txt', ['127.0.0.1']);
		await space.master([]);
		changed('PRAGMA user_version = 99');
		const { code, stderr } = await space.master([]);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^pingpool: hosts\.db was written by a newer pingpool \(schema 99; /m);
	});

	function changed(sql: string): void {
		const db = new Database(space.path('hosts.db'));
		db.exec(sql);
		db.close();
	}
});
