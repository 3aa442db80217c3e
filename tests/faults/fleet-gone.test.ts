/** Fault 21: no worker is there: from the start, or since some time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { token, Workspace } from '../e2e/command-line.ts';
import { notLong, testUnless, withoutEchoSockets } from '../requirements.ts';
import { reservePort } from '../reserved-port.ts';
import { Seat } from './fleet/seat.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

const total = 4_096;
const env = { PINGPOOL_TOKEN: token };

testUnless(
	withoutEchoSockets(),
	'21: when all workers have gone, the run waits, says so, ends resumable, and goes on when they are back',
	async () => {
		// Slow until they are killed, so that it happens in mid-run.
		let rate = 20;
		const take = (): Promise<Seat> =>
			Seat.take((port) => space.worker(['--rate', String(rate), '--port', String(port)]));
		await using first = await take();
		await using second = await take();
		space.write('hosts.txt', '127.0.0.0/20');
		space.write('workers.txt', [first.url, second.url]);
		const command = ['master', '--workers', 'workers.txt', '--worker-timeout', '2000', '--json'];
		const stored = (): number => space.count('SELECT count(*) FROM results');
		{
			await using master = space.start(command, { env });
			await vi.waitFor(() => expect(stored()).toBeGreaterThan(0), { timeout: 60_000, interval: 20 });
			const aliveMs = performance.now();
			await Promise.all([first.kill(), second.kill()]);
			await master.says(/no worker is left; waiting up to 2 s for one to come back/);
			expect(await master.exited).toBe(1);
			expect(performance.now() - aliveMs).toBeGreaterThan(2_000);
			expect(master.errors()).toMatch(
				/pingpool: no worker is left to ask: .*\n {2}start the workers again, then run the same command\n/,
			);
		}
		const done = stored();
		expect(done).toBeGreaterThan(0);
		expect(done).toBeLessThan(total);
		expect(space.rows("SELECT status FROM results WHERE status <> 'up'")).toEqual([]);

		rate = 1_500;
		await Promise.all([first.start(), second.start()]);
		const again = await space.run(command, { env });
		expect(again.stderr).toContain(`continuing run 1: ${done.toLocaleString('en-US')} of 4,096 done\n`);
		expect(again.code).toBe(0);
		expect(space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
			{ n: total, hosts: total },
		]);
		expect(space.rows('SELECT state, up, error FROM runs')).toEqual([
			{ state: 'finished', up: total, error: 0 },
		]);
	},
);

testUnless(
	withoutEchoSockets() ?? notLong(),
	'21: a worker that starts some seconds after its master, and one that does so in mid-run, take part',
	async () => {
		using slowPlace = reservePort();
		using fastPlace = reservePort();
		const startWorker = ({ port }: { readonly port: number }, rate: number) =>
			space.worker(['--rate', String(rate), '--port', String(port)]);
		const urls = [slowPlace, fastPlace].map(({ port }) => `http://127.0.0.1:${port}`);
		space.write('hosts.txt', '127.0.0.0/19');
		space.write('workers.txt', urls);
		const command = ['master', '--workers', 'workers.txt', '--worker-timeout', '60000'];
		await using master = space.start(command, { env });
		await master.says(/no worker is left; waiting up to 60 s for one to come back/);
		await sleep(1_500);
		// It alone would take a minute and a half: longer than it takes until the other one is looked at again.
		await using slow = (await startWorker(slowPlace, 90)).running;
		await slow.says(/ ok, /);
		await using _fast = (await startWorker(fastPlace, 4_000)).running;
		expect(await master.exited).toBe(0);
		const shares = space.rows<{ worker: string; n: number }>(
			'SELECT worker, count(*) AS n FROM results GROUP BY 1',
		);
		expect(new Set(shares.map(({ worker }) => worker))).toEqual(new Set(urls));
		expect(shares.reduce((sum, { n }) => sum + n, 0)).toBe(2 * total);
	},
);
