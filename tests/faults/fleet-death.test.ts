/** Faults 10 and 11 in a whole run: real workers that die, and come back, while they answer a real master. */
import { afterEach, beforeEach, expect } from 'vitest';
import { token, Workspace } from '../e2e/command-line.ts';
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
/** What the default --timeout comes to, and a pause after the first failure. */
const timeoutMs = 1_000;
const backoffMsMax = 400;
/** Hosts for which that is time enough at the rate of a worker: on a busy machine, everything takes longer. */
const hostsMeanwhileMax = ((timeoutMs + backoffMsMax) / 1_000) * ratePerSecond;

function takeSeat(): Promise<Seat> {
	return Seat.take((port) => space.worker(['--rate', String(ratePerSecond), '--port', String(port)]));
}

function startMaster(urls: readonly string[]) {
	space.write('hosts.txt', '127.0.0.0/20');
	space.write('workers.txt', urls);
	const args = ['master', '--workers', 'workers.txt', '--chunk', String(chunkHosts), '--json'];
	return space.start(args, {
		env: { PINGPOOL_TOKEN: token, ...loggingRequestsTo(space.path('requests')) },
	});
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
		await using doomed = await takeSeat();
		await using survivor = await takeSeat();
		await using master = startMaster([doomed.url, survivor.url]);
		await doomed.says(/(200 hosts, ok[\s\S]*){2}/);
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
		// What the worker wrote last may have died with its connection.
		expect(answeredHosts).toBeGreaterThanOrEqual(chunkHosts);
		expect(lost).toBeGreaterThan(0);
		expect(JSON.parse(master.output())).toMatchObject({ hosts: total, up: total, error: 0 });
	},
);

testUnless(
	withoutEchoSockets() ?? notLong(),
	'11: a worker that is started anew in mid-chunk goes on with the rest: nothing twice, nothing lost',
	async () => {
		await using seat = await takeSeat();
		await using master = startMaster([seat.url]);
		await seat.says(/(200 hosts, ok[\s\S]*){2}/);
		await seat.kill();
		await seat.start();
		expect(await master.exited).toBe(0);
		answered();
		const requests = readRequests(space.path('requests'));
		const again = [...requestsByHost(requests).values()].filter(({ length }) => length > 1);
		expect(again.length).toBeGreaterThan(0);
		expect(Math.max(...again.map(({ length }) => length))).toBe(2);
		// The new life was met before it got work.
		expect(master.errors()).toMatch(
			/worker \S+ broke off .*; set aside for [\s\S]*no worker is left; waiting[\s\S]*worker \S+ is back/,
		);
	},
);
