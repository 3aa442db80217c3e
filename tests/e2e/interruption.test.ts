/** Runs that end before their list does. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keptProblems } from '../kept-counts.ts';
import type { Running } from '../process.ts';
import {
	describeUnless,
	notLong,
	testUnless,
	withoutCommand,
	withoutEcho,
	withoutSmallDisk,
} from '../requirements.ts';
import { listening } from '../servers.ts';
import { childrenOf, isAlive, Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

/** Resolves when the database has answers of the run. */
async function midway(): Promise<void> {
	await vi.waitFor(() => expect(space.count('SELECT count(*) FROM results')).toBeGreaterThan(0), 60_000);
}

/** A run over 65,536 hosts that takes minutes. */
function longRun(args: readonly string[] = []): Running {
	space.write('hosts.txt', '127.0.0.0/16');
	return space.start(['master', '--rate', '300', ...args]);
}

describeUnless(withoutEcho(), 'a signal in mid-run', () => {
	for (const [whyNot, signal, exitCode] of [
		[undefined, 'SIGINT', 130],
		[notLong(), 'SIGTERM', 143],
	] as const) {
		testUnless(
			whyNot,
			`${signal} commits what arrived, ends the worker, and exits with ${exitCode}`,
			async () => {
				await using master = longRun(['--json']);
				await midway();
				const children = childrenOf(master.child.pid!);
				expect(children).toHaveLength(1);
				master.child.kill(signal);
				expect(await master.exited).toBe(exitCode);
				expect(children.filter(isAlive)).toEqual([]);
				expect(master.errors()).toMatch(/stopping: waiting up to 10 s for [\d,]+ hosts? under way/);

				const summary = JSON.parse(master.output()) as Record<string, unknown>;
				const stored = space.count('SELECT count(*) FROM results');
				expect(summary).toMatchObject({ run: 1, state: 'interrupted', hosts: 65_536, up: stored, error: 0 });
				expect(stored).toBeGreaterThan(0);
				expect(stored).toBeLessThan(65_536);
				expect(master.errors()).toContain(
					`interrupted: ${stored.toLocaleString('en-US')} of 65,536 hosts are in hosts.db; ` +
						'the same command goes on where it stopped\n',
				);
				expect(space.rows('SELECT state, total, up, finished_at > started_at AS ended FROM runs')).toEqual([
					{ state: 'interrupted', total: 65_536, up: stored, ended: 1 },
				]);
				expect(space.count("SELECT count(*) FROM results WHERE status <> 'up'")).toBe(0);
				// What the run said stays with it, to its end; and what it comes to.
				expect(space.rows('SELECT type, text FROM events ORDER BY number DESC LIMIT 2').reverse()).toEqual([
					{ type: 'stopping', text: expect.stringMatching(/^stopping: waiting up to 10 s for /) },
					{ type: 'run-ended', text: 'run 1 was interrupted; the same command goes on with it' },
				]);
				expect(keptProblems(space.path('hosts.db'), 1)).toEqual([]);
			},
		);
	}

	test('a second Ctrl-C does not wait for what is under way', async () => {
		let asked = (): void => undefined;
		const underWay = new Promise<void>((resolve) => {
			asked = resolve;
		});
		// Takes the request and never answers.
		const server = createServer(() => asked());
		try {
			space.write('hosts.txt', `http://127.0.0.1:${await listening(server)}/`);
			await using master = space.start(['master', '--timeout', '60000'], {
				env: { PINGPOOL_ALLOW: '127.0.0.0/8' },
			});
			await underWay;
			const children = childrenOf(master.child.pid!);
			master.child.kill('SIGINT');
			await master.says(/stopping: waiting up to 10 s for 1 host under way \(once more to stop at once\)/);
			master.child.kill('SIGINT');
			expect(await master.exited).toBe(130);
			// As it does when it has waited.
			expect(master.output() + master.errors()).not.toMatch(/interrupted/);
			await vi.waitFor(() => expect(children.filter(isAlive)).toEqual([]), 60_000);
		} finally {
			server.closeAllConnections();
			server.close();
		}
	});

	testUnless(
		withoutCommand('mkfifo'),
		'while the list is still being read ends at once, with nothing in the database',
		async () => {
			const pipe = space.path('hosts.txt');
			execFileSync('mkfifo', [pipe]);
			await using master = space.start(['master']);
			// Opens when the master has opened it to read.
			const writer = await open(pipe, 'w');
			try {
				await writer.write('127.0.0.1\n127.0.0.2\n');
				master.child.kill('SIGINT');
				expect([await master.exited, master.errors()]).toEqual([130, '']);
				expect(master.output()).toBe('');
				expect(space.count('SELECT count(*) FROM runs')).toBe(0);
			} finally {
				await writer.close();
			}
		},
	);
});

