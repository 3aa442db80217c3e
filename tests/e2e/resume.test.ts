/** Masters that die, and the same command that goes on where they were. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { formatCount } from '../../shared/format.ts';
import type { Running } from '../process.ts';
import { describeUnless, notLong, testUnless, withoutEchoSockets } from '../requirements.ts';
import { closedPort } from '../servers.ts';
import { token, Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

/** Takes minutes at the rates below, and less than a second at none. */
const list = '127.0.0.0/17\n';
const total = 32_768;

/** Rows that are committed; 0 while there is no database. */
function stored(): number {
	return space.count('SELECT count(*) FROM results');
}

/** Ends a master as nobody can prepare for, once the database has more than so many rows.
 * @returns how many it had then */
async function killedBehind(rows: number, master: Running): Promise<number> {
	await vi.waitFor(() => expect(stored()).toBeGreaterThan(rows), { timeout: 60_000, interval: 20 });
	master.child.kill('SIGKILL');
	expect(await master.exited).toBe('SIGKILL');
	const left = stored();
	expect(left).toBeLessThan(total);
	return left;
}

/** Leaves a run of these hosts as a master does that was killed, without the rows that a condition on the position
 * takes out. @returns how many rows it has */
async function leftUnfinished(hosts: string, without: string): Promise<number> {
	space.write('hosts.txt', hosts);
	expect((await space.master(['--quiet', '--rate', '0'])).code).toBe(0);
	space.change(
		`DELETE FROM answers WHERE (id & 0xffffffff) IN (SELECT position FROM results WHERE ${without});
		UPDATE runs SET state = 'running', finished_at = NULL, up = NULL, down = NULL, error = NULL`,
	);
	return stored();
}

/** Fails unless every one of so many hosts has exactly one row of run 1, which has finished. */
function expectWhole(hosts: number): void {
	expect(
		space.rows(
			`SELECT count(*) AS n, count(DISTINCT position) AS positions, count(DISTINCT host) AS hosts,
				min(position) AS low, max(position) AS high FROM results`,
		),
	).toEqual([{ n: hosts, positions: hosts, hosts, low: 0, high: hosts - 1 }]);
	expect(space.rows('SELECT id, state, total, up FROM runs')).toEqual([
		{ id: 1, state: 'finished', total: hosts, up: hosts },
	]);
}

/** What there is of every answer that would not be the same if the host were asked again. */
function answers(): Map<number, string> {
	const rows = space.rows<{ position: number; at: string }>(
		"SELECT position, checked_at || ' ' || rtt_ms AS at FROM results",
	);
	return new Map(rows.map(({ position, at }) => [position, at]));
}

/** All that the database says. */
function everything(): unknown[] {
	return [
		...space.rows('SELECT * FROM runs'),
		...space.rows('SELECT * FROM results ORDER BY run_id, position'),
	];
}

describeUnless(withoutEchoSockets(), 'the same command after a kill', () => {
	testUnless(
		notLong(),
		'goes on as often as it must: no host is missing, none twice, none asked again',
		async () => {
			space.write('hosts.txt', list);
			let before = 0;
			let kept = new Map<number, string>();
			for (let kills = 0; kills < 2; kills += 1) {
				await using master = space.start(['master', '--rate', '400']);
				const now = await killedBehind(before + 200, master);
				if (kills > 0) {
					expect(master.errors()).toContain(
						`continuing run 1: ${formatCount(before)} of ${formatCount(total)} done\n`,
					);
				}
				expect(existsSync(space.path('hosts.db-master'))).toBe(true);
				before = now;
				const found = answers();
				expect([...kept].filter(([position, at]) => found.get(position) !== at)).toEqual([]);
				kept = found;
			}
			const { code, stdout, stderr } = await space.master(['--rate', '0']);
			expect(code).toBe(0);
			expect(stderr).toContain(`continuing run 1: ${formatCount(before)} of ${formatCount(total)} done\n`);
			expect(stdout).toContain(
				`run 1 finished: ${formatCount(total)} hosts\ncontinued at ${formatCount(before)}: ${formatCount(total - before)} hosts in `,
			);
			expectWhole(total);
			const found = answers();
			expect([...kept].filter(([position, at]) => found.get(position) !== at)).toEqual([]);
			expect(existsSync(space.path('hosts.db-master'))).toBe(false);
		},
		120_000,
	);

	testUnless(
		notLong(),
		'leaves out whole pages, and single hosts of others',
		async () => {
			// Pages of a ledger are 65,536 positions: the first is full, the second full of holes.
			const before = await leftUnfinished(
				'127.0.0.0/16\n127.1.0.0/18\n',
				'position > 65536 AND (position % 3 = 0 OR position BETWEEN 70000 AND 79000)',
			);
			const kept = answers();
			const { code, stdout, stderr } = await space.master(['--rate', '0', '--json']);
			expect(stderr).toContain(`continuing run 1: ${formatCount(before)} of 81,920 done\n`);
			expect(code).toBe(0);
			expect(JSON.parse(stdout)).toMatchObject({
				...{ run: 1, state: 'finished', hosts: 81_920, up: 81_920, error: 0, continued: before },
			});
			expectWhole(81_920);
			const found = answers();
			expect([...kept].filter(([position, at]) => found.get(position) !== at)).toEqual([]);
		},
		120_000,
	);

	test('ends a run at once that was killed before its end could be written, without any worker', async () => {
		expect(await leftUnfinished('127.0.0.0/28\n', 'false')).toBe(16);
		space.write('workers.txt', `http://127.0.0.1:${await closedPort()} token=none\n`);
		const { code, stdout, stderr } = await space.master(['--json', '--workers', 'workers.txt']);
		expect(stderr).toContain('continuing run 1: 16 of 16 done\n');
		expect(code).toBe(0);
		expect(JSON.parse(stdout)).toMatchObject({
			...{ run: 1, state: 'finished', hosts: 16, up: 16, continued: 16, hostsPerSecond: 0 },
		});
		expectWhole(16);
	});

	test('counts what is in the database with what it adds', async () => {
		const tcp = ['--probe', 'tcp', '--port', '1'];
		space.write('hosts.txt', '127.0.0.0/28\n');
		expect((await space.master(['--quiet', ...tcp])).code).toBe(0);
		space.change("UPDATE runs SET state = 'running', finished_at = NULL");
		const { stdout } = await space.master(tcp);
		expect(stdout).toMatch(/\nwhy not up\n {2}loopback +16\n/);
	});
});

