/**
 * Faults 12, 24 and 27 in a whole run: of two workers, one falls silent in mid-run, and so does nobody say that it is
 * gone. The other one finishes, soon.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import { describeUnless, notLong, testUnless } from '../requirements.ts';
import { Seat } from './fleet/seat.ts';
import { loggingRequestsTo, readRequests, requestsByHost } from './fleet/sent-requests.ts';

describeUnless(labUnavailable(), 'a worker that falls silent in mid-run', () => {
	let lab: Lab;
	let space: Workspace;
	beforeAll(async () => {
		lab = await createLab();
	});
	afterAll(() => lab?.close());
	beforeEach(() => {
		space = new Workspace();
	});
	afterEach(() => {
		space[Symbol.dispose]();
		lab.exec('iptables', '-F', 'INPUT');
	});

	/** All of them alive, so that nothing waits but for the silent worker. */
	const total = 4_096;
	const rate = 1_500;

	function takeSeat(): Promise<Seat> {
		return Seat.take((port) => space.worker(['--rate', String(rate), '--port', String(port)], { lab }));
	}

	/** Drops what is said to a worker and by it. */
	function blackhole({ url }: Seat): void {
		const { port } = new URL(url);
		for (const side of ['--dport', '--sport']) {
			lab.exec('iptables', '-A', 'INPUT', '-p', 'tcp', side, port, '-j', 'DROP');
		}
	}

	const falls: readonly [string, (seat: Seat) => void | Promise<void>][] = [
		['12: because it is stopped', (seat) => seat.stop()],
		['24: because nothing gets through, either way', blackhole],
		[
			'27: because it has gone, and nothing of that got through: half open',
			async (seat) => {
				blackhole(seat);
				await seat.kill();
			},
		],
	];
	for (const [i, [name, fall]] of falls.entries()) {
		// The first is seen in every run, the others in CI.
		testUnless(
			i === 0 ? undefined : notLong(),
			`${name}: its hosts are asked elsewhere soon, and the run ends`,
			async () => {
				await using silent = await takeSeat();
				await using other = await takeSeat();
				space.write('hosts.txt', '10.0.0.0/20');
				space.write('workers.txt', [silent.url, other.url]);
				await using master = space.start(['master', '--workers', 'workers.txt', '--json'], {
					lab,
					env: { PINGPOOL_TOKEN: token, ...loggingRequestsTo(space.path('requests')) },
				});
				await silent.says(/( ok, [\s\S]*){2}/);
				await fall(silent);
				const fellMs = Date.now();
				expect(await master.exited).toBe(0);
				const endedMs = Date.now();
				expect(JSON.parse(master.output())).toMatchObject({ hosts: total, up: total, down: 0, error: 0 });
				expect(
					space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results WHERE rtt_ms < 1000'),
				).toEqual([{ n: total, hosts: total }]);
				// On a busy machine either of the two may have been slow before, and the other asked as well.
				const hedged = [...requestsByHost(readRequests(space.path('requests'))).values()].filter(
					([, second]) => second !== undefined && second.atMs > fellMs,
				);
				expect(hedged.length).toBeGreaterThan(0);
				for (const requests of hedged) {
					expect(requests.map(({ worker }) => worker)).toEqual([silent.url, other.url]);
				}
				// Counted from its last word, which was before: 600 ms, and what a machine that is busy with other tests takes.
				const hedgedMs = Math.max(...hedged.map((requests) => requests[1]!.atMs)) - fellMs;
				expect(hedgedMs).toBeLessThan(5_000);
				expect(endedMs - fellMs).toBeLessThan(15_000);
			},
		);
	}
});
