/** Requirement 13: no shell, and of the one command that is run, nothing but its path and an IP literal. */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { delimiter } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../shared/ip.ts';
import { formatIp, parseIp } from '../../shared/ip.ts';
import type { PingCommand } from '../../worker/icmp/ping-command.node.ts';
import {
	findPingCommands,
	pingArguments,
	pingOnce,
	windowsFolder,
} from '../../worker/icmp/ping-command.node.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import { testUnless, withoutCommand, withoutPermissions } from '../requirements.ts';
import { argumentsOf, sourcesOf } from './sources.ts';

describe('13: the sources', () => {
	const sources = sourcesOf('{shared,master,worker}/**/*.ts', 'bin/*.cjs');

	it('start processes in four places, and import nothing there that could be given to a shell', () => {
		const starting = sources.filter(({ text }) => text.includes('child_process'));
		expect(starting.map(({ path }) => path)).toEqual([
			'bin/pingpool.cjs',
			'master/dashboard/page-build.ts',
			'master/embedded-worker.ts',
			'worker/icmp/ping-command.node.ts',
		]);
		for (const { path, text } of starting) {
			const [, names] = /(?:import|const) \{ ([^}]*) \} (?:from |= require\()'node:child_process'/.exec(
				text.replace(/^import type .*$/gm, ''),
			)!;
			expect(['spawn', 'fork'], path).toContain(names);
			const calls = argumentsOf(text, /\b(?:spawn|fork)\(/g);
			expect(calls, path).toHaveLength(1);
			// An array of arguments, and no option that has a shell put them together again.
			expect(calls[0], path).toMatch(/\[[^\]]*\]|pingArguments\(/);
			expect(calls[0], path).not.toMatch(/\bshell\b|windowsVerbatimArguments/);
		}
	});

	it('make no code of texts', () => {
		for (const { path, text } of sources) {
			expect(text, path).not.toMatch(
				/\beval\b|new Function\(|node:vm|\bexecSync\b|\bspawnSync\b|\bexecFile|process\.binding/,
			);
		}
	});
});

describe('13: the ping command', () => {
	let space: Workspace;
	beforeEach(() => {
		space = new Workspace();
	});
	afterEach(() => space[Symbol.dispose]());

	const addresses = fc.oneof(
		fc.nat(0xffff_ffff).map((value): IpAddress => ({ family: 4, value })),
		fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes): IpAddress => ({ family: 6, bytes })),
	);
	const commands: readonly PingCommand[] = [
		{ path: '/bin/ping', platform: 'unix', isMacos: false },
		{ path: '/sbin/ping', platform: 'unix', isMacos: true },
		{ path: 'C:\\Windows\\System32\\ping.exe', platform: 'windows', isMacos: false },
	];

	it('gets options of ours and one IP literal, which no option can be made of', () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...commands),
				addresses,
				fc.integer({ min: 1, max: 60_000 }),
				(command, address, timeoutMs) => {
					const args = pingArguments(command, address, timeoutMs);
					const literal = args.pop()!;
					expect(literal).toBe(formatIp(address));
					expect(parseIp(literal)).toBeDefined();
					// Windows' ping knows no --; none of its options starts with a digit or a colon.
					if (command.platform === 'unix') expect(args.pop()).toBe('--');
					expect(args.join(' ')).toMatch(/^(-[46] )?(-n )(-c )?1( -[wW] [0-9]+)?$/);
					expect(literal).toMatch(/^[0-9a-f:.]+$/);
				},
			),
		);
	});

	testUnless(withoutPermissions(), 'gets a clean environment, whatever ours is', async () => {
		const path = space.path('ping');
		space.write('ping', '#!/bin/sh\n{ for a; do printf "[%s]" "$a"; done; echo; env; } > "$0.said"\n');
		chmodSync(path, 0o755);
		process.env.PINGPOOL_TEST_SECRET = 'of-the-worker';
		try {
			const command = { path, platform: 'unix', isMacos: false } as const;
			await pingOnce(command, parseIp('127.0.0.1')!, 60_000, new AbortController().signal);
		} finally {
			delete process.env.PINGPOOL_TEST_SECRET;
		}
		const [args, ...env] = space.read('ping.said').trim().split('\n');
		expect(args).toBe('[-n][-c][1][-W][60][--][127.0.0.1]');
		// What the shell of this test sets itself.
		expect(env.filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line))).toEqual(['LC_ALL=C']);
	});

	it('is taken from the folders of the system', async () => {
		for (const { path } of [...(await findPingCommands(4)), ...(await findPingCommands(6))]) {
			expect(path).toMatch(
				process.platform === 'win32' ? /^[A-Za-z]:\\.*\\System32\\ping\.exe$/ : /^\/(usr\/)?s?bin\/ping6?$/,
			);
		}
		expect(windowsFolder('D:\\WINNT')).toBe('D:\\WINNT');
		for (const root of [
			undefined,
			'',
			'.',
			'..\\evil',
			'\\\\evil\\share',
			'C:evil',
			'C:\\a"&calc&"',
			'C:\\a/../b',
		]) {
			expect(windowsFolder(root)).toBe('C:\\Windows');
		}
	});

	testUnless(
		withoutCommand('ping'),
		'is not the one that PATH or the working folder has, and no name ever reaches it',
		async () => {
			const evil = space.path('evil');
			mkdirSync(evil);
			for (const name of ['ping', 'ping6', 'sh', 'bash']) {
				for (const path of [`evil/${name}`, name]) {
					space.write(path, `#!/bin/sh\necho "$0 $*" >> ${space.path('was-run')}\n`);
					chmodSync(space.path(path), 0o755);
				}
			}
			const env = { PATH: `${evil}${delimiter}.${delimiter}${process.env.PATH}`, SHELL: `${evil}/sh` };
			const worker = await space.worker(['--icmp', 'command'], { env });
			await using _ = worker.running;
			const ping = async (hosts: readonly string[]) => {
				const response = await fetch(`${worker.url}/ping`, {
					method: 'POST',
					headers: { authorization: `Bearer ${token}` },
					body: JSON.stringify({ hosts, attempts: 1, timeoutMs: 60_000 }),
				});
				return {
					status: response.status,
					body: (await response.json()) as { results?: { status: string }[] },
				};
			};
			const { body } = await ping(['127.0.0.1']);
			expect(body.results).toMatchObject([{ status: 'up' }]);
			const touch = `touch ${space.path('was-run')}`;
			for (const host of [
				`127.0.0.1; ${touch}`,
				`127.0.0.1\n${touch}`,
				`$(${touch})`,
				`\`${touch}\``,
				`127.0.0.1|${touch}`,
				`127.0.0.1&&${touch}`,
				'-f',
				'--help',
				'-c1000',
				'-I eth0',
				'127.0.0.1 -f',
				'127.0.0.1%lo',
				'fe80::1%$(id)',
				'../../bin/sh',
			]) {
				expect((await ping([host])).status, host).toBe(400);
			}
			// A name is resolved by us; what goes on is its address, or nothing.
			expect((await ping(['localhost'])).body.results).toMatchObject([{ status: 'up' }]);
			expect(existsSync(space.path('was-run'))).toBe(false);
		},
	);
});
