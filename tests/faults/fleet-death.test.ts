/** Faults 10 and 11 in a whole run: real workers that die, and come back, while they answer a real master. */
import { afterEach, beforeEach, expect } from 'vitest';
import { type StartedWorker, token, Workspace } from '../e2e/command-line.ts';
import { notLong, testUnless, withoutEchoSockets } from '../requirements.ts';
import { Seat } from './fleet/seat.ts';
import type { SentRequest } from './fleet/sent-requests.ts';
import { loggingRequestsTo, readRequests, requestsByHost } from './fleet/sent-requests.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

const total = 4_096;
/** More than a survivor does in a minute: its run goes on for as long as the test looks on. */
const endless = 65_536;
const chunkHosts = 200;
const ratePerSecond = 1_000;
/** Of a worker that is to die in mid-chunk: what it is asked for at first would keep it busy for ten seconds. */
const slowPerSecond = chunkHosts / 10;
/** What the default --timeout comes to, and a pause after the first failure. */
const timeoutMs = 1_000;
const backoffMsMax = 400;
/** Hosts for which that is time enough at the rate of a worker: on a busy machine, everything takes longer. */
const hostsMeanwhileMax = ((timeoutMs + backoffMsMax) / 1_000) * ratePerSecond;

function startWorker(port: number, rate: number): Promise<StartedWorker> {
	return space.worker(['--rate', String(rate), '--port', String(port)]);
}

function startMaster(list: string, urls: readonly string[]) {
	space.write('hosts.txt', list);
	space.write('workers.txt', urls);
	const args = ['master', '--workers', 'workers.txt', '--chunk', String(chunkHosts), '--json'];
	return space.start(args, {
		env: { PINGPOOL_TOKEN: token, ...loggingRequestsTo(space.path('requests')) },
	});
}

/** Resolves when there are rows of this worker in the database. */
async function hasAnswered(seat: Seat): Promise<void> {
	const rows = `SELECT count(*) FROM results WHERE worker = '${seat.url}'`;
	await expect.poll(() => space.count(rows), { timeout: 60_000 }).toBeGreaterThan(0);
}

/** Who answered first for each host that has an answer: it is up, once. */
function answered(): Map<string, string> {
	const rows = space.rows<{ host: string; status: string; worker: string }>(
		'SELECT host, status, worker FROM results',
	);
	expect(rows.filter(({ status }) => status !== 'up')).toEqual([]);
	const workers = new Map(rows.map(({ host, worker }) => [host, worker]));
	expect(rows.length).toBe(workers.size);
	return workers;
}

testUnless(
	withoutEchoSockets(),
	'10: of a worker that is killed in mid-chunk, only hosts without an answer go elsewhere, and soon',
	async () => {
		await using doomed = await Seat.take((port) => startWorker(port, slowPerSecond));
		await using survivor = await Seat.take((port) => startWorker(port, ratePerSecond));
		await using master = startMaster('127.0.0.0/16', [doomed.url, survivor.url]);
		await hasAnswered(doomed);
		const aliveMs = Date.now();
		await doomed.kill();
		// A process that was killed is there until it has had its turn.
		const goneMs = Date.now();
		const firstAskedOf = (seat: Seat): Map<string, SentRequest[]> => {
			const byHost = requestsByHost(readRequests(space.path('requests')));
			return new Map([...byHost].filter(([, [first]]) => first!.worker === seat.url));
		};
		await expect
			.poll(
				() => {
					const workers = new Map(
						space.rows<{ host: string }>('SELECT host FROM results').map(({ host }) => [host, 1]),
					);
					return [...firstAskedOf(doomed).keys()].filter((host) => !workers.has(host)).length;
				},
				{ timeout: 60_000 },
			)
			.toBe(0);
		master.child.kill('SIGTERM');
		expect(await master.exited).toBe(143);
		const workers = answered();
		const meanwhile = readRequests(space.path('requests')).filter(({ atMs }) => atMs > goneMs);
		/** Hosts that were asked for before this request, since the worker was gone. */
		const before = ({ atMs }: SentRequest): number =>
			meanwhile.filter((other) => other.atMs < atMs).reduce((sum, { hosts }) => sum + hosts.length, 0);
		let lost = 0;
		let answeredHosts = 0;
		for (const [host, requests] of firstAskedOf(doomed)) {
			const asked = requests.map(({ worker }) => worker);
			const again = requests[1];
			if (workers.get(host) === doomed.url) {
				answeredHosts += 1;
				// On a busy machine it was slow before, and the other asked as well.
				if (again !== undefined) expect(again.atMs, host).toBeLessThanOrEqual(goneMs);
			} else if (again!.atMs > aliveMs) {
				lost += 1;
				expect(asked, host).toEqual([doomed.url, survivor.url]);
				expect(before(again!), host).toBeLessThan(hostsMeanwhileMax);
			}
		}
		expect(answeredHosts).toBeGreaterThan(0);
		expect(lost).toBeGreaterThan(0);
		expect(JSON.parse(master.output())).toMatchObject({ hosts: endless, up: workers.size, error: 0 });
	},
);

testUnless(
	withoutEchoSockets() ?? notLong(),
	'11: a worker that is started anew in mid-chunk goes on with the rest: nothing twice, nothing lost',
	async () => {
		let rate = slowPerSecond;
		await using seat = await Seat.take((port) => startWorker(port, rate));
		await using master = startMaster('127.0.0.0/20', [seat.url]);
		await hasAnswered(seat);
		await seat.kill();
		// A master that stood still itself blames nobody for a connection that broke meanwhile; but then nobody is there.
		await master.says(
			/worker \S+ (broke off|can not be reached).*; set aside for [\s\S]*no worker is left; waiting/,
		);
		const kept = space.rows<{ host: string }>('SELECT host FROM results').map(({ host }) => host);
		rate = ratePerSecond;
		await seat.start();
		expect(await master.exited).toBe(0);
		expect(answered().size).toBe(total);
		const byHost = requestsByHost(readRequests(space.path('requests')));
		const timesAsked = [...byHost.values()].map(({ length }) => length);
		expect([byHost.size, Math.max(...timesAsked)]).toEqual([total, 2]);
		expect(kept.filter((host) => byHost.get(host)!.length > 1)).toEqual([]);
		// The new life was met before it got work.
		expect(master.errors()).toMatch(/set aside for [\s\S]*worker \S+ is back/);
	},
);
