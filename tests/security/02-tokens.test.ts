/** Requirement 2, from outside: where tokens are, where they never are, and how one replaces another. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main as runMaster } from '../../master/cli.ts';
import { main as runWorker } from '../../worker/cli.ts';
import { main as runToken } from '../../worker/token-cli.node.ts';
import { startWorkerProcess } from '../process.ts';

describe('02: tokens', () => {
	let folder: string;
	let file: string;
	let said = '';
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'pingpool-02-'));
		file = join(folder, 'token');
		said = '';
		for (const stream of [process.stdout, process.stderr]) {
			vi.spyOn(stream, 'write').mockImplementation((text) => {
				said += String(text);
				return true;
			});
		}
	});
	afterEach(() => {
		vi.restoreAllMocks();
		rmSync(folder, { recursive: true, force: true });
	});

	const tokens = (): string[] => readFileSync(file, 'utf8').trim().split('\n');

	it('are replaced while a worker runs, and neither of the two is ever refused meanwhile', async () => {
		expect(await runToken(['--file', file])).toBe(0);
		const [old] = tokens();
		await using worker = startWorkerProcess([
			'--host',
			'127.0.0.1',
			'--port',
			'0',
			'--icmp',
			'off',
			'--token-file',
			file,
		]);
		const [url] = await worker.says(/http:\/\/127\.0\.0\.1:\d+/);
		const status = async (token: string): Promise<number> =>
			(await fetch(`${url}/capabilities`, { headers: { authorization: `Bearer ${token}` } })).status;
		expect(await status(old!)).toBe(200);

		expect(await runToken(['--rotate', '--file', file])).toBe(0);
		const [current] = tokens();
		expect(statSync(file).mode & 0o777).toBe(0o600);
		while ((await status(current!)) !== 200) {
			await pause(20);
			expect(await status(old!)).toBe(200);
		}
		expect(await status(old!)).toBe(200);

		// Not among its arguments, in its title, in what it said, or in its log.
		const { pid } = worker.child;
		const title = process.platform === 'linux' ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
		for (const token of [old!, current!]) {
			expect(title + worker.output() + worker.errors() + said).not.toContain(token);
		}
	});

	it.each([
		['a worker', runWorker],
		['a master', runMaster],
	])('are no arguments of %s, which shows nobody what was tried', async (_, run) => {
		const secret = 's3cret-of-somebody-0123456789';
		for (const argv of [
			['--token', secret],
			[`--token=${secret}`],
			[`-token=${secret}`],
			[`--tokn=${secret}`],
		]) {
			expect(await run(argv)).toBe(2);
		}
		expect(said).toContain('Tokens are no arguments');
		expect(said).not.toContain(secret);
		said = '';
		await run(['--help']);
		expect(
			[...said.matchAll(/--token\S*/g)]
				.map(([option]) => option)
				.filter((option) => option !== '--token-file'),
		).toEqual([]);
	});
});
