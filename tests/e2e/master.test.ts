/** `pingpool master` with its embedded worker, as a user types it. */
import { copyFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeUnless, notLong, testUnless, withoutEcho } from '../requirements.ts';
import type { ForeignServer } from '../servers.ts';
import { closedPort, foreignServer } from '../servers.ts';
import { Workspace } from './command-line.ts';

const sampleList = fileURLToPath(new URL('../../hosts.txt', import.meta.url));
const sampleHosts = 26;
/** Containers often have no IPv6, not even to themselves. */
const ipv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
	? ['::1']
	: [];

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

describeUnless(withoutEcho(), 'the sample list', () => {
	beforeEach(() => copyFileSync(sampleList, space.path('hosts.txt')));

	test('is up, in the database and in the summary', async () => {
		const before = Date.now();
		const { code, stdout, stderr } = await space.master([]);
		expect(stderr).toMatch(/^26 hosts\nworker embedded: icmp \(\w+\), tcp, http\n$/);
		expect(code).toBe(0);
		expect(stdout.split('\n')).toEqual([
			expect.stringMatching(/^run 1 finished: 26 hosts in \d+\.\d\d s \([\d,]+\/s\)$/),
			'',
			'  up    26  100.0 %',
			'  down   0    0.0 %',
			'',
			'worker      up  down  other  failures',
			'  embedded  26     0      0         0',
			'',
			'database: hosts.db',
			'',
		]);
		expect(space.rows('SELECT id, state, total, up, down, unresolved, denied, error FROM runs')).toEqual([
			{ id: 1, state: 'finished', total: sampleHosts, up: 26, down: 0, unresolved: 0, denied: 0, error: 0 },
		]);
		expect(space.rows("SELECT * FROM hosts WHERE host = '127.0.0.9'")).toEqual([
			{
				host: '127.0.0.9',
				status: 'up',
				reason: null,
				address: '127.0.0.9',
				rtt_ms: expect.any(Number),
				worker: 'embedded',
				run_id: 1,
				checked_at: expect.any(Number),
			},
		]);
		const [{ low, high }] = space.rows<{ low: number; high: number }>(
			'SELECT min(checked_at) AS low, max(checked_at) AS high FROM results',
		) as [{ low: number; high: number }];
		expect(low).toBeGreaterThanOrEqual(before);
		expect(high).toBeLessThanOrEqual(Date.now());
	});

	test('is one object on stdout with --json, and silence with --quiet', async () => {
		const json = await space.master(['--json', '--quiet', '--db', 'other.db']);
		expect(json).toMatchObject({ code: 0, stderr: '' });
		expect(JSON.parse(json.stdout)).toEqual({
			run: 1,
			state: 'finished',
			hosts: sampleHosts,
			up: sampleHosts,
			down: 0,
			unresolved: 0,
			denied: 0,
			error: 0,
			continued: 0,
			seconds: expect.any(Number),
			hostsPerSecond: expect.any(Number),
			db: 'other.db',
		});
		expect(json.stdout.split('\n')).toHaveLength(2);
	});

	testUnless(
		notLong(),
		'is silence with --quiet alone; the environment says the same, and the command line wins',
		async () => {
			expect(await space.master(['--quiet'])).toEqual({ code: 0, stdout: '', stderr: '' });
			const env = { PINGPOOL_QUIET: '1', PINGPOOL_JSON: 'yes', PINGPOOL_DB: 'third.db' };
			const { stdout, stderr } = await space.master(['--db', 'fourth.db'], { env });
			expect([JSON.parse(stdout).db, stderr]).toEqual(['fourth.db', '']);
		},
	);

	test('pinged again is a second run, and still one row per host', async () => {
		await space.master(['--quiet']);
		await space.master(['--quiet', '--count', '3', '--interval', '1']);
		expect(space.rows('SELECT id, state FROM runs ORDER BY id')).toEqual([
			{ id: 1, state: 'finished' },
			{ id: 2, state: 'finished' },
		]);
		expect(
			space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts, min(run_id) AS run FROM hosts'),
		).toEqual([{ n: sampleHosts, hosts: sampleHosts, run: 2 }]);
		expect(
			space.rows(
				'SELECT run_id AS run, count(*) AS n, min(sent) AS sent, max(loss_percent) AS loss FROM results GROUP BY 1',
			),
		).toEqual([
			{ run: 1, n: sampleHosts, sent: 1, loss: expect.toSatisfy((loss) => loss === null || loss === 0) },
			{ run: 2, n: sampleHosts, sent: 3, loss: 0 },
		]);
	});

	test('goes into a database of the old system, whose hosts are kept', async () => {
		const old = new Database(space.path('hosts.db'));
		old.exec(`CREATE TABLE hosts (host TEXT PRIMARY KEY, status TEXT);
			INSERT INTO hosts VALUES ('127.0.0.1', 'down'), ('192.0.2.1', 'up')`);
		old.close();
		const { code, stderr } = await space.master([]);
		expect(code).toBe(0);
		expect(stderr).toContain('hosts.db was written by the old system: its 2 hosts were carried over');
		expect(
			space.rows("SELECT host, status FROM hosts WHERE host IN ('127.0.0.1', '192.0.2.1') ORDER BY host"),
		).toEqual([
			{ host: '127.0.0.1', status: 'up' },
			{ host: '192.0.2.1', status: 'up' },
		]);
		expect(space.count('SELECT count(*) FROM hosts')).toBe(sampleHosts + 1);
	});
});

