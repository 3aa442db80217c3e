/** Faults 4 and 6 in a whole run: a master that is stopped, or whose event loop stands still, blames nobody for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import type { Running } from '../process.ts';
import { describeUnless, notLong, sizeOf, testUnless } from '../requirements.ts';
import { Seat } from './fleet/seat.ts';

describeUnless(labUnavailable(), 'a master that stands still in mid-run', () => {
	let lab: Lab;
	let space: Workspace;
	beforeAll(async () => {
		lab = await createLab();
	});
	afterAll(() => lab?.close());
	beforeEach(() => {
		space = new Workspace();
	});
	afterEach(() => space[Symbol.dispose]());

	const alive = 4_096;
	const dead = 1_024;

	async function takeSeat(): Promise<Seat> {
		return Seat.take((port) => space.worker(['--rate', '1500', '--port', String(port)], { lab }));
	}

	function startMaster(
		seats: readonly Seat[],
		env: Record<string, string> = {},
		more: readonly string[] = [],
	): Running {
		space.write('hosts.txt', ['10.0.0.0/20', '10.128.0.0/22']);
		space.write(
			'workers.txt',
			seats.map(({ url }) => url),
		);
		const args = ['master', '--workers', 'workers.txt', '--timeout', '500', '--json', ...more];
		return space.start(args, { lab, env: { PINGPOOL_TOKEN: token, ...env } });
	}

	/** Nobody was blamed: no worker, and no host. */
	async function expectNoBlame(master: Running): Promise<void> {
		expect(await master.exited).toBe(0);
		expect(master.errors()).not.toMatch(/set aside|out of this run|no worker is left/);
		expect(JSON.parse(master.output())).toMatchObject({
			hosts: alive + dead,
			up: alive,
			down: dead,
			error: 0,
		});
		expect(
			space.rows("SELECT count(*) AS wrong FROM results WHERE (status = 'up') <> (host GLOB '10.0.*')"),
		).toEqual([{ wrong: 0 }]);
		// Times are the workers', which saw nothing of it: a veth link takes a fraction of a millisecond. Only between the
		// look at its clock and the sending of one batch a busy machine may hold a worker up.
		expect(space.count('SELECT count(*) FROM results WHERE rtt_ms >= 200')).toBeLessThan(64);
	}

	async function stoppedFor(ms: number, more: readonly string[] = []): Promise<void> {
		await using first = await takeSeat();
		await using second = await takeSeat();
		await using master = startMaster([first, second], {}, more);
		// Either: where one is kept waiting, the other one has done everything before it has its turn.
		await Promise.any([first, second].map((seat) => seat.says(/( ok, [\s\S]*){3}/)));
		master.child.kill('SIGSTOP');
		await sleep(ms);
		master.child.kill('SIGCONT');
		await expectNoBlame(master);
	}

	test('4: because it is stopped for three seconds, bans no worker and misses nothing', () =>
		stoppedFor(3_000));

	// Longer than it waits for any worker.
	const seconds = sizeOf({ ci: 15, long: 60 });
	testUnless(notLong(), `4: because it is stopped for ${seconds} seconds, does so as well`, () =>
		stoppedFor(1_000 * seconds, ['--worker-timeout', '10']),
	);

	testUnless(
		notLong(),
		'6: because its event loop is held for five seconds, takes no answer for a timeout',
		async () => {
			await using first = await takeSeat();
			await using second = await takeSeat();
			const preload = new URL('./fleet/held-up.ts', import.meta.url).href;
			await using master = startMaster([first, second], {
				HELD_UP_MS: '5000',
				NODE_OPTIONS: `--import=${preload}`,
			});
			await expectNoBlame(master);
			expect(master.errors()).toContain('held up\n');
		},
	);
});
