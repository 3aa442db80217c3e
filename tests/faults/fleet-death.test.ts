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

function startMaster(urls: readonly string[]) {
	space.write('hosts.txt', '127.0.0.0/20');
	space.write('workers.txt', urls);
	const args = ['master', '--workers', 'workers.txt', '--chunk', String(chunkHosts), '--json'];
	return space.start(args, {
		env: { PINGPOOL_TOKEN: token, ...loggingRequestsTo(space.path('requests')) },
	});
}

/** Resolves when there are rows of this worker in the database. */
async function hasAnswered(seat: Seat): Promise<void> {
	const rows = `SELECT count(*) FROM results WHERE worker = '${seat.url}'`;
	await expect.poll(() => space.count(rows)).toBeGreaterThan(0);
}

/** Every host is up, once, and who answered first for it. */
function answered(): Map<string, string> {
	const rows = space.rows<{ host: string; status: string; worker: string }>(
		'SELECT host, status, worker FROM results',
	);
	expect(rows.filter(({ status }) => status !== 'up')).toEqual([]);
	const workers = new Map(rows.map(({ host, worker }) => [host, worker]));
	expect([rows.length, workers.size]).toEqual([total, total]);
	return workers;
}

testUnless(
	withoutEchoSockets(),
	'10: of a worker that is killed in mid-chunk, only hosts without an answer go elsewhere, and soon',
	async () => {
		await using doomed = await Seat.take((port) => startWorker(port, slowPerSecond));
		await using survivor = await Seat.take((port) => startWorker(port, ratePerSecond));
		await using master = startMaster([doomed.url, survivor.url]);
		await hasAnswered(doomed);
		await doomed.kill();
		// A process that was killed is there until it has had its turn.
		const goneMs = Date.now();
		expect(await master.exited).toBe(0);
		const workers = answered();
		const sent = readRequests(space.path('requests'));
		const meanwhile = sent.filter(({ atMs }) => atMs > goneMs);
		/** Hosts that were asked for before this request, since the worker was gone. */
		const before = (request: SentRequest): number =>
			meanwhile
				.slice(0, Math.max(0, meanwhile.indexOf(request)))
				.reduce((sum, { hosts }) => sum + hosts.length, 0);
		const byHost = requestsByHost(sent);
		let lost = 0;
		let answeredHosts = 0;
		for (const [host, requests] of byHost) {
			const [first, ...more] = requests.map(({ worker }) => worker);
			// On a busy machine one of the two was slow before, and the other asked as well.
			const isHedged = more.length > 0 && requests[1]!.atMs <= goneMs;
			if (workers.get(host) === doomed.url) {
				answeredHosts += 1;
				if (!isHedged) expect([first, ...more], host).toEqual([doomed.url]);
			} else if (more.length > 0 && !isHedged) {
				lost += 1;
				expect([first, ...more], host).toEqual([doomed.url, survivor.url]);
				expect(before(requests[1]!), host).toBeLessThan(hostsMeanwhileMax);
			}
		}
		expect(byHost.size).toBe(total);
		expect(answeredHosts).toBeGreaterThan(0);
		expect(lost).toBeGreaterThan(0);
		expect(JSON.parse(master.output())).toMatchObject({ hosts: total, up: total, error: 0 });
	},
);

testUnless(
	withoutEchoSockets() ?? notLong(),
	'11: a worker that is started anew in mid-chunk goes on with the rest: nothing twice, nothing lost',
	async () => {
		let rate = slowPerSecond;
		await using seat = await Seat.take((port) => startWorker(port, rate));
		await using master = startMaster([seat.url]);
		await hasAnswered(seat);
		await seat.kill();
		const kept = space.rows<{ host: string }>('SELECT host FROM results').map(({ host }) => host);
		rate = ratePerSecond;
		await seat.start();
		expect(await master.exited).toBe(0);
		answered();
		const byHost = requestsByHost(readRequests(space.path('requests')));
		const timesAsked = [...byHost.values()].map(({ length }) => length);
		expect([byHost.size, Math.max(...timesAsked)]).toEqual([total, 2]);
		expect(kept.filter((host) => byHost.get(host)!.length > 1)).toEqual([]);
		// The new life was met before it got work.
		expect(master.errors()).toMatch(
			/worker \S+ broke off .*; set aside for [\s\S]*no worker is left; waiting[\s\S]*worker \S+ is back/,
		);
	},
);
