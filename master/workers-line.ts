/**
 * One line of workers.txt: `URL [token=…|token-file=…] [pin=…[,…]|ca=…] [weight=…]`. Messages never have a token in
 * them.
 */
import { resolve } from 'node:path';
import { quote } from '../shared/display.ts';
import type { Fingerprint } from '../shared/fingerprint.ts';
import { parseFingerprint } from '../shared/fingerprint.ts';
import { parseIp } from '../shared/ip.ts';
import { hostBytesMax, tokenFileBytesMax } from '../shared/limits.ts';
import { isGloballyReachable } from '../shared/special-purpose.ts';
import { suggest } from '../shared/suggest.ts';
import { tokenPattern } from './bearer-token.ts';
import { readText } from './read-text.ts';
import { readAuthorities } from './transport/tls-files.ts';

export interface WorkerEntry {
	/** origin and path, without a trailing slash: what `/ping` is put behind */
	readonly url: string;
	readonly token: string | undefined;
	/** path of the file that the token comes from */
	readonly tokenFile: string | undefined;
	/** one of which its certificate's fingerprint has to be; then nothing else of it counts */
	readonly pins: readonly Fingerprint[] | undefined;
	/** PEM of the authorities that its certificate has to be from, and the path of the file that they come from */
	readonly ca: string | undefined;
	readonly caFile: string | undefined;
	/** share of the work relative to the others; above 0 */
	readonly weight: number;
	/** line of the file, counted from 1 */
	readonly line: number;
}

/** What a line is read by, beside what stands in it. */
export interface LineContext {
	/** what files are relative to */
	readonly folder: string;
	/** of workers whose line names none. Default: none */
	readonly token?: string | undefined;
	/** whether a token may go to a public address over plain HTTP. Default: it may not */
	readonly allowPlainHttp?: boolean;
}

const keys = ['token', 'token-file', 'pin', 'ca', 'weight'] as const;

/** The end of a sentence that starts with the file and line. */
export class LineError extends Error {}

/**
 * @param content of the line, which is not empty, without its comment
 * @param line counted from 1
 * @throws LineError
 */
export function parseLine(content: string, line: number, context: LineContext): WorkerEntry {
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
	for (const [one, other] of [
		['token', 'token-file'],
		['pin', 'ca'],
	] as const) {
		if (values.has(one) && values.has(other))
			throw new LineError(`${one} and ${other} are both given; one is expected`);
	}
	const tokenFile = pathOf('token-file', values, context);
	const caFile = pathOf('ca', values, context);
	const token =
		tokenFile === undefined ? values.get('token') : readToken(tokenFile, values.get('token-file')!);
	if (token !== undefined && !tokenPattern.test(token)) {
		throw new LineError('the token is empty or has characters in it that no header can carry');
	}
	checkScheme(url, values, { ...context, token: token ?? context.token });
	return {
		url,
		token,
		tokenFile,
		pins: values.get('pin')?.split(',').map(parsePin),
		ca: caFile === undefined ? undefined : readCa(caFile, values.get('ca')!),
		caFile,
		weight: parseWeight(values.get('weight')),
		line,
	};
}

function parseUrl(text: string): string {
	if (text.length > hostBytesMax) {
		throw new LineError(`the URL is ${text.length} characters long; at most ${hostBytesMax}`);
	}
	// A bare "10.0.0.5:8786" would be read as the scheme "10.0.0.5:", or as no URL.
	if (text.includes('@')) {
		// Not quoted: what stands before the @ is a secret.
		throw new LineError('the URL has a user name or password in it; use token=… or token-file=…');
	}
	if (/token(-file)?[=:]/i.test(text)) {
		// Not quoted either, nor shown as a part of the worker's name.
		throw new LineError('the URL has a token in it; URL token=… is expected, with a space between them');
	}
	if (!/^https?:\/\//i.test(text)) {
		const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
		if (scheme !== undefined)
			throw new LineError(
				`${quote(text)} starts with ${scheme.slice(0, 20)}; http:// or https:// is expected`,
			);
		// As long as this, and without what parts a host, it may be a token that stands before its URL.
		const shown = /^[\w+/=~-]{20,}$/.test(text) ? 'the first word' : quote(text);
		throw new LineError(`${shown} is not a URL; http://HOST:8786 or https://… is expected`);
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
	let end = url.pathname.length;
	while (url.pathname[end - 1] === '/') end -= 1;
	return url.origin + url.pathname.slice(0, end);
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
	const near = suggest(key, keys);
	const suggestion = near === undefined ? `${keys.join(', ')} are known` : `did you mean ${near}?`;
	return new LineError(`${quote(key)} is no setting of a worker; ${suggestion}`);
}

function pathOf(
	key: 'token-file' | 'ca',
	values: ReadonlyMap<string, string>,
	{ folder }: LineContext,
): string | undefined {
	const file = values.get(key);
	if (file === '')
		throw new LineError(`${key} needs a path, as in ${key}=worker.${key === 'ca' ? 'pem' : 'token'}`);
	return file === undefined ? undefined : resolve(folder, file);
}

/**
 * The token of a file; of two, which a worker's own file has while one replaces the other, the first.
 *
 * @param asWritten the path as the line has it
 */
function readToken(path: string, asWritten: string): string {
	const text = readText(path, {
		bytesMax: tokenFileBytesMax,
		fail: (problem) => new LineError(`token file ${quote(asWritten)} ${problem}`),
	});
	return text.trim().split('\n')[0]!.trim();
}

/** @param asWritten the path as the line has it */
function readCa(path: string, asWritten: string): string {
	return readAuthorities(path, (problem) => new LineError(`ca file ${quote(asWritten)} ${problem}`));
}

function parsePin(text: string): Fingerprint {
	const pin = parseFingerprint(text);
	if (pin !== undefined) return pin;
	// Not quoted: somebody may have put a token there.
	throw new LineError(
		`the pin is no fingerprint; sha256: and 64 hexadecimal digits are expected, as the worker prints it`,
	);
}

/** What a line asks for that its scheme does not give. */
function checkScheme(url: string, values: ReadonlyMap<string, string>, context: LineContext): void {
	const { hostname, protocol } = new URL(url);
	if (protocol === 'https:') return;
	const ofTls = ['pin', 'ca'].find((key) => values.has(key));
	if (ofTls !== undefined)
		throw new LineError(`${ofTls} goes with https://, and the URL starts with http://`);
	if (context.token === undefined || context.allowPlainHttp === true) return;
	// What a name leads to is known when it is connected to (transport/connector.ts).
	const address = parseIp(hostname.replace(/^\[|\]$/g, ''));
	if (address === undefined || !isGloballyReachable(address)) return;
	throw new LineError(
		`${hostname} is a public address, where a token does not go over plain HTTP: use https:// (pingpool worker --tls-self-signed), or give --allow-plain-http`,
	);
}
