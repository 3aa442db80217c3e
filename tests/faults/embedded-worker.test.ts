/** The worker that a master without a workers file has of its own. */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { childrenOf, Workspace } from '../e2e/command-line.ts';
import { notLong, testUnless, withoutEchoSockets } from '../requirements.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

testUnless(
	withoutEchoSockets() ?? notLong(),
	'the embedded worker, killed twice in mid-run, is started anew each time',
	async () => {
		const hosts = 8_192;
		space.write('hosts.txt', '127.0.0.0/19');
		await using master = space.start(['master', '--rate', '1500', '--json']);
		const killed: number[] = [];
		for (let kills = 0; kills < 2; kills += 1) {
			// One that has not said yet that it is there would only fail to start, and rows of the one before it may
			// still be on their way to the database.
			await master.says(new RegExp(`(worker embedded: [^]*){${kills + 1}}`));
			const done = space.count('SELECT count(*) FROM results');
			await vi.waitFor(() => {
				expect(space.count('SELECT count(*) FROM results')).toBeGreaterThan(done);
				expect(childrenOf(master.child.pid!).filter((pid) => !killed.includes(pid))).toHaveLength(1);
			}, 20_000);
			const [worker] = childrenOf(master.child.pid!).filter((pid) => !killed.includes(pid));
			process.kill(worker!, 'SIGKILL');
			killed.push(worker!);
		}
		expect([await master.exited, master.errors()]).toEqual([0, expect.any(String)]);
		expect(master.errors().match(/the embedded worker has ended; starting another one/g)).toHaveLength(2);
		expect(JSON.parse(master.output())).toMatchObject({ state: 'finished', hosts, up: hosts, error: 0 });
		expect(space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
			{ n: hosts, hosts },
		]);
	},
);
