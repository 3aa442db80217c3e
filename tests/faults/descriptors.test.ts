/** Fault 8: a master or a worker that has hardly any file descriptors. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { token, Workspace } from '../e2e/command-line.ts';
import { describeUnless, notLong, testUnless, withoutCommand } from '../requirements.ts';
import type { Listener } from '../worker/probes/listener.ts';
import { listen } from '../worker/probes/listener.ts';

/** Starts a program with so many descriptors and no more. */
const limitedTo = (descriptors: number) => ({
	command: (...args: string[]): [string, ...string[]] => ['prlimit', `--nofile=${descriptors}`, ...args],
});
/** More than their listener, which is the test itself, may be kept waiting on a busy machine. */
const patient = ['--rate', '0', '--timeout', '10000'];
const allow = { PINGPOOL_ALLOW: '127.0.0.0/8', PINGPOOL_TOKEN: token };

describeUnless(withoutCommand('prlimit'), 'hardly any descriptors', () => {
	let space: Workspace;
	let listener: Listener;
	beforeAll(async () => {
		// Slow enough that hundreds of connections are open at a time.
		const answer = 'HTTP/1.1 204 No Content\r\n\r\n';
		listener = await listen((socket) => void setTimeout(() => socket.end(answer), 150), '0.0.0.0');
	});
	afterAll(() => listener?.[Symbol.asyncDispose]());
	beforeEach(() => {
		space = new Workspace();
	});
	afterEach(() => space[Symbol.dispose]());

	/** A list of so many hosts, all of them the listener. */
	function list(hosts: number): void {
		const url = (i: number) => `http://127.1.${i >> 8}.${i & 255}:${listener.port}/`;
		space.write(
			'hosts.txt',
			Array.from({ length: hosts }, (_, i) => url(i)),
		);
	}

	/** Every host has one row, and none of them is down. */
	function expectAllUp(hosts: number): void {
		expect(space.rows('SELECT status, count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
			{ status: 'up', n: hosts, hosts },
		]);
	}

	test('a master and its embedded worker with 64 each go slower, and miss nobody', async () => {
		list(150);
		expect(await space.master(patient, { lab: limitedTo(64), env: allow })).toMatchObject({
			code: 0,
		});
		expectAllUp(150);
	});

	testUnless(notLong(), 'a worker with 256 goes slower, and keeps some for its master', async () => {
		list(600);
		const { running, url } = await space.worker(['--rate', '0'], { lab: limitedTo(256), env: allow });
		await using _running = running;
		space.write('workers.txt', `${url}\n`);
		const env = { PINGPOOL_TOKEN: token };
		const args = [...patient, '--workers', 'workers.txt', '--chunk', '10'];
		const ended = await space.master(args, { env });
		expect(ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('broke off') });
		expectAllUp(600);
	});

	test('a master that has too few to begin says so, and calls nobody down', async () => {
		list(150);
		const { code, stdout, stderr } = await space.master([], { lab: limitedTo(32), env: allow });
		expect([code, stdout]).toEqual([1, '']);
		expect(stderr).toMatch(/^pingpool: .*\n {2}.*\n$/m);
		expect(space.count("SELECT count(*) FROM results WHERE status = 'down'")).toBe(0);
	});
});
