/** A master and workers in processes of their own, of which some are not well. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { notLong, testUnless, withoutEcho, withoutEchoSockets } from '../requirements.ts';
import { closedPort, foreignServer } from '../servers.ts';
import { token, Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

const withToken = { env: { PINGPOOL_TOKEN: token } };
const nobodyHint =
	'pingpool: none of the workers can be used\n' +
	'  is "npm run worker" running on them, are address, port and token right, does a firewall let 8786 through?\n';

function fleet(...lines: string[]): string[] {
	return ['--workers', space.write('workers.txt', lines)];
}

testUnless(
	withoutEchoSockets() ?? notLong(),
	'of two workers, one is killed in mid-run: every host is answered, once, and none is an error',
	async () => {
		// Both would be busy for minutes.
		const first = await space.worker(['--rate', '20']);
		await using doomed = first.running;
		const second = await space.worker(['--rate', '50']);
		await using _survivor = second.running;
		space.write('hosts.txt', '127.0.0.0/19');
		await using master = space.start(
			['master', ...fleet(first.url, second.url), '--chunk', '400', '--json'],
			withToken,
		);
		for (const { url } of [first, second]) {
			const rows = `SELECT count(*) FROM results WHERE worker = '${url}'`;
			await vi.waitFor(() => expect(space.count(rows)).toBeGreaterThan(0), 60_000);
		}
		doomed.child.kill('SIGKILL');
		await master.says(new RegExp(`worker ${first.url} `));
		// Nobody has to wait for the rest.
		const third = await space.worker(['--rate', '0']);
		await using _quick = third.running;
		fleet(first.url, second.url, third.url);
		expect(await master.exited).toBe(0);
		expect(JSON.parse(master.output())).toMatchObject({
			state: 'finished',
			hosts: 8_192,
			up: 8_192,
			error: 0,
		});
		for (const table of ['hosts', 'results']) {
			expect(
				space.rows(`SELECT status, count(*) AS n, count(DISTINCT host) AS hosts FROM ${table} GROUP BY 1`),
			).toEqual([{ status: 'up', n: 8_192, hosts: 8_192 }]);
		}
		const workers = space.rows<{ worker: string }>('SELECT DISTINCT worker FROM results');
		// What had arrived when the connection broke is kept.
		expect(new Set(workers.map(({ worker }) => worker))).toEqual(new Set([first.url, second.url, third.url]));
	},
);

describe('a worker that can not be used', () => {
	beforeEach(() => void space.write('hosts.txt', ['127.0.0.1']));

	test('because it is none, or is not there, is named with the reason', async () => {
		await using web = await foreignServer('web');
		await using noise = await foreignServer('noise');
		const nobody = await closedPort();
		const [webUrl, noiseUrl, nobodyUrl] = [web.port, noise.port, nobody].map(
			(port) => `http://127.0.0.1:${port}`,
		);
		const lines = [webUrl!, noiseUrl!, nobodyUrl!, 'http://no-such-worker.invalid:8786'];
		// Of servers in this process, which was held up, a master learns nothing; where asking them took longer than that,
		// it does not wait.
		let ended = { code: 0 as number | string, stdout: '', stderr: '' };
		for (const waitMs of [700, 3_000, 10_000, 30_000]) {
			ended = await space.master([...fleet(...lines), '--worker-timeout', String(waitMs)], withToken);
			if (ended.stderr.includes('; waiting up to ') && !ended.stderr.includes('did not answer in time'))
				break;
		}
		const { code, stdout, stderr } = ended;
		expect([code, stdout]).toEqual([1, '']);
		expect(stderr.startsWith('1 host\n')).toBe(true);
		expect(stderr.endsWith(nobodyHint)).toBe(true);
		expect(new Set(stderr.slice('1 host\n'.length, -nobodyHint.length).trimEnd().split('\n'))).toEqual(
			new Set([
				`worker ${webUrl} is not a pingpool worker (GET /capabilities is no JSON)`,
				`worker ${noiseUrl} is not a pingpool worker (it does not speak HTTP)`,
				`worker ${nobodyUrl} can not be reached: the connection was refused (ECONNREFUSED)`,
				expect.stringMatching(/^no worker is left; waiting up to \d+ s for one to come back$/),
				expect.stringMatching(
					/^worker http:\/\/no-such-worker\.invalid:8786 can not be reached: its name .* \((ENOTFOUND|EAI_AGAIN)\)$/,
				),
			]),
		);
		expect(existsSync(space.path('hosts.db'))).toBe(false);
	});

	testUnless(withoutEcho(), 'because of the token is named, and its token is not', async () => {
		const { running, url } = await space.worker();
		await using _worker = running;
		const wrong = await space.master(fleet(`${url} token=some-other-token-here`));
		expect(wrong).toEqual({
			code: 1,
			stdout: '',
			stderr: `1 host\nworker ${url} does not accept our token (HTTP 401)\n${nobodyHint}`,
		});
		const none = await space.master(fleet(url));
		expect(none.stderr).toContain(
			`worker ${url} wants a token, and there is none for it in its line or in PINGPOOL_TOKEN (HTTP 401)\n`,
		);
		space.write('worker.token', `${token}\n`);
		expect((await space.master(fleet(`${url} token-file=worker.token`))).code).toBe(0);
	});

	test('is waited for no longer when the thread of the database has ended', async () => {
		// The only thread of a master that meets workers in other processes, which has asked one.
		space.write('end-threads.mjs', [
			"import { subscribe } from 'node:diagnostics_channel';",
			"import { existsSync, writeFileSync } from 'node:fs';",
			"import { isMainThread } from 'node:worker_threads';",
			'const end = () => {',
			"	if (existsSync('end-threads')) throw new Error('no threads');",
			'};',
			"if (isMainThread) subscribe('undici:client:sendHeaders', () => writeFileSync('end-threads', ''));",
			'else setInterval(end, 10).unref();',
		]);
		await using silent = await foreignServer('silence');
		const preload = `--import=${pathToFileURL(space.path('end-threads.mjs')).href}`;
		await using master = space.start(['master', ...fleet(`http://127.0.0.1:${silent.port}`)], {
			env: { ...withToken.env, NODE_OPTIONS: preload },
		});
		expect(await master.exited).toBe(1);
		expect(existsSync(space.path('end-threads'))).toBe(true);
		// Nothing of the worker, which would not have answered in time.
		expect([master.output(), master.errors()]).toEqual([
			'',
			'1 host\npingpool: the thread of the database ended\n',
		]);
	});

	testUnless(withoutEcho(), 'is gone on without when there is another', async () => {
		const { running, url } = await space.worker();
		await using _worker = running;
		const missing = `http://127.0.0.1:${await closedPort()}`;
		const { code, stderr } = await space.master([...fleet(missing, url), '--quiet'], withToken);
		expect(stderr).toBe(
			`worker ${missing} can not be reached: the connection was refused (ECONNREFUSED)\n` +
				'going on with 1 of 2 workers\n',
		);
		expect(code).toBe(0);
		expect(space.rows('SELECT worker FROM hosts')).toEqual([{ worker: url }]);
	});

	test('because its port is taken says so at its start', async () => {
		const { running, url } = await space.worker();
		await using _worker = running;
		const { port } = new URL(url);
		expect(await space.run(['worker', '--host', '127.0.0.1', '--port', port], withToken)).toEqual({
			code: 1,
			stdout: '',
			stderr:
				`pingpool: port ${port} of 127.0.0.1 is taken by another process\n` +
				'  is a worker running already? Otherwise choose another port with --port\n',
		});
	});
});
