/** What masters and workers say, as programs read it: one request's name on both sides, levels, errors, a terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TerminalEmulator } from '../master/view/terminal-emulator.ts';
import { bin } from '../process.ts';
import { notLong, testUnless, withoutCommand } from '../requirements.ts';
import { closedPort } from '../servers.ts';
import { token, Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
	// Denied by every worker: all of a request, and no packet.
	space.write('hosts.txt', ['224.0.0.0/24']);
});
afterEach(() => space[Symbol.dispose]());

const withToken = { env: { PINGPOOL_TOKEN: token } };
const quickly = ['--probe', 'tcp', '--port', '9', '--chunk', '64', '--no-dashboard'];

type Line = Readonly<Record<string, unknown>>;

function parsed(text: string): Line[] {
	return text
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line));
}

/** A run through one worker, both with these arguments. */
async function both(...args: string[]) {
	const { running, url } = await space.worker(['--icmp', 'off', ...args]);
	await using worker = running;
	space.write('workers.txt', [url]);
	const master = await space.master(['--workers', 'workers.txt', ...quickly, ...args], withToken);
	worker.child.kill('SIGTERM');
	await worker.exited;
	expect(master.code).toBe(0);
	for (const said of [master.stdout, master.stderr, worker.errors()]) expect(said).not.toContain(token);
	const outputs = { master: master.stdout, worker: worker.output() };
	return { master: master.stderr, worker: worker.errors(), outputs };
}

describe('one name ties what master and worker say of a request', () => {
	test('in JSON, where every line is an object', async () => {
		const said = await both('--log-format', 'json', '--log-level', 'debug');
		const master = parsed(said.master);
		const worker = parsed(said.worker);
		for (const line of [...master, ...worker]) {
			expect(line).toMatchObject({
				level: expect.any(String),
				time: expect.any(String),
				msg: expect.any(String),
			});
		}
		const asked = master.filter(({ event }) => event === 'request-asked');
		expect(asked.length).toBeGreaterThan(3);
		for (const { request } of asked) {
			const ofMaster = master.filter((line) => line.request === request);
			const ofWorker = worker.filter((line) => line.request === request);
			expect(ofMaster.at(-1)).toMatchObject({ event: 'request-ended', end: 'ok', hosts: 64, answered: 64 });
			expect(ofWorker).toMatchObject([
				{ level: 'debug', msg: 'request begun', hosts: 64, probes: ['tcp'] },
				{
					level: 'info',
					msg: 'request',
					outcome: expect.stringMatching(/^(ok|cancelled)$/),
					hosts: 64,
					denied: 64,
				},
			]);
		}
		expect(new Set(asked.map(({ request }) => request)).size).toBe(asked.length);
		expect(new Set(master.slice(-asked.length).map(({ runId }) => runId))).toEqual(new Set([1]));
		expect(master.at(-1)).toMatchObject({ event: 'run-ended', state: 'finished', hosts: 256 });
		// Where both streams end in one file, as in a container, it is all JSON.
		expect(parsed(said.outputs.master)).toMatchObject([{ run: 1, state: 'finished', hosts: 256 }]);
		expect(parsed(said.outputs.worker)).toMatchObject([
			{
				level: 'info',
				time: expect.any(String),
				url: expect.stringMatching(/^http:/),
				probes: ['tcp', 'http'],
				icmp: null,
				msg: expect.stringMatching(/^pingpool worker \S+ listens on http:/),
			},
		]);
	});

	testUnless(notLong(), 'in text', async () => {
		const { master, worker } = await both('--log-level', 'debug');
		const [, request] = /^request (\S+): http.* is asked for 64 hosts, tcp, first$/m.exec(master)!;
		expect(master).toMatch(new RegExp(`^request ${request}: .* answered 64 of 64 hosts in .* ms: ok$`, 'm'));
		expect(worker).toMatch(new RegExp(`begins with 64 hosts, tcp, request ${request}$`, 'm'));
		expect(worker).toMatch(new RegExp(`64 hosts, 64 denied, (ok|cancelled), .*, request ${request}$`, 'm'));
	});

	testUnless(notLong(), 'and by default neither master nor worker says more than it did', async () => {
		const { master, worker } = await both();
		expect(master).not.toContain('request ');
		expect(worker).not.toContain('begins with');
		expect(worker).toMatch(/64 denied, .* request /);
	});
});

