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
		// At this rate it would go on for more than a minute: it is in mid-run whenever the test gets its turn.
		const hosts = 65_536;
		space.write('hosts.txt', '127.0.0.0/16');
		await using master = space.start(['master', '--rate', '800', '--json']);
		const killed: number[] = [];
		for (let kills = 0; kills < 2; kills += 1) {
			// One that has not said yet that it is there would only fail to start, and rows of the one before it may
			// still be on their way to the database.
			await master.says(new RegExp(`(worker embedded: [^]*){${kills + 1}}`));
			const done = space.count('SELECT count(*) FROM results');
			await vi.waitFor(() => {
				expect(space.count('SELECT count(*) FROM results')).toBeGreaterThan(done);
				expect(childrenOf(master.child.pid!).filter((pid) => !killed.includes(pid))).toHaveLength(1);
			}, 60_000);
			const [worker] = childrenOf(master.child.pid!).filter((pid) => !killed.includes(pid));
			process.kill(worker!, 'SIGKILL');
			killed.push(worker!);
		}
		await master.says(/(worker embedded: [\s\S]*){3}/);
		master.child.kill('SIGTERM');
		expect([await master.exited, master.errors()]).toEqual([143, expect.any(String)]);
		expect(master.errors().match(/the embedded worker has ended; starting another one/g)).toHaveLength(2);
		const { code, stdout } = await space.master(['--rate', '0', '--json']);
		expect(code).toBe(0);
		expect(JSON.parse(stdout)).toMatchObject({ state: 'finished', hosts, up: hosts, error: 0 });
		expect(space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
			{ n: hosts, hosts },
		]);
	},
);
