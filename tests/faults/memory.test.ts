/** Fault 7: a master with little memory and a list of ten million hosts. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { readMemory } from '../../bench/usage.ts';
import { formatCount } from '../../shared/format.ts';
import { Workspace } from '../e2e/command-line.ts';
import type { Running } from '../process.ts';
import { startProcess } from '../process.ts';
import { describeUnless, notLong, sizeOf, testUnless } from '../requirements.ts';

const instantWorker = fileURLToPath(new URL('../../bench/pingpool/instant-worker.ts', import.meta.url));
/** Nothing is sent to them: the worker only says that they are up. */
const tenMillion = ['127.0.0.0/9', '127.128.0.0-127.152.150.127'];
/** A list that is done to its end, and its hosts. */
const whole = sizeOf({
	ci: { list: ['127.0.0.0/12'], hosts: 2 ** 20 },
	long: { list: tenMillion, hosts: 10_000_000 },
});
const heapMegabytes = 48;

/** A worker that answers at once, and its URL. */
async function startInstantWorker(): Promise<{ running: Running; url: string }> {
	const running = startProcess(process.execPath, [instantWorker], { ipc: true });
	const port = await new Promise<number>((resolve, reject) => {
		running.child.on('message', (message: { port?: number }) => {
			if (message.port !== undefined) resolve(message.port);
		});
		void running.exited.then(() => reject(new Error(`the instant worker ended:\n${running.errors()}`)));
	});
	return { running, url: `http://127.0.0.1:${port}` };
}

/** The most memory that a process has had so far; 0 when it has ended. */
function peakMegabytes({ child }: Running): number {
	return (readMemory(child.pid!)?.peakBytes ?? 0) / 1024 ** 2;
}

describeUnless(
	process.platform === 'linux' ? undefined : 'needs Linux',
	'millions of hosts in a small heap',
	() => {
		let space: Workspace;
		beforeEach(() => {
			space = new Workspace();
		});
		afterEach(() => space[Symbol.dispose]());

		function start(url: string, list: readonly string[]): Running {
			space.write('hosts.txt', list);
			space.write('workers.txt', [url]);
			return space.start(['master', '--rate', '0', '--workers', 'workers.txt', '--json'], {
				env: { NODE_OPTIONS: `--max-old-space-size=${heapMegabytes}` },
			});
		}

		testUnless(notLong(), 'the first of ten million, and an orderly end', async () => {
			const { running, url } = await startInstantWorker();
			await using _running = running;
			await using master = start(url, tenMillion);
			await vi.waitFor(() => expect(space.count('SELECT count(*) FROM results')).toBeGreaterThan(200_000), {
				timeout: 100_000,
				interval: 200,
			});
			const peak = peakMegabytes(master);
			master.child.kill('SIGINT');
			expect(await master.exited).toBe(130);
			expect(master.errors()).toContain('10,000,000 hosts\n');
			expect(peak).toBeGreaterThan(0);
			expect(peak).toBeLessThan(250);
			const { up } = JSON.parse(master.output()) as { up: number };
			expect(space.rows('SELECT count(*) AS n, count(DISTINCT host) AS hosts FROM results')).toEqual([
				{ n: up, hosts: up },
			]);
		});

		testUnless(
			notLong(),
			`all of ${whole.hosts}, once each`,
			async () => {
				const { running, url } = await startInstantWorker();
				await using _running = running;
				await using master = start(url, whole.list);
				let peak = 0;
				const timer = setInterval(() => {
					peak = Math.max(peak, peakMegabytes(master));
				}, 100);
				try {
					const [code, said] = [await master.exited, master.errors()];
					expect([code, said]).toEqual([0, expect.stringContaining(`${formatCount(whole.hosts)} hosts\n`)]);
				} finally {
					clearInterval(timer);
				}
				expect(peak).toBeLessThan(250);
				expect(space.rows('SELECT state, up FROM runs')).toEqual([{ state: 'finished', up: whole.hosts }]);
				expect(
					space.rows('SELECT count(*) AS n, count(DISTINCT position) AS positions FROM results'),
				).toEqual([{ n: whole.hosts, positions: whole.hosts }]);
			},
			300_000,
		);
	},
);