test('what ends a run is JSON as well', async () => {
	space.write('workers.txt', [`http://127.0.0.1:${await closedPort()} token=${token}`]);
	const args = ['--workers', 'workers.txt', '--worker-timeout', '0', ...quickly, '--log-format', 'json'];
	const { code, stderr } = await space.master(args);
	expect(code).toBe(1);
	const lines = parsed(stderr);
	expect(lines.map(({ event }) => event)).toContain('worker-unreachable');
	expect(lines.at(-1)).toMatchObject({
		level: 'error',
		event: 'error',
		code: 'no-worker',
		hint: expect.stringContaining('is "npm run worker" running'),
	});
	expect(stderr).not.toContain(token);
});

testUnless(
	notLong(),
	'of a run that fails, level error has what ended it alone, and a wrong format is said as text',
	async () => {
		space.write('workers.txt', [`http://127.0.0.1:${await closedPort()} token=${token}`]);
		const args = ['--workers', 'workers.txt', '--worker-timeout', '0', ...quickly, '--log-format', 'json'];
		const errors = await space.master([...args, '--log-level', 'error']);
		expect(parsed(errors.stderr).map(({ event }) => event)).toEqual(['error']);
		// Nothing is known yet of how it should be said.
		const wrong = await space.master(['--log-format', 'xml']);
		expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/^pingpool: /)]);
	},
);

testUnless(
	notLong() ?? (existsSync('/dev/full') ? undefined : 'needs /dev/full'),
	'a full disk behind a log in JSON ends no run',
	async () => {
		const { running, url } = await space.worker(['--icmp', 'off']);
		await using _worker = running;
		space.write('workers.txt', [url]);
		const full = openSync('/dev/full', 'w');
		try {
			const args = [
				'master',
				'--workers',
				'workers.txt',
				...quickly,
				'--log-format',
				'json',
				'--log-level',
				'debug',
			];
			const master = spawn(process.execPath, [bin, ...args], {
				cwd: space.folder,
				env: { PATH: process.env.PATH, PINGPOOL_TOKEN: token },
				stdio: ['ignore', 'ignore', full],
			});
			expect(await once(master, 'close')).toEqual([0, null]);
		} finally {
			closeSync(full);
		}
		expect(space.count("SELECT count(*) FROM runs WHERE state = 'finished'")).toBe(1);
	},
);

testUnless(
	withoutCommand('script'),
	'a terminal shows the workers while the run goes on, and nothing of them after it',
	async () => {
		const { running, url } = await space.worker(['--icmp', 'off', '--rate', '400', '--allow', '127.0.0.0/8']);
		await using _worker = running;
		space.write('workers.txt', [url]);
		space.write('hosts.txt', ['127.0.0.0/24']);
		const master = [
			process.execPath,
			bin,
			'master',
			'--workers',
			'workers.txt',
			...quickly,
			'--view',
			'workers',
		];
		const command = `stty cols 50 rows 12; ${master.map((word) => `'${word}'`).join(' ')}`;
		const terminal = new TerminalEmulator({ columns: 50, rows: 12 });
		const child = spawn('script', ['-qfec', command, '/dev/null'], {
			cwd: space.folder,
			env: { PATH: process.env.PATH, PINGPOOL_TOKEN: token, TERM: 'xterm', SHELL: '/bin/sh' },
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		const seen = new Set<string>();
		let rest = '';
		for await (const text of child.stdout.setEncoding('utf8')) {
			// What comes ends anywhere, also within a sequence. A reader who was busy gets much at a time; what stood on the
			// screen in between stood there all the same.
			const lines = (rest + text).split(/(?<=\n)/);
			rest = lines.pop()!;
			for (const line of lines) {
				terminal.write(line);
				for (const row of terminal.screen()) seen.add(row);
			}
		}
		terminal.write(rest);
		expect(
			[...seen].some((line) => /^[●◐] 127\.0\.0\.1:\d+ +(healthy|slowed) +[\d,]+ /.test(line)),
			[...seen].join('\n'),
		).toBe(true);
		const screen = terminal.everything().join('\n');
		expect(screen).toContain('run 1 finished: 256 hosts');
		expect(screen).not.toMatch(/●|◐|░|█/);
		expect(terminal.isAsBefore).toBe(true);
		expect(screen).not.toContain(token);
	},
);
