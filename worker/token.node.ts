/** Where a Node worker's tokens come from: the environment, a file that was named, or a file of its own. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { escapeUnsafe } from '../shared/display.ts';
import { messageOf, PingpoolError, systemErrorCode } from '../shared/errors.ts';
import { fromEnvironment, parseTokens, settings } from './config.ts';

export interface TokenSource {
	readonly tokens: readonly string[];
	/** where they are kept; `undefined` when they came from the environment */
	readonly file: string | undefined;
	/** what the user should know */
	readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `PINGPOOL_TOKEN`, else the file that was named, else `worker-token` in the user's configuration folder. A file
 * that does not exist is made, readable by its owner alone, with a token of 256 bits.
 *
 * @throws PingpoolError `usage` for a token that is none, `listen` when a file can not be read or made
 */
export function loadTokens(environment: Environment, namedFile: string | undefined): TokenSource {
	const tokens = fromEnvironment(settings.token, environment);
	if (tokens !== undefined) return { tokens, file: undefined, warnings: [] };
	const file = resolve(namedFile ?? defaultFile(environment));
	return (
		readTokenFile(file) ?? makeTokenFile(file) ?? readTokenFile(file) ?? failAt(file, 'it comes and goes')
	);
}

function defaultFile(environment: Environment): string {
	const folder = environment.XDG_CONFIG_HOME;
	// The specification says that a relative path is to be ignored.
	return join(folder?.startsWith('/') ? folder : join(homedir(), '.config'), 'pingpool', 'worker-token');
}

function readTokenFile(file: string): TokenSource | undefined {
	let text: string;
	let mode: number;
	try {
		text = readFileSync(file, 'utf8');
		mode = statSync(file).mode;
	} catch (error) {
		if (systemErrorCode(error) === 'ENOENT') return undefined;
		return failAt(file, messageOf(error), error);
	}
	const warnings: string[] = [];
	if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
		const name = escapeUnsafe(file);
		warnings.push(`${name} is readable by others; mend it with: chmod 600 ${name}`);
	}
	try {
		return { tokens: parseTokens(text.split(/\r?\n/)), file, warnings };
	} catch (error) {
		if (!(error instanceof PingpoolError)) throw error;
		throw new PingpoolError('usage', `${escapeUnsafe(file)}: ${error.message}`, {
			cause: error,
			hint: 'delete the file to have a token generated in it',
		});
	}
}

/** `undefined` when somebody else made the file at the same time. */
function makeTokenFile(file: string): TokenSource | undefined {
	const token = randomBytes(32).toString('base64url');
	try {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
		// An odd umask may have taken the owner's own right.
		chmodSync(file, 0o600);
	} catch (error) {
		if (systemErrorCode(error) === 'EEXIST') return undefined;
		return failAt(file, messageOf(error), error);
	}
	return { tokens: [token], file, warnings: [] };
}

function failAt(file: string, why: string, cause?: unknown): never {
	throw new PingpoolError('listen', `the token file ${escapeUnsafe(file)} can not be used: ${why}`, {
		cause,
		hint: 'name another one with --token-file, or set PINGPOOL_TOKEN',
	});
}
