/** Fault 22: a host that kills whoever asks for it. */
import { readFileSync } from 'node:fs';
import { describe, expect, vi } from 'vitest';
import { Workspace } from '../e2e/command-line.ts';
import { startProcess } from '../process.ts';
import { notLong, testUnless } from '../requirements.ts';
import { Seat } from './fleet/seat.ts';
import type { SentRequest } from './fleet/sent-requests.ts';
import { loggingRequestsTo, readRequests, requestsByHost } from './fleet/sent-requests.ts';

// Up to five runs, where workers are kept waiting.
vi.setConfig({ testTimeout: 300_000 });

const script = new URL('./fleet/deadly-host-worker.ts', import.meta.url).pathname;
const deadly = '10.0.3.77';
const total = 2_048;

function takeSeat(space: Workspace): Promise<Seat> {
	return Seat.take(async (port) => {
		const running = startProcess(process.execPath, [script, String(port), deadly, space.path('asked')]);
		try {
			return { running, url: (await running.says(/http:\/\/\S+/))[0] };
		} catch (error) {
			await running[Symbol.asyncDispose]();
			throw error;
		}
	});
}

/** Starts a seat's worker again whenever it has died, until told to stop. */
async function keepUp(seat: Seat, over: AbortSignal): Promise<void> {
	const stop = new Promise((resolve) => over.addEventListener('abort', resolve, { once: true }));
	for (let deaths = 0; deaths < 100; deaths += 1) {
		await Promise.race([seat.ended, stop]);
		if (over.aborted) return;
		await seat.start();
	}
	throw new Error('it died a hundred times');
}

interface Death {
	readonly port: string;
	/** time of day, in ms */
	readonly atMs: number;
}

interface Asked {
	readonly deaths: readonly Death[];
	/** how often each host was asked for */
	readonly times: ReadonlyMap<string, number>;
}

function readAsked(space: Workspace): Asked {
	const deaths: Death[] = [];
	const times = new Map<string, number>();
	for (const line of readFileSync(space.path('asked'), 'utf8').trimEnd().split('\n')) {
		const [what, port, atMs] = line.split(' ');
		if (what === 'died') deaths.push({ port: port!, atMs: Number(atMs) });
		else times.set(line, (times.get(line) ?? 0) + 1);
	}
	return { deaths, times };
}

/** Whether a worker that was silent, on a machine that kept it waiting, had its requests asked elsewhere before it died
 * of one: the same hosts are then in several at a time, and there is nothing to learn from a death in between. */
function wasSilent(requests: readonly SentRequest[], deaths: readonly Death[]): boolean {
	return requests.slice(1).some(({ atMs }, i) => {
		const { worker, atMs: sentMs } = requests[i]!;
		const death = deaths.find((one) => one.port === new URL(worker).port && one.atMs >= sentMs);
		return death === undefined || death.atMs > atMs;
	});
}

/** @returns whether it is known; not so when a worker was silent */
async function onlyThatHostIsAnError(workers: number): Promise<boolean> {
	using space = new Workspace();
	space.write('hosts.txt', '10.0.0.0/21');
	await using seats = new AsyncDisposableStack();
	const taken: Seat[] = [];
	for (let i = 0; i < workers; i += 1) taken.push(seats.use(await takeSeat(space)));
	space.write(
		'workers.txt',
		taken.map(({ url }) => url),
	);
	const over = new AbortController();
	const keptUp = Promise.all(taken.map((seat) => keepUp(seat, over.signal)));
	const env = loggingRequestsTo(space.path('requests'));
	const { code, stderr } = await space.master(['--workers', 'workers.txt', '--chunk', '256'], { env });
	over.abort();
	await keptUp;
	expect([code, stderr.includes('pingpool:')]).toEqual([1, false]);
	expect(space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
		{ n: total, hosts: total },
	]);
	const errors = space.rows("SELECT host, status, reason FROM results WHERE status <> 'up'");
	const ofDeadly = { host: deadly, status: 'error', reason: 'worker-failed' };
	expect(errors).toContainEqual(ofDeadly);
	const { deaths, times } = readAsked(space);
	expect(deaths.length).toBeLessThanOrEqual(3);
	expect([...times.values()].filter((one) => one > 3)).toEqual([]);
	expect(times.size).toBe(total);
	if (wasSilent(requestsByHost(readRequests(space.path('requests'))).get(deadly)!, deaths)) return false;
	expect(errors).toEqual([ofDeadly]);
	expect([deaths.length, times.get(deadly)]).toEqual([3, 3]);
	return true;
}

async function onlyThatHostIsAnErrorWith(workers: number): Promise<void> {
	for (let tries = 0; tries < 5; tries += 1) if (await onlyThatHostIsAnError(workers)) return;
	throw new Error('this machine keeps workers waiting all the time');
}

const what = 'workers die three times at most, and only that host is an error';

// At once: they wait most of the time.
describe.concurrent('a host that kills whoever asks for it', () => {
	testUnless(notLong(), `22: with three of them, ${what}`, () => onlyThatHostIsAnErrorWith(3));
	testUnless(notLong(), `22: with one of them, ${what}`, () => onlyThatHostIsAnErrorWith(1));
});
