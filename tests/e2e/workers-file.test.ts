/** A workers file that changes while real masters and workers are at it. */
import { renameSync } from 'node:fs';
import { afterEach, beforeEach, expect } from 'vitest';
import { notLong, testUnless, withoutEchoSockets } from '../requirements.ts';
import { Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

const token = 'another-token-for-tests';

/** Hosts of the requests that a worker says it has answered in full. */
function answered(output: string): number {
	return [...output.matchAll(/ (\d+) hosts?, ok/g)].reduce((sum, [, hosts]) => sum + Number(hosts), 0);
}

const environment = { env: { PINGPOOL_TOKEN: 'a-token-for-tests-only' } };

testUnless(
	withoutEchoSockets(),
	'a worker that is added to the file joins, one that is taken out drains: every host is answered, once',
	async () => {
		const slow = await space.worker(['--rate', '1000']);
		await using first = slow.running;
		const fast = await space.worker(['--rate', '1200'], { env: { PINGPOOL_TOKEN: token } });
		await using second = fast.running;
		const file = space.write('workers.txt', [slow.url]);
		space.write('hosts.txt', '127.0.0.0/19');
		await using master = space.start(['master', '--workers', file, '--json'], environment);
		await first.says(/hosts, ok/);
		// As an editor does: another file in its place.
		renameSync(
			space.path(space.write('new.txt', [slow.url, `${fast.url} token=${token}`])),
			space.path(file),
		);
		await master.says(new RegExp(`worker ${fast.url}: icmp`));
		await second.says(/hosts, ok/);
		// And as a shell does: in place.
		space.write(file, [`${fast.url} token=${token}`]);
		await master.says(
			new RegExp(`worker ${slow.url} was taken out of workers\\.txt; \\d+ hosts under way may end`),
		);
		const doneBefore = answered(first.output() + first.errors());

		expect([await master.exited, master.errors()]).toEqual([0, expect.not.stringContaining('set aside')]);
		expect(JSON.parse(master.output())).toMatchObject({
			state: 'finished',
			hosts: 8_192,
			up: 8_192,
			error: 0,
		});
		expect(space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
			{ n: 8_192, hosts: 8_192 },
		]);
		const shares = new Map(
			space
				.rows<{ worker: string; n: number }>('SELECT worker, count(*) AS n FROM results GROUP BY 1')
				.map(({ worker, n }) => [worker, n]),
		);
		// What it had under way when it was taken out has ended, and counts; it was given nothing more.
		const drained = answered(first.output() + first.errors());
		expect(drained).toBeGreaterThan(doneBefore);
		expect(shares.get(slow.url)).toBe(drained);
		expect(shares.get(fast.url)).toBe(8_192 - drained);
	},
);

testUnless(
	withoutEchoSockets() ?? notLong(),
	'without a worker in the file the run waits; with a file that is wrong, it goes on as before; who comes back, works',
	async () => {
		const { running, url } = await space.worker(['--rate', '1500']);
		await using worker = running;
		const file = space.write('workers.txt', [url]);
		space.write('hosts.txt', '127.0.0.0/19');
		await using master = space.start(['master', '--workers', file, '--quiet'], environment);
		await worker.says(/hosts, ok/);
		space.write(file, [url, 'gibberish']);
		await master.says(/workers\.txt:2: "gibberish" is not a URL;.*; the workers stay as they were/);
		space.write(file, ['# nobody, for now']);
		await master.says(/workers\.txt has no worker in it/);
		await master.says(/no worker is left; waiting up to 60 s for one to come back/);
		space.write(file, [`${url} weight=2`]);
		expect([await master.exited, master.errors()]).toEqual([0, expect.not.stringContaining('set aside')]);
		expect(space.rows('SELECT status, count(DISTINCT host) AS n FROM results GROUP BY 1')).toEqual([
			{ status: 'up', n: 8_192 },
		]);
	},
);

testUnless(
	withoutEchoSockets() ?? notLong(),
	'nobody comes back within --worker-timeout: exit code 1, and the same command goes on later',
	async () => {
		const { running, url } = await space.worker(['--rate', '1500']);
		await using worker = running;
		const file = space.write('workers.txt', [url]);
		space.write('hosts.txt', '127.0.0.0/20');
		const command = ['--workers', file, '--worker-timeout', '700'];
		await using master = space.start(['master', ...command], environment);
		await worker.says(/hosts, ok/);
		space.write(file, []);
		expect(await master.exited).toBe(1);
		expect(master.errors()).toContain('pingpool: no worker is left to ask\n');
		const before = space.count('SELECT count(*) FROM results');
		expect(before).toBeGreaterThan(0);
		expect(before).toBeLessThan(4_096);
		space.write(file, [url]);
		expect((await space.master(command, environment)).code).toBe(0);
		expect(space.rows('SELECT status, count(*) AS n, count(DISTINCT run_id) AS runs FROM results')).toEqual([
			{ status: 'up', n: 4_096, runs: 1 },
		]);
	},
);
