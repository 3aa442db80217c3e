/**
 * Fault 43: a wall clock that jumps by two hours at every look, in the master and in its worker. What the kernel's
 * own clock may do to round-trip times is in tests/worker/icmp/echo-core.test.ts.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Workspace } from '../e2e/command-line.ts';
import { describeUnless, notLong, testUnless, withoutEchoSockets } from '../requirements.ts';

const jumping = { NODE_OPTIONS: `--import=${new URL('./jumping-clock.ts', import.meta.url)}` };
const hosts = 1_024;

describeUnless(withoutEchoSockets(), 'a wall clock that jumps', () => {
	let space: Workspace;
	beforeEach(() => {
		space = new Workspace();
		space.write('hosts.txt', '127.0.0.0/22');
	});
	afterEach(() => space[Symbol.dispose]());

	test('changes no time, no order and no row', async () => {
		const startedMs = performance.now();
		const { code, stdout } = await space.master(
			['--rate', '0', '--json', '--count', '2', '--interval', '5'],
			{
				env: jumping,
			},
		);
		const elapsedSeconds = (performance.now() - startedMs) / 1000;
		expect(code).toBe(0);
		const summary = JSON.parse(stdout) as { up: number; seconds: number };
		expect(summary.up).toBe(hosts);
		expect(summary.seconds).toBeGreaterThan(0);
		expect(summary.seconds).toBeLessThan(elapsedSeconds);
		expect(
			space.rows(
				`SELECT count(*) AS n, count(DISTINCT host) AS hosts, min(rtt_min_ms) >= 0 AS low,
				max(rtt_max_ms) <= 1000 AS high, min(rtt_ms <= rtt_max_ms AND rtt_ms >= rtt_min_ms) AS ordered
				FROM results`,
			),
		).toEqual([{ n: hosts, hosts, low: 1, high: 1, ordered: 1 }]);
		const first = space.rows<{ position: number; host: string }>(
			'SELECT position, host FROM results ORDER BY position LIMIT 300',
		);
		expect(first).toEqual(first.map((_, i) => ({ position: i, host: `127.0.${i >> 8}.${i & 255}` })));
		// It has jumped, by an hour at every look: of no row is the time anywhere near the true one.
		const nearest = `SELECT min(abs(checked_at - ${Date.now()})) FROM results`;
		expect(space.count(nearest)).toBeGreaterThan(3_600_000 / 2);
	});

	testUnless(
		notLong(),
		'and an hour that is told twice: the later run is the one that hosts are known by',
		async () => {
			expect((await space.master(['--rate', '0', '--quiet'])).code).toBe(0);
			expect((await space.master(['--rate', '0', '--quiet'], { env: jumping })).code).toBe(0);
			expect(space.rows('SELECT run_id AS run, count(*) AS n FROM hosts GROUP BY 1')).toEqual([
				{ run: 2, n: hosts },
			]);
		},
	);
});
