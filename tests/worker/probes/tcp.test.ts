import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { HostResult } from '../../../shared/results.ts';
import { createTcpProbe } from '../../../worker/probes/tcp.node.ts';
import { closedPort } from '../../servers.ts';
import { listen } from './listener.ts';
import { clock, openTurnstile, probeAll, probeOne } from './probe-fixture.ts';

const probe = createTcpProbe({ clock, turnstile: openTurnstile() });

/** A listener whose queue of connections is full, so that further ones get no answer. */
async function fullListener(): Promise<AsyncDisposable & { port: number }> {
	const worker = new Worker(
		`const { createServer } = require('node:net');
		const { parentPort } = require('node:worker_threads');
		const server = createServer().listen(0, '127.0.0.1', 1, () => {
			parentPort.postMessage(server.address().port);
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
		});`,
		{ eval: true },
	);
	const port = await new Promise<number>((resolve) => worker.once('message', resolve));
	const fill = Array.from({ length: 4 }, () =>
		probeOne(probe, `127.0.0.1:${port}`, { timeoutMs: 150, attempts: 1 }),
	);
	await Promise.all(fill);
	return {
		port,
		async [Symbol.asyncDispose]() {
			await worker.terminate();
		},
	};
}

/** Connections of this process, and connects that are under way. */
function sockets(): number {
	return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

describe('one host', () => {
	test.each(['127.0.0.1', '::1'])('%s that accepts is up', async (host) => {
		await using listener = await listen(undefined, host);
		const text = host.includes(':') ? `tcp://[${host}]:${listener.port}` : `${host}:${listener.port}`;
		const result = await probeOne(probe, text, { timeoutMs: 1_000 });
		expect(result).toMatchObject({ status: 'up', sent: 1, received: 1 });
		expect(result.rttMs).toBeGreaterThan(0);
		expect(result.rttMs).toBeLessThanOrEqual(1_000);
		expect(result.address).toBeUndefined();
	});

	test('a name goes to the address that was checked, and that is reported', async () => {
		await using listener = await listen();
		const resolved = { 'probed.test': '127.0.0.1' };
		const result = await probeOne(probe, `probed.test:${listener.port}`, {}, { resolved });
		expect(result).toMatchObject({ status: 'up', address: '127.0.0.1' });
	});

	test('refused is a clear no: one try, whatever was allowed', async () => {
		const result = await probeOne(probe, `127.0.0.1:${await closedPort()}`, { attempts: 5 });
		expect(result).toEqual({
			host: result.host,
			status: 'down',
			reason: 'refused',
			sent: 1,
			received: 0,
		});
	});

	test('refused is an answer when that was asked for', async () => {
		const result = await probeOne(probe, `127.0.0.1:${await closedPort()}`, { refusedIsUp: true });
		expect(result).toMatchObject({ status: 'up', sent: 1, received: 1 });
		expect(result.rttMs).toBeGreaterThan(0);
	});

	test('silence is a timeout after every try', async () => {
		await using full = await fullListener();
		const result = await probeOne(probe, `127.0.0.1:${full.port}`, { timeoutMs: 60, attempts: 3 });
		expect(result).toMatchObject({ status: 'down', reason: 'timeout', sent: 3, received: 0 });
	});

	test('an answer that came while the process was held up counts', async () => {
		await using listener = await listen();
		const running = probeOne(probe, `127.0.0.1:${listener.port}`, { timeoutMs: 50, attempts: 1 });
		// The connect leaves in the microtasks before this turn of the loop; then nothing is read for 200 ms.
		await new Promise(setImmediate);
		const untilMs = clock.monotonicMs() + 200;
		while (clock.monotonicMs() < untilMs);
		const result = await running;
		expect(result.status).toBe('up');
		expect(result.rttMs).toBeLessThanOrEqual(50);
	});
});

describe('several tries of a host', () => {
	test('a count sends all of them and gives statistics', async () => {
		await using listener = await listen();
		const result = await probeOne(probe, `127.0.0.1:${listener.port}`, { count: 5, intervalMs: 5 });
		// The listener's own loop may hear of the last ones later than the probe does.
		await expect.poll(() => listener.connections()).toBe(5);
		expect(result).toMatchObject({ status: 'up', sent: 5, received: 5, lossPercent: 0 });
		expect(result.rttMinMs).toBeLessThanOrEqual(result.rttAvgMs!);
		expect(result.rttAvgMs).toBeLessThanOrEqual(result.rttMaxMs!);
		expect(result.jitterMs).toBeGreaterThanOrEqual(0);
	});

	test('a count goes on after a refusal, and a host that never answered is down', async () => {
		const result = await probeOne(probe, `127.0.0.1:${await closedPort()}`, { count: 4, intervalMs: 1 });
		expect(result).toMatchObject({ status: 'down', reason: 'refused', sent: 4, lossPercent: 100 });
		expect(result.rttMs).toBeUndefined();
	});

	test('a count keeps its interval where nothing answers', async () => {
		await using full = await fullListener();
		const host = `127.0.0.1:${full.port}`;
		const result = await probeOne(probe, host, { count: 10, intervalMs: 10, timeoutMs: 100 });
		expect(result).toMatchObject({ status: 'down', reason: 'timeout', sent: 10 });
		// All of them are under way at a time. (Those that were are closed at the end of this turn of the loop.)
		await new Promise(setImmediate);
		const before = sockets();
		const caller = new AbortController();
		const settings = { count: 10, intervalMs: 10, timeoutMs: 60_000 };
		const running = probeOne(probe, host, settings, { signal: caller.signal });
		running.catch(() => undefined);
		await expect.poll(() => sockets() - before).toBe(10);
		caller.abort(new Error('enough'));
		await expect(running).rejects.toThrow('enough');
	});
});

describe('many hosts', () => {
	test('each once, in blocks of some hundred, and no more connections than allowed', async () => {
		await using listener = await listen((socket) => socket.on('end', () => socket.end()));
		const few = createTcpProbe({ clock, turnstile: openTurnstile(8) });
		const hosts = Array(1_000).fill(`127.0.0.1:${listener.port}`);
		const { results, blocks, waits } = await probeAll(few, hosts, { timeoutMs: 5_000 });
		expect(results.filter(({ status }) => status === 'up')).toHaveLength(1_000);
		expect(Math.max(...blocks.map(({ length }) => length))).toBeLessThanOrEqual(256);
		expect(blocks.length).toBeLessThan(500);
		expect(waits).toHaveLength(1_000);
		expect(Math.max(...waits)).toBeGreaterThan(Math.min(...waits));
	});

	test('when the caller goes, thousands of sockets go too, and nothing is left behind', async () => {
		await using full = await fullListener();
		const caller = new AbortController();
		const wide = createTcpProbe({ clock, turnstile: openTurnstile(500) });
		const hosts = Array(5_000).fill(`127.0.0.1:${full.port}`);
		const resourcesBefore = process.getActiveResourcesInfo().length;
		const running = probeAll(wide, hosts, { timeoutMs: 60_000, count: 3 }, { signal: caller.signal });
		running.catch(() => undefined);
		await expect.poll(() => process.getActiveResourcesInfo().length).toBeGreaterThan(resourcesBefore + 400);
		caller.abort(new Error('gone'));
		await expect(running).rejects.toThrow('gone');
		expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
		await expect.poll(() => process.getActiveResourcesInfo().length).toBeLessThan(resourcesBefore + 50);
		// The places are free again.
		await using listener = await listen();
		expect((await probeOne(wide, `127.0.0.1:${listener.port}`)).status).toBe('up');
	});

	test('too few descriptors make it slower, and no host down', async () => {
		await using listener = await listen((socket) => socket.on('end', () => socket.end()));
		const results = await inChild(['-c', 'ulimit -n 64; exec "$0" "$@"'], 400, listener.port);
		expect(new Map(results.map(({ status, reason }) => [`${status} ${reason}`, true]))).toEqual(
			new Map([['up undefined', true]]),
		);
	});
});

async function inChild(shell: readonly string[], hosts: number, port: number): Promise<HostResult[]> {
	const script = new URL('./tcp-child.ts', import.meta.url).pathname;
	const child = promisify(execFile)('/bin/sh', [
		...shell,
		process.execPath,
		script,
		JSON.stringify({ hosts: Array(hosts).fill(`127.0.0.1:${port}`), timeoutMs: 5_000 }),
	]);
	return JSON.parse((await child).stdout);
}
