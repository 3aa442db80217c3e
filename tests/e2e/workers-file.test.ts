/** A workers file that changes while real masters and workers are at it. */
import { renameSync } from 'node:fs';
import { afterEach, beforeEach, expect } from 'vitest';
import { notLong, testUnless, withoutEchoSockets } from '../requirements.ts';
import type { StartedWorker } from './command-line.ts';
import { Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

const token = 'another-token-for-tests';

const environment = { env: { PINGPOOL_TOKEN: 'a-token-for-tests-only' } };
/** Of workers that would be busy with a list of thousands for minutes: the run is not over before a test has acted. */
const slowly = ['--rate', '50'];

interface EndedRequest {
	readonly hosts: number;
	readonly answered: number;
	/** whether somebody else was asked as well, because the worker had been silent */
	readonly isLate: boolean;
}

/** The requests to a worker that ended in what a master said at level debug. */
function endedRequests(said: string, { url }: StartedWorker): EndedRequest[] {
	const ends = said.matchAll(/^request (\S+): (\S+) answered (\d+) of (\d+) hosts? in /gm);
	return [...ends]
		.filter(([, , worker]) => worker === url)
		.map(([, request, , answered, hosts]) => ({
			hosts: Number(hosts),
			answered: Number(answered),
			isLate: said.includes(`request ${request}: ${url} is late with `),
		}));
}

function hostsOf(requests: readonly EndedRequest[]): number {
	return requests.reduce((sum, { hosts }) => sum + hosts, 0);
}

testUnless(
	withoutEchoSockets(),
	'a worker that is added to the file joins, one that is taken out drains: every host is answered, once',
	async () => {
		const leaver = await space.worker(slowly);
		await using first = leaver.running;
		const joiner = await space.worker(slowly, { env: { PINGPOOL_TOKEN: token } });
		await using second = joiner.running;
		const file = space.write('workers.txt', [leaver.url]);
		space.write('hosts.txt', '127.0.0.0/19');
		const args = ['master', '--workers', file, '--json', '--log-level', 'debug'];
		await using master = space.start(args, environment);
		await first.says(/hosts?, ok/);
		// As an editor does: another file in its place.
		renameSync(
			space.path(space.write('new.txt', [leaver.url, `${joiner.url} token=${token}`])),
			space.path(file),
		);
		await master.says(new RegExp(`worker ${joiner.url}: icmp`));
		await second.says(/hosts?, ok/);
		// And as a shell does: in place.
		space.write(file, [`${joiner.url} token=${token}`]);
		const [taken, inFlight] = await master.says(
			new RegExp(`worker ${leaver.url} was taken out of workers\\.txt; (\\d+) hosts? under way may end\n`),
		);
		// Nobody has to wait for the rest.
		const quick = await space.worker(['--rate', '0']);
		await using _third = quick.running;
		space.write(file, [`${joiner.url} token=${token}`, quick.url]);

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
		// What it had under way when it was taken out has ended, and counts; it was given nothing more.
		const said = master.errors();
		const after = said.slice(said.indexOf(taken) + taken.length);
		expect(after).not.toContain(`${leaver.url} is asked for`);
		const requests = endedRequests(said, leaver);
		const drained = requests.slice(endedRequests(said.slice(0, -after.length), leaver).length);
		expect(hostsOf(drained)).toBe(Number(inFlight));
		const inTime = requests.filter(({ isLate }) => !isLate);
		expect(inTime.filter(({ answered, hosts }) => answered < hosts)).toEqual([]);
		const [{ rows }] = space.rows<{ rows: number }>(
			`SELECT count(*) AS rows FROM results WHERE worker = '${leaver.url}'`,
		) as [{ rows: number }];
		expect(rows).toBeGreaterThanOrEqual(hostsOf(inTime));
		expect(rows).toBeLessThanOrEqual(hostsOf(requests));
	},
);

testUnless(
	withoutEchoSockets() ?? notLong(),
	'without a worker in the file the run waits; with a file that is wrong, it goes on as before; who comes back, works',
	async () => {
		const { running, url } = await space.worker(slowly);
		await using worker = running;
		const quick = await space.worker(['--rate', '0']);
		await using _other = quick.running;
		const file = space.write('workers.txt', [url]);
		space.write('hosts.txt', '127.0.0.0/19');
		await using master = space.start(['master', '--workers', file, '--log-level', 'debug'], environment);
		await worker.says(/hosts?, ok/);
		space.write(file, [url, 'gibberish']);
		await master.says(/workers\.txt:2: "gibberish" is not a URL;.*; the workers stay as they were/);
		space.write(file, ['# nobody, for now']);
		await master.says(/workers\.txt has no worker in it/);
		await master.says(/no worker is left; waiting up to 60 s for one to come back/);
		space.write(file, [`${url} weight=2`]);
		await master.says(new RegExp(`no worker is left[^]*${url} is asked for [^]*${url} answered [1-9]`));
		// Nobody has to wait for the rest.
		space.write(file, [`${url} weight=2`, quick.url]);
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
		const { running, url } = await space.worker(slowly);
		await using worker = running;
		const quick = await space.worker(['--rate', '0']);
		await using _other = quick.running;
		const file = space.write('workers.txt', [url]);
		space.write('hosts.txt', '127.0.0.0/20');
		const command = ['--workers', file, '--worker-timeout', '700'];
		await using master = space.start(['master', ...command], environment);
		await worker.says(/hosts?, ok/);
		space.write(file, []);
		expect(await master.exited).toBe(1);
		expect(master.errors()).toContain('pingpool: no worker is left to ask\n');
		const before = space.count('SELECT count(*) FROM results');
		expect(before).toBeGreaterThan(0);
		expect(before).toBeLessThan(4_096);
		space.write(file, [quick.url]);
		expect((await space.master(command, environment)).code).toBe(0);
		expect(space.rows('SELECT status, count(*) AS n, count(DISTINCT run_id) AS runs FROM results')).toEqual([
			{ status: 'up', n: 4_096, runs: 1 },
		]);
	},
);
