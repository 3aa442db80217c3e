/**
 * workers.txt: one worker a line, `URL [token=…|token-file=…] [weight=…]`; `#` starts a comment. Messages say
 * the line and never a token.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { escapeUnsafe, quote } from '../shared/display.ts';
import { PingpoolError, systemErrorCode } from '../shared/errors.ts';

export interface WorkerEntry {
	/** origin and path, without a trailing slash: what `/ping` is put behind */
	readonly url: string;
	readonly token: string | undefined;
	/** path of the file that the token comes from */
	readonly tokenFile: string | undefined;
	/** share of the work relative to the others; above 0 */
	readonly weight: number;
	/** line of the file, counted from 1 */
	readonly line: number;
}

const fileBytesMax = 1024 * 1024;
const keys = ['token', 'token-file', 'weight'] as const;
/** What a header may carry: visible ASCII (RFC 9110 section 5.5). */
const tokenPattern = /^[\x21-\x7e]+$/;

/** The end of a sentence that starts with the file and line. */
class LineError extends Error {}

/**
 * @param path of the file; token files are relative to its folder
 * @param mayBeEmpty whether it may have no worker in it. Default: it may not
 * @throws PingpoolError `invalid-input`: it can not be read, has no worker in it, or has lines that are wrong
 */
export function readWorkersFile(path: string, { mayBeEmpty = false } = {}): WorkerEntry[] {
	const name = escapeUnsafe(path);
	const text = readText(
		path,
		(problem) => new PingpoolError('invalid-input', `${name} ${problem}`, { hint }),
	);
	const entries = parseWorkers(text, name, dirname(path));
	if (entries.length > 0 || mayBeEmpty) return entries;
	throw new PingpoolError('invalid-input', `${name} has no worker in it`, { hint });
}

const hint = 'One worker a line is expected, as in: http://10.0.0.5:8786 token-file=worker.token weight=2';

/**
 * @param text of the file
 * @param name what messages call the file
 * @param folder what token files are relative to
 */
function parseWorkers(text: string, name: string, folder: string): WorkerEntry[] {
	const entries: WorkerEntry[] = [];
	const problems: string[] = [];
	const lineOf = new Map<string, number>();
	for (const [i, raw] of text
		.replace(/^\uFEFF/, '')
		.split('\n')
		.entries()) {
		const content = raw
			.trim()
			.replace(/(^|\s)#.*$/, '')
			.trim();
		if (content === '') continue;
		try {
			const entry = parseLine(content, i + 1, folder);
			const earlier = lineOf.get(entry.url);
			if (earlier !== undefined) throw new LineError(`${entry.url} is on line ${earlier} already`);
			lineOf.set(entry.url, entry.line);
			entries.push(entry);
		} catch (error) {
			if (!(error instanceof LineError)) throw error;
			problems.push(`${name}:${i + 1}: ${error.message}`);
		}
	}
	if (problems.length > 0) {
		const shown = problems.slice(0, 10);
		if (problems.length > shown.length)
			shown.push(`${problems.length} lines are wrong; the first 10 are shown`);
		throw new PingpoolError('invalid-input', shown.join('\n'), { hint });
	}
	return entries;
}

function parseLine(content: string, line: number, folder: string): WorkerEntry {
	const [first, ...settings] = content.split(/\s+/);
	const url = parseUrl(first!);
	const values = new Map<string, string>();
	for (const setting of settings) {
		const equals = setting.indexOf('=');
		const key = equals < 0 ? setting : setting.slice(0, equals);
		if (!(keys as readonly string[]).includes(key)) throw unknownKey(key, equals < 0);
		if (equals < 0) throw new LineError(`${key} needs a value, as in ${key}=…`);
		if (values.has(key)) throw new LineError(`${key} is given twice`);
		values.set(key, setting.slice(equals + 1));
	}
	const tokenFile = tokenPath(values.get('token-file'), folder);
	if (tokenFile !== undefined && values.has('token')) {
		throw new LineError('token and token-file are both given; one is expected');
	}
	const token =
		tokenFile === undefined ? values.get('token') : readToken(tokenFile, values.get('token-file')!);
	if (token !== undefined && !tokenPattern.test(token)) {
		throw new LineError('the token is empty or has characters in it that no header can carry');
	}
	return { url, token, tokenFile, weight: parseWeight(values.get('weight')), line };
}

function parseUrl(text: string): string {
	// A bare "10.0.0.5:8786" would be read as the scheme "10.0.0.5:", or as no URL.
	if (text.includes('@')) {
		// Not quoted: what stands before the @ is a secret.
		throw new LineError('the URL has a user name or password in it; use token=… or token-file=…');
	}
	if (!/^https?:\/\//i.test(text)) {
		const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
		if (scheme !== undefined)
			throw new LineError(`${quote(text)} starts with ${scheme}; http:// or https:// is expected`);
		throw new LineError(`${quote(text)} is not a URL; http://HOST:8786 or https://… is expected`);
	}
	if (/[\p{Cc}\p{Cf}\uFFFD]/u.test(text))
		throw new LineError(`${quote(text)} has invisible characters in it`);
	const url = URL.parse(text);
	if (url === null) {
		throw new LineError(`${quote(text)} is not a URL; http://HOST:8786 or https://… is expected`);
	}
	if (url.search !== '' || url.hash !== '') {
		throw new LineError('the URL has a query or a fragment in it; only a path is expected');
	}
	return url.origin + url.pathname.replace(/\/+$/, '');
}

function parseWeight(text: string | undefined): number {
	if (text === undefined) return 1;
	const weight = /^[0-9]{1,6}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : 0;
	if (weight <= 0) throw new LineError(`weight=${quote(text)} is no weight; a number above 0 is expected`);
	return weight;
}

function unknownKey(key: string, bare: boolean): LineError {
	// It may be a token that somebody forgot to name, which is not shown.
	if (bare || !/^[a-z][a-z_-]{0,15}$/.test(key))
		return new LineError('there is a word behind the URL that is no setting; KEY=VALUE is expected');
	const near = keys.find((known) => known.startsWith(key.toLowerCase().replaceAll('_', '-').slice(0, 3)));
	const suggestion = near === undefined ? `${keys.join(', ')} are known` : `did you mean ${near}?`;
	return new LineError(`${quote(key)} is no setting of a worker; ${suggestion}`);
}

function tokenPath(file: string | undefined, folder: string): string | undefined {
	if (file === '') throw new LineError('token-file needs a path, as in token-file=worker.token');
	return file === undefined ? undefined : resolve(folder, file);
}

/** @param asWritten the path as the line has it */
function readToken(path: string, asWritten: string): string {
	return readText(path, (problem) => new LineError(`token file ${quote(asWritten)} ${problem}`)).trim();
}

/** @param fail makes the error of the end of a sentence that starts with the file */
function readText(path: string, fail: (problem: string) => Error): string {
	try {
		const stats = statSync(path);
		if (stats.isDirectory()) throw fail('is a folder; a file is expected');
		if (stats.size > fileBytesMax) throw fail(`is larger than ${fileBytesMax} bytes`);
		return readFileSync(path, 'utf8');
	} catch (error) {
		const code = systemErrorCode(error);
		if (error instanceof LineError || error instanceof PingpoolError || code === undefined) throw error;
		if (code === 'ENOENT' || code === 'ENOTDIR') throw fail('does not exist');
		if (code === 'EACCES' || code === 'EPERM') throw fail(`may not be read by this user (${code})`);
		throw fail(`can not be read (${code})`);
	}
}
