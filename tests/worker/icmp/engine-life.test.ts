import { fork } from 'node:child_process';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { EchoEngine } from '../../../worker/icmp/echo-engine.ts';
import type { Lab } from '../../lab/lab.ts';
import { createLab, labUnavailable, responderUnavailable } from '../../lab/lab.ts';
import { misbehaviours } from '../../lab/responder.ts';
import { describeUnless } from '../../requirements.ts';
import { block4, gather, openEngine, tally } from './engine-fixture.ts';
import type { StallReport } from './stalled-process.ts';

const unavailable = labUnavailable() ?? responderUnavailable();

describeUnless(unavailable, 'life of the socket engine', () => {
	let lab: Lab;
	const threads: Worker[] = [];
	const engines: EchoEngine[] = [];
	const onThread = (thread: Worker): number => threads.push(thread);
	beforeAll(async () => {
		process.on('worker', onThread);
		lab = await createLab({ responder: true });
		await lab.enter();
	});
	afterEach(async () => {
		for (const engine of engines.splice(0)) await engine.close();
		threads.length = 0;
	});
	afterAll(() => {
		process.off('worker', onThread);
		lab?.close();
	});

	async function open(mode: 'datagram' | 'raw', ratePerSecond = 0): Promise<EchoEngine> {
		const engine = await openEngine(mode, ratePerSecond);
		engines.push(engine);
		return engine;
	}

	it('rejects what is running when its thread ends, and starts another for the next job', async () => {
		const engine = await open('datagram');
		const running = gather(engine, block4('10.128.0.1', 100), { timeoutMs: 20_000 });
		const early = gather(engine, ['10.0.0.1']);
		await early;
		await threads[0]!.terminate();
		await expect(running).rejects.toMatchObject({ code: 'internal', message: 'the ICMP engine stopped' });
		expect(tally((await gather(engine, ['10.0.0.1'])).results)).toEqual({ up: 1 });
		expect(threads).toHaveLength(2);
	});

	it('ends its thread when it is closed, and takes no job after that', async () => {
		const engine = await open('raw');
		const running = gather(engine, block4('10.128.0.1', 100), { timeoutMs: 20_000 });
		running.catch(() => {});
		await gather(engine, ['10.0.0.1']);
		await engine.close();
		expect(threads[0]!.threadId).toBe(-1);
		await expect(running).rejects.toMatchObject({ code: 'internal' });
		await expect(gather(engine, ['10.0.0.1'])).rejects.toMatchObject({ code: 'internal' });
	});

	it('sleeps when it is idle, although strangers’ packets arrive', async () => {
		const idle = await open('raw');
		await gather(idle, block4('10.0.0.1', 100));
		const thread = threads[0]!;
		const before = await thread.cpuUsage();
		const startedMs = performance.now();
		// A second engine on the same machine: the raw socket of the first hears every answer.
		await gather(await open('datagram', 10_000), block4('10.0.1.1', 5_000));
		expect(performance.now() - startedMs).toBeGreaterThan(300);
		const { user, system } = await thread.cpuUsage(before);
		expect((user + system) / 1_000).toBeLessThan(5);
		const { results } = await gather(idle, block4('10.0.0.1', 100));
		expect(tally(results)).toEqual({ up: 100 });
		expect(idle.counters()).toMatchObject({ forged: 0, corrupted: 0, truncated: 0 });
	});

	it('starts a job at once while another waits for its timeouts', async () => {
		const engine = await open('datagram');
		const aborter = new AbortController();
		let ended = false;
		const waiting = gather(engine, ['10.128.0.1'], { timeoutMs: 100_000, signal: aborter.signal });
		waiting
			.catch(() => {})
			.finally(() => {
				ended = true;
			});
		// What the engine adds, it adds to each; what a busy machine adds, not to all of so many.
		let shortestMs = Number.POSITIVE_INFINITY;
		for (let i = 0; i < 20 || (shortestMs >= 5 && i < 500); i += 1) {
			shortestMs = Math.min(shortestMs, (await gather(engine, ['10.0.0.1'])).elapsedMs);
		}
		expect(shortestMs).toBeLessThan(5);
		expect(ended).toBe(false);
		aborter.abort(new Error('enough'));
		await expect(waiting).rejects.toThrow('enough');
	});

	it('makes no host down when the whole process is stopped for longer than the timeout', async () => {
		const late = 64 + misbehaviours.indexOf('late');
		const hosts = block4(`10.${late}.10.1`, 200);
		// The answers come 100 ms after the requests; where those who answer are held up themselves, later.
		const timeoutsMs = [1_500, 8_000, 25_000];
		let report: StallReport | undefined;
		let timeoutMs = 0;
		while (report?.counts.up !== hosts.length && timeoutsMs.length > 0) {
			timeoutMs = timeoutsMs.shift()!;
			report = await stalled(hosts, timeoutMs);
		}
		expect(report).toEqual({ counts: { up: hosts.length }, late: 0, rttMsMax: expect.any(Number) });
		expect(report!.rttMsMax).toBeLessThanOrEqual(timeoutMs);
	});
});

/** Of a process that is stopped for longer than the timeout, as soon as its requests have left. */
async function stalled(hosts: readonly string[], timeoutMs: number): Promise<StallReport> {
	const script = new URL('./stalled-process.ts', import.meta.url);
	const child = fork(script, [String(timeoutMs), ...hosts], { execArgv: [] });
	try {
		return await new Promise((resolve, reject) => {
			child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
			child.on('message', (message: 'sent' | StallReport) => {
				if (message !== 'sent') {
					resolve(message);
					return;
				}
				// It reads the answers after the timeout.
				child.kill('SIGSTOP');
				setTimeout(() => child.kill('SIGCONT'), timeoutMs + 700);
			});
		});
	} finally {
		child.removeAllListeners('exit');
		child.kill('SIGKILL');
	}
}
