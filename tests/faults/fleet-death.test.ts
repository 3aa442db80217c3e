/** Faults 10 and 11 in a whole run: real workers that die, and come back, while they answer a real master. */
import { afterEach, beforeEach, expect } from 'vitest';
import { token, Workspace } from '../e2e/command-line.ts';
import { notLong, testUnless, withoutEchoSockets } from '../requirements.ts';
import { Seat } from './fleet/seat.ts';
import { loggingRequestsTo, readRequests, requestsByHost } from './fleet/sent-requests.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

const total = 4_096;
const chunkHosts = 200;
/** What the default --timeout and two attempts come to, and a pause after the first failure. */
const timeoutMs = 1_000;
const backoffMsMax = 400;

function takeSeat(): Promise<Seat> {
	return Seat.take((port) => space.worker(['--rate', '1000', '--port', String(port)]));
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
		const killedMs = Date.now();
		await doomed.kill();
		expect(await master.exited).toBe(0);
		const workers = answered();
		const byHost = requestsByHost(readRequests(space.path('requests')));
		let lost = 0;
		let answeredHosts = 0;
		for (const [host, requests] of byHost) {
			const asked = requests.map(({ worker }) => worker);
			if (workers.get(host) === doomed.url) {
				answeredHosts += 1;
				expect(asked, host).toEqual([doomed.url]);
			} else if (asked.length > 1) {
				lost += 1;
				expect(asked, host).toEqual([doomed.url, survivor.url]);
				expect(requests[1]!.atMs - killedMs, host).toBeLessThan(timeoutMs + backoffMsMax);
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
