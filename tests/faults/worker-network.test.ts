/** Faults 24, 25 and 27: a link that swallows everything, or one direction of it, between a master and a worker. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import type { WorkerClient } from '../../master/worker-client.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import { callOf, clientOf, hosts } from '../master/worker-client-fixture.ts';
import type { Running } from '../process.ts';
import { startProcess } from '../process.ts';
import { describeUnless, notLong, testUnless } from '../requirements.ts';
import { watchdog } from './watchdog.ts';

const script = new URL('./far-worker.ts', import.meta.url).pathname;
const address = '10.200.0.2';
const silenceMs = 600;

describeUnless(labUnavailable(), 'a link that swallows packets', () => {
	let lab: Lab;
	let worker: Running;
	let url: string;
	let client: WorkerClient;

	async function startFar(port: number, instance: string): Promise<string> {
		const command = ['netns', 'exec', lab.far, process.execPath, script, address, String(port), instance];
		worker = startProcess('ip', command);
		return (await worker.says(/http:\/\/\S+/))[0];
	}

	beforeAll(async () => {
		lab = await createLab();
		await lab.enter();
	});
	afterAll(() => lab?.close());

	beforeEach(async () => {
		url = await startFar(0, 'first');
		client = clientOf(url);
	});
	afterEach(async () => {
		mend();
		await worker[Symbol.asyncDispose]();
	});

	/** Leaves a connection that the next request takes: it is free when its answer was read and the parser is done. */
	async function meet(): Promise<void> {
		await client.capabilities(new AbortController().signal);
		await new Promise(setImmediate);
	}

	/** Drops what arrives at the worker (`INPUT`), or what it sends (`OUTPUT`). */
	function swallow(...chains: ('INPUT' | 'OUTPUT')[]): void {
		for (const chain of chains) lab.execFar('iptables', '-w', '-A', chain, '-p', 'tcp', '-j', 'DROP');
	}
	function mend(): void {
		lab.execFar('iptables', '-w', '-F', 'INPUT');
		lab.execFar('iptables', '-w', '-F', 'OUTPUT');
	}

	/** A call that is given up after a silence, under way for longer than that. Where a machine is so crowded that
	 * heartbeats do not come in time, it is given longer. */
	async function begunCall() {
		for (let msMax = silenceMs; ; msMax *= 2) {
			const dog = watchdog(msMax);
			const controller = new AbortController();
			dog.signal.addEventListener('abort', () => controller.abort(dog.reason));
			const begun = Promise.withResolvers<boolean>();
			let signs = 0;
			const got = callOf(hosts, {
				signal: controller.signal,
				onAlive() {
					dog.alive();
					signs += 1;
					if (signs === 3 + Math.ceil(msMax / 50)) begun.resolve(true);
				},
			});
			const failing = client.ping(got.call).catch((error: unknown) => error);
			if (await Promise.race([begun.promise, failing.then(() => false)]))
				return { ...got, dog, controller, failing };
			expect(await failing).toBe(dog.reason);
		}
	}

	test('24: both ways, before there is a connection: the request never arrived', async () => {
		swallow('INPUT', 'OUTPUT');
		const startedMs = performance.now();
		await expect(client.ping(callOf(hosts).call)).rejects.toMatchObject({
			kind: 'unreachable',
			probed: false,
			message: expect.stringMatching(/no connection in time/),
		});
		expect(performance.now() - startedMs).toBeLessThan(30_000);
		expect(worker.output()).not.toContain('asked');
	});

	testUnless(notLong(), '25: the way back: the request has arrived, and its answer is lost', async () => {
		await meet();
		swallow('OUTPUT');
		const controller = new AbortController();
		const { call, rows } = callOf(hosts, { signal: controller.signal });
		const failing = client.ping(call).catch((error: unknown) => error);
		await worker.says(/asked/);
		await sleep(silenceMs);
		const givenUp = new WorkerFailure('broken', 'showed no sign of life');
		controller.abort(givenUp);
		expect(await failing).toBe(givenUp);
		expect(rows.size).toBe(0);
		mend();
		await goesOn();
	});

	testUnless(notLong(), '27: both ways in an answer, and the peer is gone for good: half open', async () => {
		await meet();
		const { rows, dog, failing } = await begunCall();
		swallow('INPUT', 'OUTPUT');
		// What its system says to the other side at its end is swallowed as well.
		await worker[Symbol.asyncDispose]();
		expect(await failing).toBe(dog.reason);
		expect([...rows.keys()]).toEqual([0]);
		mend();
		await startFar(Number(new URL(url).port), 'second');
		expect((await goesOn()).restarts()).toBe(1);
	});

	test('27: an idle connection to a peer that is gone fails at once, and only that one', async () => {
		await meet();
		// The end of the connection alone: what is sent into it afterwards is answered with a reset.
		lab.execFar('iptables', '-w', '-A', 'OUTPUT', '-p', 'tcp', '--tcp-flags', 'FIN', 'FIN', '-j', 'DROP');
		await worker[Symbol.asyncDispose]();
		// At once: a connection that has been idle for long is no longer used.
		await expect(client.ping(callOf(hosts).call)).rejects.toMatchObject({ kind: 'broken', probed: true });
		await startFar(Number(new URL(url).port), 'second');
		expect((await goesOn()).restarts()).toBe(1);
	});

	/** The next request is answered. */
	async function goesOn() {
		const next = await begunCall();
		next.dog.stop();
		const enough = new Error('enough');
		next.controller.abort(enough);
		expect(await next.failing).toBe(enough);
		expect(next.rows.size).toBe(1);
		return next;
	}
});
