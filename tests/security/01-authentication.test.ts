/** Requirement 1, from outside: who may use a worker that nobody has set up, and who may run one without a token. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../worker/cli.ts';
import { bin, startProcess, startWorkerProcess } from '../process.ts';
import { testUnless, withoutCommand, withoutSmallDisk } from '../requirements.ts';

describe('01: authentication', () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'pingpool-01-'));
	});
	afterEach(() => {
		vi.restoreAllMocks();
		vi.unstubAllEnvs();
		rmSync(folder, { recursive: true, force: true });
	});

	it('is on by default: a worker makes a token, and does nothing for who has none', async () => {
		const env = { XDG_CONFIG_HOME: folder };
		await using worker = startWorkerProcess(['--port', '0', '--icmp', 'off'], { env });
		const [, port] = await worker.says(/listens on port (\d+) of every interface/);
		const file = join(folder, 'pingpool', 'worker-token');
		const token = readFileSync(file, 'utf8').trim();
		expect([token.length, statSync(file).mode & 0o777]).toEqual([43, 0o600]);
		const ask = async (path: string, authorization?: string): Promise<number> => {
			const init =
				path === '/ping' ? { method: 'POST', body: '{"hosts":["127.0.0.1"],"probe":"tcp","port":1}' } : {};
			const headers = authorization === undefined ? {} : { authorization };
			return (await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers })).status;
		};
		for (const path of ['/ping', '/capabilities']) {
			expect(await ask(path)).toBe(401);
			expect(await ask(path, `Bearer ${'x'.repeat(43)}`)).toBe(401);
			expect(await ask(path, `Basic ${token}`)).toBe(401);
			expect(await ask(path, `Bearer ${token}`)).toBe(200);
		}
		expect(await ask('/health')).toBe(200);
		// Neither where it was started nor in what it says of requests.
		expect(worker.output() + worker.errors()).not.toContain(token);
	});

	it.each([
		['--no-auth alone', ['--no-auth'], {}],
		['PINGPOOL_NO_AUTH alone', [], { PINGPOOL_NO_AUTH: '1' }],
		['on every interface', ['--no-auth', '--host', '0.0.0.0'], {}],
		['on every interface, by the environment', [], { PINGPOOL_NO_AUTH: 'true', PINGPOOL_HOST: '::' }],
		['on an address of the LAN', ['--no-auth', '--host', '10.0.0.1'], {}],
		['on an address that maps one of the LAN', ['--no-auth', '--host', '::ffff:10.0.0.1'], {}],
		['by a name', ['--no-auth', '--host', 'worker.example'], {}],
		[
			'with a token at the same time',
			['--no-auth', '--host', '127.0.0.1'],
			{ PINGPOOL_TOKEN: 'a-token-for-tests-only' },
		],
	])('can not be turned off for others: %s', async (_, argv, environment) => {
		for (const name of Object.keys(process.env).filter((name) => name.startsWith('PINGPOOL_'))) {
			vi.stubEnv(name, undefined);
		}
		for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
		let stderr = '';
		vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
			stderr += String(text);
			return true;
		});
		expect(await main([...argv, '--port', '0'])).toBe(2);
		expect(stderr).toMatch(
			/^pingpool: --no-auth (is for a worker that only this machine can reach|and a token)/,
		);
		expect(stderr).not.toContain('a-token-for-tests-only');
	});

	testUnless(
		withoutSmallDisk() ?? withoutCommand('unshare'),
		'can not be turned off where localhost leads to another address',
		async () => {
			// In a mount namespace of its own, where the name is another machine's.
			writeFileSync(join(folder, 'hosts'), '192.0.2.1 localhost\n');
			const script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
			const worker = [process.execPath, bin, 'worker', '--no-auth', '--host', 'localhost', '--port', '0'];
			await using running = startProcess('unshare', [
				'--mount',
				'sh',
				'-c',
				script,
				'sh',
				join(folder, 'hosts'),
				...worker,
			]);
			expect(await running.exited).toBe(2);
			expect(running.errors()).toContain(
				'--no-auth is for a worker that only this machine can reach, and localhost is 192.0.2.1 here',
			);
		},
	);
});