describeUnless(withoutEchoSockets(), 'another command after a kill', () => {
	test('is refused, and changes nothing: of another list, or with other options', async () => {
		expect(await leftUnfinished('127.0.0.0/24\n', 'position >= 100')).toBe(100);
		const found = everything();
		space.write('hosts.txt', '127.0.0.0/24\n127.0.1.0/30\n');
		const other = await space.master([]);
		expect(other.code).toBe(2);
		expect(other.stderr).toContain(
			'pingpool: run 1 is not finished, and the list has changed since: 256 hosts then, 260 now; ' +
				'100 of 256 hosts are done\n',
		);
		expect(other.stderr).toContain('--fresh begins a new run and leaves run 1 as it is');
		space.write('hosts.txt', '127.0.0.0/24\n');
		const slower = await space.master(['--timeout', '2000', '--quiet', '--json']);
		expect([slower.code, slower.stdout]).toEqual([2, '']);
		expect(slower.stderr).toMatch(
			/^pingpool: run 1 was begun with --timeout 1000, this command has --timeout 2000; 100 of 256 hosts are done\n/,
		);
		expect(everything()).toEqual(found);
		expect(existsSync(space.path('hosts.db-master'))).toBe(false);
	});

	for (const [whyNot, name, args, env] of [
		[undefined, '--fresh', ['--fresh'], {}],
		[notLong(), 'PINGPOOL_FRESH', [], { PINGPOOL_FRESH: '1' }],
	] as const) {
		testUnless(whyNot, `with ${name} begins a new run, and leaves the other as it is`, async () => {
			expect(await leftUnfinished('127.0.0.0/24\n', 'position >= 100')).toBe(100);
			space.write('hosts.txt', '127.0.0.0/28\n');
			const { code, stdout, stderr } = await space.master([...args, '--json'], { env });
			expect(code).toBe(0);
			expect(stderr).not.toContain('continuing');
			expect(JSON.parse(stdout)).toMatchObject({ run: 2, hosts: 16, up: 16, continued: 0 });
			expect(space.rows('SELECT id, state FROM runs')).toEqual([
				{ id: 1, state: 'running' },
				{ id: 2, state: 'finished' },
			]);
			expect(space.rows('SELECT run_id AS run, count(*) AS n FROM results GROUP BY 1')).toEqual([
				{ run: 1, n: 100 },
				{ run: 2, n: 16 },
			]);
		});
	}
});

describeUnless(withoutEchoSockets() ?? notLong(), 'a second master on the same database', () => {
	test('is refused at once, naming the first, which goes on', async () => {
		space.write('hosts.txt', list);
		await using master = space.start(['master', '--rate', '200']);
		await vi.waitFor(() => expect(stored()).toBeGreaterThan(0), 60_000);
		const second = await space.master(['--quiet', '--rate', '0']);
		expect(second.code).toBe(1);
		expect(second.stderr).toMatch(
			new RegExp(`^pingpool: hosts\\.db is in use by another master: process ${master.child.pid} on `),
		);
		const rows = stored();
		await vi.waitFor(() => expect(stored()).toBeGreaterThan(rows), 60_000);
		expect(space.rows('SELECT id, state FROM runs')).toEqual([{ id: 1, state: 'running' }]);
		// Another database is another matter.
		space.write('few.txt', '127.0.0.1\n');
		expect((await space.master(['--quiet', '--hosts', 'few.txt', '--db', 'other.db'])).code).toBe(0);
	});
});

testUnless(
	withoutEchoSockets() ?? notLong(),
	'a run whose workers are all gone says that it can be gone on with, and is',
	async () => {
		space.write('hosts.txt', '127.0.0.0/20\n');
		const env = { PINGPOOL_TOKEN: token };
		const first = await space.worker(['--rate', '100']);
		await using worker = first.running;
		space.write('workers.txt', `${first.url}\n`);
		const args = ['master', '--workers', 'workers.txt'];
		await using master = space.start([...args, '--worker-timeout', '300'], { env });
		await vi.waitFor(() => expect(stored()).toBeGreaterThan(0), 60_000);
		worker.child.kill('SIGKILL');
		expect(await master.exited).toBe(1);
		const done = stored();
		expect(done).toBeLessThan(4_096);
		expect(master.errors()).toContain(
			`  ${formatCount(done)} of 4,096 hosts are in hosts.db; the same command goes on where it stopped\n`,
		);
		const again = await space.worker(['--rate', '0']);
		await using _again = again.running;
		space.write('workers.txt', `${again.url}\n`);
		const { code, stderr } = await space.run(args, { env });
		expect(stderr).toContain(`continuing run 1: ${formatCount(done)} of 4,096 done\n`);
		expect(code).toBe(0);
		expect(space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
			{ n: 4_096, hosts: 4_096 },
		]);
	},
);
