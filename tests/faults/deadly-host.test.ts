/** Fault 22: a host that kills whoever asks for it. */
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { Workspace } from '../e2e/command-line.ts';
import { startProcess } from '../process.ts';
import { notLong, testUnless } from '../requirements.ts';
import { Seat } from './fleet/seat.ts';

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

async function onlyThatHostIsAnError(workers: number): Promise<void> {
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
	const { code, stderr } = await space.master(['--workers', 'workers.txt', '--chunk', '256']);
	over.abort();
	expect([code, stderr.includes('pingpool:')]).toEqual([1, false]);
	expect(space.rows("SELECT host, status, reason FROM results WHERE status <> 'up'")).toEqual([
		{ host: deadly, status: 'error', reason: 'worker-failed' },
	]);
	expect(space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
		{ n: total, hosts: total },
	]);
	await keptUp;
	const asked = new Map<string, number>();
	let deaths = 0;
	for (const line of readFileSync(space.path('asked'), 'utf8').trimEnd().split('\n')) {
		if (line === 'died') deaths += 1;
		else asked.set(line, (asked.get(line) ?? 0) + 1);
	}
	expect([deaths, asked.get(deadly)]).toEqual([3, 3]);
	expect([...asked.values()].filter((times) => times > 3)).toEqual([]);
	expect(asked.size).toBe(total);
}

const what = 'workers die three times at most, and only that host is an error';

// At once: they wait most of the time.
describe.concurrent('a host that kills whoever asks for it', () => {
	testUnless(notLong(), `22: with three of them, ${what}`, () => onlyThatHostIsAnError(3));
	testUnless(notLong(), `22: with one of them, ${what}`, () => onlyThatHostIsAnError(1));
});
