/** What is said goes to files on a disk that is full, as of /dev/full: `> results.csv`, `2>> worker.log`. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bin } from '../process.ts';
import { token, Workspace } from './command-line.ts';

const full = '/dev/full';
let workspace: Workspace;
beforeEach(() => {
	workspace = new Workspace();
	workspace.write('one.txt', ['127.0.0.1']);
});
afterEach(() => workspace[Symbol.dispose]());

interface Streams {
	readonly stdout?: number | 'pipe';
	readonly stderr?: number | 'pipe';
}

function start(args: readonly string[], { stdout = 'pipe', stderr = 'pipe' }: Streams) {
	return spawn(process.execPath, [bin, ...args], {
		cwd: workspace.folder,
		env: { PATH: process.env.PATH, PINGPOOL_TOKEN: token },
		stdio: ['ignore', stdout, stderr],
	});
}

describe.skipIf(!existsSync(full))('a full disk (needs /dev/full)', () => {
	let descriptor: number;
	beforeEach(() => {
		descriptor = openSync(full, 'w');
	});
	afterEach(() => closeSync(descriptor));

	test('behind standard error ends no run, and behind standard output is a failure, without a stack', async () => {
		const master = start(['master', '--hosts', 'one.txt'], { stderr: descriptor });
		master.stdout!.resume();
		expect(await once(master, 'close')).toEqual([0, null]);
		expect(workspace.count("SELECT count(*) FROM runs WHERE state = 'finished'")).toBe(1);

		const exporting = start(['export'], { stdout: descriptor });
		const [errors, [code]] = await Promise.all([text(exporting.stderr!), once(exporting, 'close')]);
		expect([code, errors]).toEqual([
			1,
			'pingpool: standard output can not be written: ENOSPC: no space left on device, write\n',
		]);
	});

	test('behind standard output is said in JSON where the log is', async () => {
		const args = ['master', '--hosts', 'one.txt', '--no-dashboard', '--log-format', 'json'];
		const master = start(args, { stdout: descriptor });
		const [errors, [code]] = await Promise.all([text(master.stderr!), once(master, 'close')]);
		const lines = errors.trimEnd().split('\n');
		expect([code, lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error')]).toEqual([
			1,
			[
				{
					level: 'error',
					time: expect.any(String),
					msg: 'standard output can not be written: ENOSPC: no space left on device, write',
				},
			],
		]);
	});

	test('behind the log ends no worker', async () => {
		const child = start(['worker', '--host', '127.0.0.1', '--port', '0'], { stderr: descriptor });
		try {
			let output = '';
			let url: string | undefined;
			for await (const chunk of child.stdout!.setEncoding('utf8')) {
				output += chunk;
				url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
				if (url !== undefined) break;
			}
			for (let i = 0; i < 3; i += 1) expect((await fetch(`${url}/capabilities`)).status).toBe(401);
			expect(child.exitCode).toBeNull();
		} finally {
			child.kill('SIGTERM');
			await once(child, 'exit');
		}
	});
});
