/** Faults 10 to 12: a real worker that is killed, started anew, or stopped while it answers. */
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import type { WorkerClient } from '../../master/worker-client.ts';
import { heartbeatMs } from '../../shared/limits.ts';
import type { StartedWorker } from '../e2e/command-line.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Got } from '../master/worker-client-fixture.ts';
import { callOf, clientOf } from '../master/worker-client-fixture.ts';
import { reservePort } from '../reserved-port.ts';
import { listening } from '../servers.ts';
import type { Watchdog } from './watchdog.ts';
import { watchdog } from './watchdog.ts';

// Three real workers start, on a machine that is busy with other tests as well.
let space: Workspace;
let open: number;
/** Takes connections and never says a word, so that a worker has to wait. */
const silent = createServer((socket) => socket.on('error', () => undefined).resume());

beforeEach(async () => {
	space = new Workspace();
	open = await listening(silent);
});
afterEach(async () => {
	space[Symbol.dispose]();
	await new Promise((resolve) => silent.close(resolve));
});

function startWorker(port: number): Promise<StartedWorker> {
	return space.worker(['--allow', '127.0.0.0/8', '--icmp', 'off', '--port', String(port)]);
}

function signal({ running }: StartedWorker, name: NodeJS.Signals): void {
	process.kill(-running.child.pid!, name);
}

/** One host that answers at once, and one that keeps the worker waiting for half a minute. */
function slowCall(beatsMissed: number): { got: Got; begun: Promise<boolean>; dog: Watchdog } {
	const begun = Promise.withResolvers<boolean>();
	const dog = watchdog(beatsMissed * heartbeatMs);
	let signs = 0;
	const got = callOf([`tcp://127.0.0.1:${open}`, `http://127.0.0.1:${open}/`], {
		settings: { ...callOf([]).call.settings, attempts: 1, timeoutMs: 30_000 },
		signal: dog.signal,
		onAlive() {
			dog.alive();
			signs += 1;
			// Beyond its head, its first result and its mark there are only heartbeats.
			if (signs === 2 * beatsMissed) begun.resolve(true);
		},
	});
	return { got, begun: begun.promise, dog };
}

/** Such a call, under way for longer than the silence that it is given up for. Where a machine is so crowded that a
 * worker misses several heartbeats, it is given longer. */
async function begunCall(client: WorkerClient) {
	for (let beatsMissed = 4; ; beatsMissed *= 2) {
		const { got, begun, dog } = slowCall(beatsMissed);
		const failing = client.ping(got.call).catch((error: unknown) => error);
		if (await Promise.race([begun, failing.then(() => false)])) return { got, dog, failing };
		expect(await failing).toBe(dog.reason);
	}
}

const quickHost = (): string[] => [`tcp://127.0.0.1:${open}`];

test('12: a worker that is stopped is given up by its silence, and is as it was when it goes on', async () => {
	const worker = await startWorker(0);
	await using _running = worker.running;
	const client = clientOf(worker.url, token);
	await client.capabilities(new AbortController().signal);
	const { got, dog, failing } = await begunCall(client);
	signal(worker, 'SIGSTOP');
	const stoppedMs = performance.now();
	// Of what came before, some may not have been read yet.
	dog.alive();
	expect(await failing).toBe(dog.reason);
	// Not for the silence that its hosts ask for, but for that of the worker itself.
	expect(performance.now() - stoppedMs).toBeGreaterThan(2 * heartbeatMs);
	expect(got.rows.size).toBe(1);
	signal(worker, 'SIGCONT');
	const { call, rows, restarts } = callOf(quickHost());
	await client.ping(call);
	expect([rows.size, restarts()]).toEqual([1, 0]);
});

test('10, 11: a worker that is killed breaks its answer off, and its next life is told from it', async () => {
	using place = reservePort();
	const first = await startWorker(place.port);
	const client = clientOf(first.url, token);
	{
		await using _running = first.running;
		await client.capabilities(new AbortController().signal);
		const { got, dog, failing } = await begunCall(client);
		dog.stop();
		signal(first, 'SIGKILL');
		const failure = await failing;
		expect(failure).toBeInstanceOf(WorkerFailure);
		expect(failure).toMatchObject({ kind: 'broken', probed: true });
		// What it said before is kept, and is the only host not to be asked for again.
		expect([...got.rows.keys()]).toEqual([0]);
	}
	await expect(client.ping(callOf(quickHost()).call)).rejects.toMatchObject({
		kind: 'unreachable',
		probed: false,
	});
	const second = await startWorker(place.port);
	await using _running = second.running;
	const { call, rows, restarts } = callOf(quickHost());
	await client.ping(call);
	expect([rows.size, restarts()]).toEqual([1, 1]);
	await client.capabilities(new AbortController().signal);
	const again = callOf(quickHost());
	await client.ping(again.call);
	expect([again.rows.size, again.restarts()]).toEqual([1, 0]);
});
