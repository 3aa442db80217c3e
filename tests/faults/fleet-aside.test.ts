/** Faults 19 and 20: workers that are set aside in mid-run, for good or for longer each time. */
import { describe, expect, vi } from 'vitest';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Running } from '../process.ts';
import { notLong, testUnless, withoutEchoSockets } from '../requirements.ts';
import { Seat } from './fleet/seat.ts';

// A dozen processes are started, one after the other.
vi.setConfig({ testTimeout: 300_000 });

/** Hosts of the list: more than a slow fleet can do in minutes, so that a run goes on for as long as a test looks on. */
const total = 65_536;
const env = { PINGPOOL_TOKEN: token };

function takeSeat(
	space: Workspace,
	rate: number,
	tokens: { accepted: string } = { accepted: token },
): Promise<Seat> {
	return Seat.take((port) =>
		space.worker(['--rate', String(rate), '--port', String(port)], {
			env: { PINGPOOL_TOKEN: tokens.accepted },
		}),
	);
}

function startMaster(space: Workspace, seats: readonly Seat[]): Running {
	space.write('hosts.txt', '127.0.0.0/16');
	space.write(
		'workers.txt',
		seats.map(({ url }) => url),
	);
	return space.start(['master', '--workers', 'workers.txt'], { env });
}

/** How often a master has said that it sets a worker aside. */
function timesSetAside(master: Running, { url }: Seat): number {
	return master
		.errors()
		.split('\n')
		.filter((line) => line.startsWith(`worker ${url} `) && line.includes('set aside for')).length;
}

/** Kills a worker, which is known to be well, and waits until the master has met with that. */
async function killNoticed(seat: Seat, master: Running): Promise<void> {
	const before = timesSetAside(master, seat);
	await seat.kill();
	await expect.poll(() => timesSetAside(master, seat), { timeout: 60_000 }).toBeGreaterThan(before);
}

/** Ends a run, of which enough was seen, and lets a fast worker do the rest. All hosts must be up then. */
async function finish(space: Workspace, master: Running): Promise<void> {
	master.child.kill('SIGTERM');
	expect(await master.exited).toBe(143);
	await using fast = await takeSeat(space, 0);
	space.write('workers.txt', [fast.url]);
	expect((await space.master(['--workers', 'workers.txt'], { env })).code).toBe(0);
	expect(
		space.rows('SELECT status, count(*) AS n, count(DISTINCT host) AS hosts FROM results GROUP BY 1'),
	).toEqual([{ status: 'up', n: total, hosts: total }]);
}

// At once: they wait most of the time.
describe.concurrent('workers that are set aside', () => {
	testUnless(
		withoutEchoSockets() ?? notLong(),
		'19: a worker that comes back with another token is out of the run, and the others go on',
		async () => {
			using space = new Workspace();
			const tokens = { accepted: token };
			await using changed = await takeSeat(space, 400, tokens);
			await using steady = await takeSeat(space, 400);
			await using master = startMaster(space, [changed, steady]);
			await changed.says(/ ok, /);
			// A master that has not met with it yet would send hosts to the next life.
			await killNoticed(changed, master);
			tokens.accepted = 'another-token-for-tests';
			await changed.start();
			const out = `worker ${changed.url} does not accept our token (HTTP 401); out of this run, others get its hosts`;
			await master.says(new RegExp(out.replace(/[()?]/g, '\\$&')));
			const { length } = steady.requests();
			await vi.waitFor(() => expect(steady.requests().slice(length)).toMatch(/( ok, [\s\S]*){4}/), 60_000);
			await finish(space, master);
			// A check it was, which has no name of its own, and no hosts were sent for it to refuse.
			expect(changed.requests()).toContain('unauthorized');
			expect(changed.requests()).not.toMatch(/unauthorized, .*request /);
		},
	);

	testUnless(
		withoutEchoSockets() ?? notLong(),
		'20: a worker that dies whenever it is back is set aside for longer each time, and all are answered',
		async () => {
			using space = new Workspace();
			const deaths = 4;
			await using steady = await takeSeat(space, 400);
			await using flapping = await takeSeat(space, 400);
			await using master = startMaster(space, [steady, flapping]);
			for (let i = 0; i < deaths; i += 1) {
				// It has answered something: that alone forgives nothing.
				await flapping.says(/ ok, /);
				await killNoticed(flapping, master);
				await flapping.start();
			}
			await finish(space, master);
			const said = master.errors().matchAll(/^worker (\S+) .*; set aside for ([\d.]+) s/gm);
			const rests = [...said].map(([, worker, seconds]) => ({ worker, seconds: Number(seconds) }));
			expect(rests.map(({ worker }) => worker)).toEqual(Array(rests.length).fill(flapping.url));
			// On a slow machine it may be looked at before it is back.
			expect(rests.length).toBeGreaterThanOrEqual(deaths);
			const seconds = rests.map((rest) => rest.seconds);
			// Doubling, less a jitter of up to a half: none is shorter than the one before it.
			expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
			expect(seconds.at(-1)!).toBeGreaterThanOrEqual(0.8);
		},
	);
});
