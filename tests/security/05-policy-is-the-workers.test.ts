/** Requirement 5: whatever a master thinks, a worker sends nothing to what its own lists close. */
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StartedWorker } from '../e2e/command-line.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Listener } from '../worker/probes/listener.ts';
import { listen } from '../worker/probes/listener.ts';

/** After which a request finds what a changed file says. */
const changeMsMax = 1_000;

let space: Workspace;
let target: Listener;
beforeEach(async () => {
	space = new Workspace();
	target = await listen((socket) => socket.end());
});
afterEach(async () => {
	await target[Symbol.asyncDispose]();
	space[Symbol.dispose]();
});

interface Result {
	readonly host: string;
	readonly status: string;
	readonly reason?: string;
	readonly sent: number;
}

async function ask(
	{ url }: StartedWorker,
	hosts: readonly string[],
	settings: object = {},
): Promise<Result[]> {
	const response = await fetch(`${url}/ping`, {
		method: 'POST',
		body: JSON.stringify({ hosts, probe: 'tcp', attempts: 1, timeoutMs: 60_000, ...settings }),
		headers: { authorization: `Bearer ${token}` },
	});
	return ((await response.json()) as { results: Result[] }).results;
}

/** Asks until something is so, which it has to be for who asks a second after a file has changed. */
async function until(worker: StartedWorker, isSo: () => Promise<boolean>): Promise<void> {
	const startMs = performance.now();
	for (;;) {
		const askedMs = performance.now();
		if (await isSo()) return;
		if (askedMs - startMs > changeMsMax) expect.fail(worker.running.errors());
		await sleep(20);
	}
}

function replace(name: string, text: string): void {
	writeFileSync(space.path(`${name}.new`), text);
	renameSync(space.path(`${name}.new`), space.path(name));
}

describe('05: the policy is the worker’s', () => {
	it('holds a direct request to its lists, deny and opt-out before allow', async () => {
		space.write('opt-out', ['# asked on 2026-11-01', '127.0.0.3']);
		space.write('allow', ['127.0.0.0/8']);
		const worker = await space.worker(
			['--icmp', 'off', '--allow-file', 'allow', '--deny', '127.0.0.2,::ffff:127.0.0.4/128'].concat([
				...['--opt-out-file', 'opt-out', '--allow', '127.0.0.0/8'],
			]),
		);
		await using _ = worker.running;
		const hosts = [1, 2, 3, 4].map((last) => `127.0.0.${last}:${target.port}`);
		const results = await ask(worker, [...hosts, `[::ffff:127.0.0.2]:${target.port}`]);
		expect(results.map(({ status, reason, sent }) => [status, reason, sent])).toEqual([
			['up', undefined, 1],
			['denied', 'deny-list', 0],
			['denied', 'opt-out', 0],
			['denied', 'deny-list', 0],
			['denied', 'deny-list', 0],
		]);
		expect(target.connections()).toBe(1);
	});

	it('follows its files, and keeps what they said when they become wrong', async () => {
		space.write('deny-1', ['# none yet']);
		space.write('deny-2', ['# none either']);
		space.write('allow', ['127.0.0.1']);
		const files = ['--deny-file', 'deny-1', '--deny-file', 'deny-2', '--allow-file', 'allow'];
		const worker = await space.worker(['--icmp', 'off', ...files]);
		await using _ = worker.running;
		const host = `127.0.0.1:${target.port}`;
		expect(await ask(worker, [host])).toMatchObject([{ status: 'up' }]);
		replace('deny-2', '127.0.0.0/30\n');
		await until(worker, async () => (await ask(worker, [host]))[0]!.status === 'denied');
		const before = target.connections();
		replace('deny-2', '# oops\n127.0.0.300\n');
		const said = worker.running.says(/stays in force until it is mended/);
		let isSaid = false;
		said.then(
			() => {
				isSaid = true;
			},
			() => undefined,
		);
		while (!isSaid) {
			expect(await ask(worker, [host])).toMatchObject([{ status: 'denied', reason: 'deny-list', sent: 0 }]);
			await sleep(20);
		}
		await said;
		expect(await ask(worker, [host])).toMatchObject([{ status: 'denied', reason: 'deny-list', sent: 0 }]);
		expect(worker.running.errors().match(/deny-2:2: "127\.0\.0\.300" is no address/g)).toHaveLength(1);
		expect(target.connections()).toBe(before);
	});

	it('sends nothing more to who is put on a list while a request goes on', async () => {
		space.write('opt-out', ['# none yet']);
		const worker = await space.worker(['--icmp', 'off', '--opt-out-file', 'opt-out', '--allow', '127.0.0.1']);
		await using _ = worker.running;
		const host = `127.0.0.1:${target.port}`;
		const asking = ask(worker, [host], { count: 600, intervalMs: 100 });
		await expect.poll(() => target.connections()).toBeGreaterThan(2);
		replace('opt-out', '127.0.0.0/8\n');
		// Not after the minute that the request would have taken.
		expect(await asking).toMatchObject([{ status: 'denied', reason: 'opt-out', sent: 0 }]);
		expect(target.connections()).toBeLessThan(600);
	});

	it.each([
		['missing', undefined, /"deny" does not exist\n {2}a worker does not start without its lists/],
		[
			'wrong',
			'10.0.0.0/8\nexample.com\n',
			/deny:2: "example\.com" is a name; .*\n {2}one address, block or range/,
		],
	])('does not start with a file that is %s: exit code 2, and how to mend it', async (_, text, message) => {
		if (text !== undefined) space.write('deny', text);
		const { code, stderr } = await space.run([
			'worker',
			'--no-auth',
			'--host',
			'127.0.0.1',
			'--deny-file',
			'deny',
		]);
		expect(code).toBe(2);
		expect(stderr).toMatch(message);
	});

	it('is told beforehand by a master, which sends what it was given all the same', async () => {
		space.write('hosts.txt', [`127.0.0.1:${target.port}`, '224.0.0.0/29', 'tcp://[::1]:9', '127.0.0.1:9']);
		const env = { PINGPOOL_ICMP: 'off', PINGPOOL_ALLOW: '127.0.0.1' };
		const args = ['--hosts', 'hosts.txt', '--db', 'hosts.db', '--probe', 'tcp', '--port', '9'];
		const { stderr } = await space.master(args, { env });
		expect(stderr).toMatch(
			/^note: 11 hosts are addresses that workers deny unless told otherwise: loopback 3, multicast 8 \(--allow on the worker opens them\)$/m,
		);
		expect(space.count('SELECT denied FROM runs')).toBe(9);
		expect(target.connections()).toBe(1);
	});
});
