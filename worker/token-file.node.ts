/**
 * Files with a worker's tokens: one a line, two while one replaces the other, the current one first. No message has
 * a token in it.
 *
 * Others may not write to one: they could put their own token in. That others may read one, or that it is another
 * user's, is worth a warning and no more, because container platforms mount secrets that way, into a place that nobody
 * else sees.
 */
import { randomBytes } from 'node:crypto';
import {
	chmodSync,
	closeSync,
	existsSync,
	fchownSync,
	fstatSync,
	fsyncSync,
	mkdirSync,
	openSync,
	realpathSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { escapeUnsafe } from '../shared/display.ts';
import { messageOf, PingpoolError, systemErrorCode } from '../shared/errors.ts';
import { tokenFileBytesMax } from '../shared/limits.ts';
import { parseTokens } from './config.ts';
import { readAtMost } from './read-at-most.node.ts';

export interface TokenFile {
	/** one or two */
	readonly tokens: readonly string[];
	/** what the user should know */
	readonly warnings: readonly string[];
}

/** A token of 256 bits, in letters, digits, `-` and `_`. */
export function newToken(): string {
	return randomBytes(32).toString('base64url');
}

/** Where a worker of this user keeps its token when no file is named. */
export function defaultTokenFile(environment: Readonly<Record<string, string | undefined>>): string {
	const folder = environment.XDG_CONFIG_HOME;
	// The specification says that a relative path is to be ignored.
	return join(folder?.startsWith('/') ? folder : join(homedir(), '.config'), 'pingpool', 'worker-token');
}

/**
 * @returns `undefined` when there is no such file
 * @throws PingpoolError `usage` for what is in it, or who may write to it; `listen` when it can not be read
 */
export function readTokenFile(file: string): TokenFile | undefined {
	const name = escapeUnsafe(file);
	let text: string;
	let othersMay = 0;
	let isOthers = false;
	try {
		const descriptor = openSync(file, 'r');
		try {
			const stats = fstatSync(descriptor);
			if (stats.isDirectory()) failAt(file, 'it is a folder');
			if (process.platform !== 'win32' && stats.isFile()) {
				othersMay = stats.mode & 0o077;
				isOthers = stats.uid !== 0 && stats.uid !== process.geteuid?.();
			}
			const bytes = readAtMost(descriptor, tokenFileBytesMax);
			text = bytes?.toString('utf8') ?? failAt(file, `it is larger than ${tokenFileBytesMax} bytes`);
		} finally {
			closeSync(descriptor);
		}
	} catch (error) {
		if (error instanceof PingpoolError) throw error;
		if (systemErrorCode(error) === 'ENOENT') return undefined;
		return failAt(file, messageOf(error), error);
	}
	if ((othersMay & 0o022) !== 0) {
		throw new PingpoolError('usage', `${name} can be written by others, who could put a token of theirs in`, {
			hint: `see that the tokens in it are yours, then: chmod 600 ${name}`,
		});
	}
	const warnings = othersMay === 0 ? [] : [`${name} is readable by others; mend it with: chmod 600 ${name}`];
	if (isOthers) warnings.push(`${name} belongs to another user, who can put other tokens in`);
	try {
		return { tokens: parseTokens(text.split(/\r?\n/)), warnings };
	} catch (error) {
		if (!(error instanceof PingpoolError)) throw error;
		throw new PingpoolError('usage', `${name}: ${error.message}`, {
			cause: error,
			hint: 'delete the file to have a token generated in it',
		});
	}
}

/**
 * Makes a file with a token, readable by its owner alone.
 *
 * @returns the token; `undefined` when there is such a file already, which stays as it is
 * @throws PingpoolError `listen`
 */
export function makeTokenFile(file: string): string | undefined {
	const token = newToken();
	try {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
		// An odd umask may have taken the owner's own right.
		chmodSync(file, 0o600);
	} catch (error) {
		if (systemErrorCode(error) === 'EEXIST' && existsSync(file)) return undefined;
		return failAt(file, messageOf(error), error);
	}
	return token;
}

/**
 * Puts other tokens in a file that is there: at once, so that a worker that follows it never reads half of them.
 * The file stays its owner's, whoever does it.
 *
 * @throws PingpoolError `listen`; the file is as it was then
 */
export function replaceTokens(file: string, tokens: readonly string[]): void {
	let temporary: string | undefined;
	try {
		const target = realpathSync(file);
		const before = openSync(target, 'r');
		const { uid, gid } = fstatSync(before);
		closeSync(before);
		const path = `${target}.${process.pid}.${randomBytes(4).toString('hex')}`;
		const descriptor = openSync(path, 'wx', 0o600);
		temporary = path;
		try {
			const mine = fstatSync(descriptor);
			if (mine.uid !== uid || mine.gid !== gid) fchownSync(descriptor, uid, gid);
			writeFileSync(descriptor, `${tokens.join('\n')}\n`);
			fsyncSync(descriptor);
		} finally {
			closeSync(descriptor);
		}
		renameSync(temporary, target);
	} catch (error) {
		if (temporary !== undefined) rmSync(temporary, { force: true });
		failAt(file, messageOf(error), error);
	}
}

/** @throws PingpoolError `listen` */
export function failAt(file: string, why: string, cause?: unknown): never {
	throw new PingpoolError('listen', `the token file ${escapeUnsafe(file)} can not be used: ${why}`, {
		cause,
		hint: 'name another one with --token-file, or set PINGPOOL_TOKEN',
	});
}
