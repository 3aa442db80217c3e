/** What is seen of a run in a browser, while it goes on and afterwards, without the browser. */
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dashboardDrainMs } from '../../shared/limits.ts';
import { openEvents } from '../master/dashboard/event-stream.ts';
import { notLong, testUnless } from '../requirements.ts';
import { foreignServer, listening } from '../servers.ts';
import { Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

/** Hosts of loopback, in a run of this rate, and others behind them. */
function writeHosts(count: number, ...others: readonly string[]): void {
	space.write('hosts.txt', [
		...Array.from({ length: count }, (_, i) => `tcp://127.0.${i >> 8}.${i & 255}:1`),
		...others,
	]);
}
const env = { PINGPOOL_DASHBOARD: '', PINGPOOL_ALLOW: '127.0.0.0/8' };
const slowly = [...['master', '--rate', '150', '--attempts', '1', '--refused-is-up'], '--timeout', '60000'];
const link = /dashboard: (http:\/\/127\.0\.0\.1:\d+)\//;

/** A target that is up as soon as it is told to: a run with it is not over before. */
async function heldTarget() {
	let release = (): void => undefined;
	const released = new Promise<void>((resolve) => {
		release = resolve;
	});
	const server = createServer((_, response) => void released.then(() => response.end('fine')));
	const target = `http://127.0.0.1:${await listening(server)}/`;
	return {
		target,
		release,
		[Symbol.dispose](): void {
			server.closeAllConnections();
			server.close();
		},
	};
}

describe('a run', () => {
	it('has a dashboard on loopback unless it is told otherwise, and tells how it goes, to the end', async () => {
		using held = await heldTarget();
		writeHosts(299, held.target);
		await using master = space.start(slowly, { env });
		const [, url] = await master.says(link);
		using page = await openEvents(`${url}/api/live`);
		const about = (await (await fetch(`${url}/api/about`)).json()) as Record<string, unknown>;
		expect(about).toMatchObject({ mode: 'run', db: 'hosts.db', runId: 1 });
		await page.reached(1);
		expect(page.events[0]).toMatchObject({
			name: 'hello',
			data: {
				run: { runId: 1, state: 'running', total: 300, probe: 'icmp' },
				workers: [{ name: 'embedded' }],
			},
		});
		held.release();
		expect(await master.exited).toBe(0);
		expect(await page.ended).toBe(true);
		expect(page.events.length).toBeGreaterThan(1);
		expect(page.events.slice(1).map(({ name }) => name)).not.toContain('hello');
		const last = page.events.at(-1)!.data;
		expect(last.run).toMatchObject({ state: 'finished', done: 300, inFlight: 0, byStatus: { up: 300 } });
		const done = page.events.map(({ data }) => data.run.done);
		expect(done).toEqual([...done].sort((a, b) => a - b));
		// At most ten a second, the last one apart, which does not wait.
		const times = page.events.slice(1, -1).map(({ data }) => data.run.elapsedMs as number);
		const spanMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
		expect(Math.max(0, times.length - 1)).toBeLessThanOrEqual(spanMs / 100);
	});

	testUnless(notLong(), 'ends as quickly as ever with a page that does not read', async () => {
		using held = await heldTarget();
		writeHosts(149, held.target);
		await using master = space.start(slowly, { env });
		const [, url] = await master.says(link);
		using page = await openEvents(`${url}/api/live`);
		page.response.pause();
		held.release();
		await master.says(/database: /);
		const startedMs = performance.now();
		expect(await master.exited).toBe(0);
		// It does not wait as long as a page may take to read.
		expect(performance.now() - startedMs).toBeLessThan(dashboardDrainMs / 2);
	});

	testUnless(
		notLong(),
		'has none when it is told so, and says nothing of it when it is to be quiet',
		async () => {
			writeHosts(60);
			await using quiet = space.start([...slowly, '--quiet', '--fresh'], { env });
			expect([await quiet.exited, quiet.output(), quiet.errors()]).toEqual([0, '', '']);
			await using none = space.start([...slowly, '--no-dashboard', '--fresh'], { env });
			expect(await none.exited).toBe(0);
			expect(none.errors()).not.toMatch(/dashboard/);
		},
	);

	testUnless(
		notLong(),
		'moves on from a port that is taken, and refuses an address that can not be had before it begins',
		async () => {
			writeHosts(150);
			await using foreign = await foreignServer('silence');
			await using master = space.start([...slowly, '--dashboard', `127.0.0.1:${foreign.port}`], { env });
			await master.says(
				new RegExp(`dashboard: http://127\\.0\\.0\\.1:\\d+/ \\(port ${foreign.port} is taken\\)\n`),
			);
			expect(await master.exited).toBe(0);
			const refused = await space.master(['--dashboard', '203.0.113.1:8787', '--fresh']);
			expect(refused).toMatchObject({ code: 2, stdout: '' });
			expect(refused.stderr).toMatch(/^pingpool: the dashboard can not listen on 203\.0\.113\.1:8787/);
			expect(space.count('SELECT count(*) FROM runs')).toBe(1);
		},
	);

	testUnless(notLong(), 'is shown to other machines to those that have its token', async () => {
		using held = await heldTarget();
		writeHosts(10, held.target);
		const token = 'chosen-by-its-user';
		await using master = space.start([...slowly, '--dashboard', '0.0.0.0:0'], {
			env: { ...env, PINGPOOL_DASHBOARD_TOKEN: token },
		});
		// What is no terminal may keep what it is told.
		const [, port] = await master.says(/dashboard: http:\/\/[^/]+:(\d+)\/\?token=<[^>]+>; open to other/);
		const url = `http://127.0.0.1:${port}`;
		expect((await fetch(`${url}/api/about`)).status).toBe(401);
		const headers = { authorization: `Bearer ${token}` };
		expect((await fetch(`${url}/api/about`, { headers })).status).toBe(200);
		const entered = await fetch(`${url}/?token=${token}`, { redirect: 'manual' });
		const cookie = entered.headers.get('set-cookie')!.split(';')[0]!;
		expect((await fetch(`${url}/api/about`, { headers: { cookie } })).status).toBe(200);
		held.release();
		expect(await master.exited).toBe(0);
		expect(master.errors()).not.toContain(token);
	});
});

describe('serve', () => {
	it('shows what a run has left, until it is told to stop', async () => {
		writeHosts(40);
		expect((await space.master(['--refused-is-up'], { env: { PINGPOOL_ALLOW: '127.0.0.0/8' } })).code).toBe(
			0,
		);
		await using serving = space.start(['serve', '--listen', '127.0.0.1:0']);
		const [, url] = await serving.says(/^dashboard: (http:\/\/127\.0\.0\.1:\d+)\/\n/);
		const ask = async (path: string) =>
			(await fetch(`${url}${path}`)).json() as Promise<Record<string, unknown>>;
		expect(await ask('/api/about')).toMatchObject({ mode: 'serve', db: 'hosts.db', runId: null });
		expect(await ask('/api/runs')).toMatchObject({ runs: [{ id: 1, state: 'finished', total: 40 }] });
		expect(await ask('/api/runs/1')).toMatchObject({ done: 40, byStatus: { up: 40 } });
		const { events } = (await ask('/api/runs/1/events')) as { events: { type: string }[] };
		expect(events[0]).toMatchObject({ id: 1, type: 'list-read', text: '40 hosts' });
		expect(events.at(-1)).toMatchObject({ type: 'run-ended', text: 'run 1 has finished' });
		const page = (await ask('/api/runs/1/results?limit=3&status=up')) as { rows: { host: string }[] };
		expect(page.rows.map(({ host }) => host)).toEqual([0, 1, 2].map((i) => `tcp://127.0.0.${i}:1`));
		expect(await ask('/api/runs/9')).toMatchObject({ error: { code: 'not-found' } });
		expect(await ask('/api/live')).toMatchObject({ error: { code: 'not-found' } });
		serving.child.kill('SIGINT');
		expect([await serving.exited, serving.errors()]).toEqual([0, '']);
	});

	testUnless(notLong(), 'ends with 0 by SIGTERM too, and says clearly what is wrong', async () => {
		const missing = await space.run(['serve', '--db', 'nowhere.db']);
		expect(missing).toEqual({
			code: 1,
			stdout: '',
			stderr: 'pingpool: nowhere.db does not exist\n  Give the database of a run with --db FILE.\n',
		});
		space.write('hosts.txt', ['tcp://127.0.0.1:1']);
		await space.master([]);
		expect((await space.run(['serve', '--listen', '203.0.113.1'])).code).toBe(2);
		expect((await space.run(['serve', '--listen', '127.1:80'])).code).toBe(2);
		expect((await space.run(['serve', 'hosts.db'])).code).toBe(2);
		await using serving = space.start(['serve', '--listen', '0']);
		await serving.says(/http:/);
		serving.child.kill('SIGTERM');
		expect(await serving.exited).toBe(0);
	});
});