describe('every kind of line', () => {
	let web: ForeignServer;
	beforeEach(async () => {
		web = await foreignServer('web');
	});
	afterEach(() => web[Symbol.asyncDispose]());

	testUnless(withoutEcho(), 'is read from stdin, less what is excluded, and probed as it says', async () => {
		const closed = await closedPort();
		space.write('exclude.txt', ['127.0.4.8/29', 'localhost']);
		const stdin = [
			'# a comment',
			'127.0.4.0/28 # a block: 16 hosts, the upper half of them excluded',
			'127.0.5.1-127.0.5.3',
			'127.0.5.2-3',
			...ipv6,
			'LOCALHOST',
			`tcp://127.0.0.1:${web.port}`,
			`127.0.0.1:${closed}`,
			`http://127.0.0.1:${web.port}/`,
			`http://localhost:${web.port}/ # excluded, as every target of that host`,
			`http://127.0.0.1:${web.port}/broken`,
			'no-such-host.invalid',
			'224.0.0.1',
			'',
		].join('\r\n');
		const env = { PINGPOOL_ALLOW: '127.0.0.0/8,::1/128' };
		// As long as this process may be held up, which answers.
		const args = ['--hosts', '-', '--exclude', 'exclude.txt', '--timeout', '60000'];
		const { code, stderr } = await space.master(args, { stdin, env });
		expect(stderr).toContain(`${17 + ipv6.length} hosts (2 duplicates left out, 10 excluded)\n`);
		expect(code).toBe(0);
		const found = space.rows<{ host: string; status: string; reason: string | null }>(
			'SELECT host, status, reason FROM hosts',
		);
		const texts = found.map(({ host, status, reason }) => `${host} ${status} ${reason ?? ''}`.trim());
		expect(new Set(texts)).toEqual(
			new Set([
				...Array.from({ length: 8 }, (_, i) => `127.0.4.${i} up`),
				...Array.from({ length: 3 }, (_, i) => `127.0.5.${i + 1} up`),
				...ipv6.map((host) => `${host} up`),
				`tcp://127.0.0.1:${web.port} up`,
				`127.0.0.1:${closed} down refused`,
				`http://127.0.0.1:${web.port}/ up`,
				`http://127.0.0.1:${web.port}/broken down http-5xx`,
				'no-such-host.invalid unresolved dns-not-found',
				'224.0.0.1 denied multicast',
			]),
		);
		expect(found).toHaveLength(texts.length);
	});

	test('of the same host differ by --probe and --port, and --fail-on-down says that one is down', async () => {
		const closed = await closedPort();
		space.write('hosts.txt', ['127.0.0.1', '127.0.0.2']);
		const env = { PINGPOOL_ALLOW: '127.0.0.0/8' };
		const tcp = ['--probe', 'tcp', '--port'];
		const down = await space.master([...tcp, String(closed), '--fail-on-down'], { env });
		expect(down.code).toBe(3);
		expect(down.stdout).toMatch(/why not up\n {2}refused {2}2\n/);
		space.write('hosts.txt', ['127.0.0.1']);
		const http = ['--probe', 'http', '--port', String(web.port), '--timeout', '60000', '--json'];
		expect((await space.master(http, { env })).code).toBe(0);
		expect(web.hits()).toBe(1);
	});

	testUnless(notLong(), 'is down with exit code 0 by default, and up with --refused-is-up', async () => {
		const closed = await closedPort();
		space.write('hosts.txt', ['127.0.0.1', '127.0.0.2']);
		const env = { PINGPOOL_ALLOW: '127.0.0.0/8' };
		const tcp = ['--probe', 'tcp', '--port', String(closed)];
		expect((await space.master(tcp, { env })).code).toBe(0);
		expect((await space.master([...tcp, '--refused-is-up', '--fail-on-down'], { env })).code).toBe(0);
	});

	test('on loopback is denied to tcp and http, with the way out, unless it was allowed', async () => {
		space.write('hosts.txt', [`tcp://127.0.0.1:${web.port}`]);
		const { code, stdout } = await space.master([]);
		expect(code).toBe(0);
		expect(stdout).toMatch(/denied +1 +100\.0 %[\s\S]*loopback {2}1\n[\s\S]*--allow 127\.0\.0\.0\/8/);
		expect(web.hits()).toBe(0);
	});
});

testUnless(
	notLong() ?? withoutEcho(),
	'an embedded worker that is held up before its first answer is waited for, and nothing is said of it',
	async () => {
		space.write('hosts.txt', ['127.0.0.1']);
		// For longer than any other worker may take to say what it can do.
		space.write('hold-up.mjs', [
			"if (process.env.PINGPOOL_EMBEDDED === '1') {",
			'	const send = process.send.bind(process);',
			'	const holdUp = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6_000);',
			'	process.send = (message) => send(message, () => setImmediate(holdUp));',
			'}',
		]);
		const env = { NODE_OPTIONS: `--import=${pathToFileURL(space.path('hold-up.mjs')).href}` };
		expect(await space.master([], { env })).toMatchObject({
			code: 0,
			stderr: expect.stringMatching(/^1 host\nworker embedded: icmp \(\w+\), tcp, http\n$/),
		});
	},
);
