/**
 * What tests need, and how much they do.
 *
 * Some need more than every machine has: root, namespaces, a command. Where that is missing they are skipped, with the
 * reason in their name. With PINGPOOL_TEST_ALL=1, as in .ci/run, they fail instead, so that a green run there means
 * that everything was run.
 *
 * Some can do any amount of what they do. There are three tiers of it:
 *
 *   npm test                        minutes on a slow machine: what takes long is skipped, the rest does little
 *   PINGPOOL_TEST_ALL=1 npm test    CI: nothing is skipped, sizes are moderate
 *   PINGPOOL_TEST_LONG=1 npm test   sizes that figures are quoted from: a million packets, ten million hosts; with
 *                                   PINGPOOL_TEST_ALL=1 as well, nothing is skipped either
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

const { PINGPOOL_TEST_ALL, PINGPOOL_TEST_LONG } = process.env;
const skippingAllowed = PINGPOOL_TEST_ALL !== '1';
const isLong = PINGPOOL_TEST_LONG === '1';

/** A `describe` that runs unless there is a reason why it can not. */
export function describeUnless(whyNot: string | undefined, name: string, body: () => void): void {
	if (whyNot === undefined) describe(name, body);
	else if (skippingAllowed) describe.skip(skippedName(name, whyNot), body);
	else test(name, () => failFor(whyNot));
}

/** A `test` that runs unless there is a reason why it can not. */
export function testUnless(
	whyNot: string | undefined,
	name: string,
	body: () => void | Promise<void>,
	timeoutMs?: number,
): void {
	if (whyNot === undefined) test(name, body, timeoutMs);
	else if (skippingAllowed) test.skip(skippedName(name, whyNot), body);
	else test(name, () => failFor(whyNot));
}

function skippedName(name: string, whyNot: string): string {
	return `${name} (skipped: ${whyNot})`;
}

function failFor(whyNot: string): never {
	throw new Error(`this test can not run here, and PINGPOOL_TEST_ALL=1 asks for every one: ${whyNot}`);
}

/** Why nothing can be done here that only root may do, or `undefined`. */
function withoutRoot(): string | undefined {
	return process.getuid?.() === 0 ? undefined : 'needs root';
}

/** Why no disk of a few megabytes can be mounted here, or `undefined`. */
export function withoutSmallDisk(): string | undefined {
	return process.platform === 'linux' ? withoutRoot() : 'needs Linux';
}

/** Why a command can not be run here, or `undefined`. */
export function withoutCommand(name: string): string | undefined {
	const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
	const found = folders.some((folder) => {
		try {
			accessSync(join(folder, name), constants.X_OK);
			return true;
		} catch {
			return false;
		}
	});
	return found ? undefined : `the ${name} command is missing`;
}

/** Where Debian and others put a Chromium, unless PINGPOOL_CHROMIUM says where it is. */
const browsers = [
	'/usr/bin/chromium',
	'/usr/bin/chromium-browser',
	'/usr/bin/google-chrome',
	'/usr/bin/google-chrome-stable',
];

/** @throws Error when there is none: ask `withoutBrowser` before */
export function browserPath(): string {
	const { PINGPOOL_CHROMIUM: chosen } = process.env;
	const found = (chosen === undefined ? browsers : [chosen]).find((path) => existsSync(path));
	if (found === undefined) throw new Error('no browser was found');
	return found;
}

/** Why no page can be looked at here, or `undefined`. */
export function withoutBrowser(): string | undefined {
	try {
		browserPath();
		return undefined;
	} catch {
		return 'needs Chromium; PINGPOOL_CHROMIUM says where it is';
	}
}

/** Why the system calls of a process can not be followed here, or `undefined`. */
export function withoutTracing(): string | undefined {
	if (process.platform !== 'linux') return 'needs Linux';
	const missing = withoutCommand('strace');
	if (missing !== undefined) return missing;
	const { status } = spawnSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
	return status === 0 ? undefined : 'strace may not follow processes here';
}

/** Why a test that costs much, or tells little that others do not, is not run now, or `undefined`. */
export function notLong(): string | undefined {
	return isLong || !skippingAllowed ? undefined : 'takes long; PINGPOOL_TEST_LONG=1 runs it';
}

export interface Sizes<Size> {
	/** of a plain `npm test`. Default: CI's, which is right for what does not run there */
	readonly usual?: Size;
	/** seconds, on a machine that does two things at a time */
	readonly ci: Size;
	/** whatever it takes */
	readonly long: Size;
}

/** How much a test does in this run. */
export function sizeOf<Size>({ ci, usual = ci, long }: Sizes<Size>): Size {
	if (isLong) return long;
	return skippingAllowed ? usual : ci;
}

/** Why no socket can send echo requests here, or `undefined`. */
export function withoutEchoSockets(): string | undefined {
	if (process.platform !== 'linux') return 'echo sockets need Linux';
	if (process.getuid?.() === 0) return undefined;
	const [first, last] = readFileSync('/proc/sys/net/ipv4/ping_group_range', 'utf8')
		.trim()
		.split(/\s+/)
		.map(Number);
	const groups = [process.getgid!(), ...process.getgroups!()];
	if (groups.some((group) => group >= first! && group <= last!)) return undefined;
	return 'needs root, or a group within net.ipv4.ping_group_range';
}

/** Why a worker can not offer icmp here in any way, or `undefined`. */
export function withoutEcho(): string | undefined {
	const why = withoutEchoSockets();
	return why === undefined || withoutCommand('ping') === undefined
		? undefined
		: `${why}, or the ping command`;
}

/** Why files have no permissions here that could be tested, or `undefined`. */
export function withoutPermissions(): string | undefined {
	return process.platform === 'win32' ? 'files have other permissions on Windows' : undefined;
}

/** The user and group that own nothing. */
export const nobody = 65_534;

/** Does something as a user whom file permissions hold for, which they do not for root. */
export function withoutPrivilege<Result>(action: () => Result): Result {
	if (process.getuid?.() !== 0) return action();
	process.seteuid!(nobody);
	try {
		return action();
	} finally {
		process.seteuid!(0);
	}
}
