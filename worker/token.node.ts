/** Where a Node worker's tokens come from: the environment, a file that was named, or a file of its own. */
import { resolve } from 'node:path';
import { fromEnvironment, settings } from './config.ts';
import { defaultTokenFile, failAt, makeTokenFile, readTokenFile } from './token-file.node.ts';

export interface TokenSource {
	readonly tokens: readonly string[];
	/** where they are kept; `undefined` when they came from the environment */
	readonly file: string | undefined;
	/** what the user should know */
	readonly warnings: readonly string[];
}

/**
 * `PINGPOOL_TOKEN`, else the file that was named, else `worker-token` in the user's configuration folder. A file
 * that does not exist is made, readable by its owner alone, with a token of 256 bits.
 *
 * @throws PingpoolError `usage` for a token that is none, or a file that others may write; `listen` when a file can
 *   not be read or made
 */
export function loadTokens(
	environment: Readonly<Record<string, string | undefined>>,
	namedFile: string | undefined,
): TokenSource {
	const tokens = fromEnvironment(settings.token, environment);
	if (tokens !== undefined) return { tokens, file: undefined, warnings: [] };
	const file = resolve(namedFile ?? defaultTokenFile(environment));
	const found = readTokenFile(file);
	if (found !== undefined) return { ...found, file };
	const made = makeTokenFile(file);
	if (made !== undefined) return { tokens: [made], file, warnings: [] };
	// Somebody else made it at the same time.
	return { ...(readTokenFile(file) ?? failAt(file, 'it comes and goes')), file };
}
