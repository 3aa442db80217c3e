/**
 * workers.txt: one worker a line (workers-line.ts); `#` starts a comment. Messages say the line and never a token.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { escapeUnsafe } from '../shared/display.ts';
import { PingpoolError } from '../shared/errors.ts';
import { readText } from './read-text.ts';
import type { LineContext, WorkerEntry } from './workers-line.ts';
import { LineError, parseLine } from './workers-line.ts';

export interface WorkersFileContext extends Omit<LineContext, 'folder'> {
	/** whether it may have no worker in it. Default: it may not */
	readonly mayBeEmpty?: boolean;
}

const fileBytesMax = 1024 * 1024;

/**
 * @param path of the file; other files that it names are relative to its folder
 * @throws PingpoolError `invalid-input`: it can not be read, has no worker in it, or has lines that are wrong
 */
export function readWorkersFile(
	path: string,
	{ mayBeEmpty = false, ...context }: WorkersFileContext = {},
): WorkerEntry[] {
	const name = escapeUnsafe(path);
	const text = readText(path, {
		bytesMax: fileBytesMax,
		fail: (problem) => new PingpoolError('invalid-input', `${name} ${problem}`, { hint }),
	});
	const entries = parseWorkers(text, name, { ...context, folder: dirname(path) });
	if (entries.length > 0 || mayBeEmpty) return entries;
	throw new PingpoolError('invalid-input', `${name} has no worker in it`, { hint });
}

/** Wrong lines after which it is no file of workers: a list of hosts may have been given for one. */
const problemsMax = 1_000;

const hint = 'One worker a line is expected, as in: http://10.0.0.5:8786 token-file=worker.token weight=2';

/**
 * @param text of the file
 * @param name what messages call the file
 */
export function parseWorkers(text: string, name: string, context: LineContext): WorkerEntry[] {
	const entries: WorkerEntry[] = [];
	const problems: string[] = [];
	const lineOf = new Map<string, number>();
	for (const [i, raw] of text
		.replace(/^\uFEFF/, '')
		.split('\n')
		.entries()) {
		const comment = raw.search(/(^|\s)#/);
		const content = (comment < 0 ? raw : raw.slice(0, comment)).trim();
		if (content === '') continue;
		try {
			const entry = parseLine(content, i + 1, context);
			const earlier = lineOf.get(entry.url);
			if (earlier !== undefined) throw new LineError(`${entry.url} is on line ${earlier} already`);
			lineOf.set(entry.url, entry.line);
			entries.push(entry);
		} catch (error) {
			if (!(error instanceof LineError)) throw error;
			problems.push(`${name}:${i + 1}: ${error.message}`);
			if (problems.length === problemsMax) break;
		}
	}
	if (problems.length > 0) {
		const shown = problems.slice(0, 10);
		const count = problems.length === problemsMax ? `At least ${problemsMax}` : problems.length;
		if (problems.length > shown.length) shown.push(`${count} lines are wrong; the first 10 are shown`);
		throw new PingpoolError('invalid-input', shown.join('\n'), { hint });
	}
	return entries;
}

/**
 * What is open to other users although it has secrets in it.
 *
 * @param path of the file that the entries are from
 * @param keyFile of the certificate that the master shows, if there is one
 * @returns sentences
 */
export function openSecrets(path: string, entries: readonly WorkerEntry[], keyFile?: string): string[] {
	if (process.platform === 'win32') return [];
	const here = entries.some(({ token, tokenFile }) => token !== undefined && tokenFile === undefined);
	const tokenFiles = entries.flatMap(({ tokenFile }) => tokenFile ?? []);
	const files = new Set([
		...(here ? [path] : []),
		...tokenFiles,
		...(keyFile === undefined ? [] : [keyFile]),
	]);
	return [...files].filter(isOpenToOthers).map((file) => {
		const name = escapeUnsafe(file);
		const what = file === keyFile ? 'a private key' : 'tokens';
		return `${name} has ${what} in it and is open to other users; mend it with: chmod 600 ${name}`;
	});
}

function isOpenToOthers(file: string): boolean {
	const stats = statSync(file, { throwIfNoEntry: false });
	return stats?.isFile() === true && (stats.mode & 0o077) !== 0;
}
