/**
 * One run of the system's ping command: one echo request to an IP literal. No shell, an absolute path from a
 * fixed list, arguments as a list, a clean environment.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { onAbort } from '../../shared/abort.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import type { IpAddress } from '../../shared/ip.ts';
import { formatIp } from '../../shared/ip.ts';
import type { PingPlatform, PingVerdict } from './command-output.ts';
import { parsePingOutput } from './command-output.ts';

/** A process needs time to start and to end besides the echo's timeout. */
const overheadMs = 500;

/** Output beyond this is no ping's. */
const outputBytesMax = 8 * 1024;

const unixDirectories = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

export interface PingCommand {
	readonly path: string;
	readonly platform: PingPlatform;
	/** macOS gives its timeout in milliseconds, the others of its kind in seconds */
	readonly isMacos: boolean;
}

/** The ping commands of this machine for a family, best first. */
export async function findPingCommands(family: 4 | 6): Promise<PingCommand[]> {
	if (process.platform === 'win32') {
		return [
			{
				path: `${windowsFolder(process.env.SystemRoot)}\\System32\\ping.exe`,
				platform: 'windows',
				isMacos: false,
			},
		];
	}
	const isMacos = process.platform === 'darwin';
	// iputils' ping takes both families; macOS and old systems have a command of its own for IPv6.
	const names = family === 4 ? ['ping'] : isMacos ? ['ping6'] : ['ping', 'ping6'];
	const commands: PingCommand[] = [];
	for (const name of names) {
		for (const directory of unixDirectories) {
			const path = `${directory}/${name}`;
			if (await isExecutable(path)) commands.push({ path, platform: 'unix', isMacos });
		}
	}
	return commands;
}

/**
 * Where Windows is. Who sets our environment may run what he likes anyhow; but by a mistake in it, nothing of the
 * working folder or of another machine is run either.
 */
export function windowsFolder(systemRoot: string | undefined): string {
	return systemRoot !== undefined && /^[A-Za-z]:\\[\w\\ .-]+$/.test(systemRoot) ? systemRoot : 'C:\\Windows';
}

async function isExecutable(path: string): Promise<boolean> {
	try {
		await access(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** The arguments for one echo request. */
export function pingArguments(command: PingCommand, address: IpAddress, timeoutMs: number): string[] {
	const text = formatIp(address);
	if (command.platform === 'windows') {
		return [`-${address.family}`, '-n', '1', '-w', String(Math.ceil(timeoutMs)), text];
	}
	// macOS's ping6 knows no timeout: it is ended from here.
	if (command.isMacos) {
		const wait = address.family === 4 ? ['-W', String(Math.ceil(timeoutMs))] : [];
		return ['-n', '-c', '1', ...wait, '--', text];
	}
	return ['-n', '-c', '1', '-W', String(Math.ceil(timeoutMs / 1000)), '--', text];
}

/**
 * Sends one echo request.
 *
 * @returns what became of it; `undefined` when the signal was aborted, after the process has been ended
 */
export function pingOnce(
	command: PingCommand,
	address: IpAddress,
	timeoutMs: number,
	signal: AbortSignal,
): Promise<PingVerdict | undefined> {
	return new Promise((resolve) => {
		let child: ChildProcess;
		try {
			child = spawn(command.path, pingArguments(command, address, timeoutMs), {
				stdio: ['ignore', 'pipe', 'pipe'],
				env: pingEnvironment(),
				windowsHide: true,
			});
		} catch (error) {
			resolve(spawnVerdict(error));
			return;
		}
		let text = '';
		const take = (chunk: Buffer): void => {
			if (text.length < outputBytesMax) text += chunk.toString('latin1');
		};
		child.stdout!.on('data', take);
		child.stderr!.on('data', take);
		const kill = (): void => {
			child.kill('SIGKILL');
		};
		// An interrupted ping says what it has sent; one that does not even do that is killed.
		let killer: NodeJS.Timeout | undefined;
		const timer = setTimeout(() => {
			killer = setTimeout(kill, overheadMs);
			child.kill('SIGINT');
		}, timeoutMs + overheadMs);
		const end = (verdict: PingVerdict | undefined): void => {
			clearTimeout(timer);
			clearTimeout(killer);
			forget();
			resolve(verdict);
		};
		const forget = onAbort(signal, kill);
		if (signal.aborted) kill();
		child.once('error', (error) => end(spawnVerdict(error)));
		child.once('close', () => {
			if (signal.aborted) end(undefined);
			else end(inTime(parsePingOutput(command.platform, text, address), timeoutMs));
		});
	});
}

/** Whole seconds are the finest timeout that some commands take. */
function inTime(verdict: PingVerdict, timeoutMs: number): PingVerdict {
	return verdict.status === 'up' && verdict.rttMs > timeoutMs
		? { status: 'down', reason: 'timeout' }
		: verdict;
}

/** Nothing of ours is passed on; Windows can not resolve its own libraries without SystemRoot. */
function pingEnvironment(): Record<string, string> {
	if (process.platform !== 'win32') return { LC_ALL: 'C' };
	return { LC_ALL: 'C', SystemRoot: windowsFolder(process.env.SystemRoot) };
}

function spawnVerdict(error: unknown): PingVerdict {
	const code = systemErrorCode(error);
	if (code === 'EMFILE' || code === 'ENFILE') return { status: 'error', reason: 'no-descriptors' };
	if (code === 'EAGAIN' || code === 'ENOMEM') return { status: 'error', reason: 'no-buffers' };
	return { status: 'error', reason: code === 'EACCES' || code === 'EPERM' ? 'no-permission' : 'no-probe' };
}