describeUnless(withoutCommand('mkfifo'), 'an embedded worker that is still starting', () => {
	/** A master that waits for its list, and its worker, which stops itself before it has done anything. */
	async function whileStarting() {
		const pipe = space.path('hosts.txt');
		execFileSync('mkfifo', [pipe]);
		space.write('stop.mjs', [
			"while (process.env.PINGPOOL_EMBEDDED === '1') process.kill(process.pid, 'SIGSTOP');",
		]);
		const master = space.start(['master'], {
			env: { NODE_OPTIONS: `--import=${pathToFileURL(space.path('stop.mjs')).href}` },
		});
		// Opens when the master has opened it to read, which is after it has started its worker.
		const list = await open(pipe, 'w');
		const children = childrenOf(master.child.pid!);
		expect(children).toHaveLength(1);
		return { master, list, children };
	}

	/** A process that is killed is there until it has had its turn. */
	async function expectGone(children: readonly number[]): Promise<void> {
		await vi.waitFor(() => expect(children.filter(isAlive)).toEqual([]), 60_000);
	}

	test('is taken down when the list is wrong', async () => {
		const { master, list, children } = await whileStarting();
		await using _master = master;
		await list.write('127.0.0.1\n10.0.0.990\n');
		await list.close();
		expect(await master.exited).toBe(2);
		expect(master.errors()).toMatch(/^pingpool: hosts\.txt:2: "10\.0\.0\.990" is not an IPv4 address/);
		await expectGone(children);
		expect(existsSync(space.path('hosts.db'))).toBe(false);
	});

	for (const [whyNot, signal, exitCode] of [
		[notLong(), 'SIGINT', 130],
		[undefined, 'SIGTERM', 143],
	] as const) {
		testUnless(whyNot, `is taken down by ${signal}, and not waited for`, async () => {
			const { master, list, children } = await whileStarting();
			await using _master = master;
			await list.write('127.0.0.1\n');
			await list.close();
			await master.says(/^1 host\n/);
			const before = performance.now();
			master.child.kill(signal);
			expect([await master.exited, master.errors(), master.output()]).toEqual([exitCode, '1 host\n', '']);
			// It would be given a minute to start.
			expect(performance.now() - before).toBeLessThan(30_000);
			await expectGone(children);
			expect(existsSync(space.path('hosts.db'))).toBe(false);
		});
	}
});

testUnless(
	withoutEcho() ?? withoutSmallDisk() ?? notLong(),
	'a disk that fills up ends the run with one message, and leaves no worker behind',
	async () => {
		// Regression: the database could not be closed either, so the worker was not, and the master waited for it.
		const disk = space.path('disk');
		mkdirSync(disk);
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', disk]);
		try {
			space.write('hosts.txt', '127.0.0.0/16');
			await using master = space.start(['master', '--rate', '0', '--quiet', '--db', 'disk/hosts.db']);
			expect(await master.exited).toBe(1);
			expect(master.errors()).toMatch(
				/^pingpool: disk\/hosts\.db can not grow: the disk is full \(SQLITE_FULL\)\n.*\n$/,
			);
		} finally {
			execFileSync('umount', ['-l', disk]);
		}
	},
);

testUnless(withoutEcho(), 'a reader that goes does not end the run', async () => {
	space.write('hosts.txt', '127.0.0.0/28');
	await using master = space.start(['master']);
	master.child.stdout!.destroy();
	master.child.stderr!.destroy();
	expect(await master.exited).toBe(0);
	expect(space.count("SELECT count(*) FROM results JOIN runs ON id = run_id AND state = 'finished'")).toBe(
		16,
	);
});

testUnless(
	withoutEcho(),
	'a master that is killed leaves no worker behind, and a database that a fresh run of another list can use',
	async () => {
		await using master = longRun();
		await midway();
		const children = childrenOf(master.child.pid!);
		expect(children).toHaveLength(1);
		master.child.kill('SIGKILL');
		expect(await master.exited).toBe('SIGKILL');
		await vi.waitFor(() => expect(children.filter(isAlive)).toEqual([]), 60_000);
		const stored = space.count('SELECT count(*) FROM results');
		expect(stored).toBeGreaterThan(0);
		space.write('hosts.txt', '127.0.0.0/28');
		expect((await space.master(['--fresh'])).code).toBe(0);
		expect(space.rows('SELECT run_id AS run, count(*) AS n FROM results GROUP BY 1')).toEqual([
			{ run: 1, n: stored },
			{ run: 2, n: 16 },
		]);
	},
);
