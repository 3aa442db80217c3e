/**
 * A worker's settings as text, from arguments or the environment: what each may be, and what it is by default.
 * The same rules and messages hold in every runtime.
 */

import { quote } from '../shared/display.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { Cidr } from '../shared/ip.ts';
import { parseCidr } from '../shared/ip.ts';
import { hostsInFlightMax, hostsPerRequestMax } from '../shared/limits.ts';
import type { PortRange } from '../shared/ports.ts';
import { parsePorts } from '../shared/ports.ts';
import { InvalidTargetError, parseTarget } from '../shared/target.ts';

/** How one setting is read. */
export interface Setting<Value> {
	/** its environment variable */
	readonly variable: string;
	/** @throws PingpoolError `usage` that says what was expected */
	parse(text: string): Value;
}

/** A token of this many characters, if random, is beyond guessing; shorter ones are taken for words. */
const tokenLengthMin = 16;
const tokenLengthMax = 1_024;

/** Cloudflare's paid plans: subrequests of one request. */
const subrequestsMax = 10_000;

/** The port that a worker listens on by default; the one that Dask's scheduler had. */
export const portDefault = 8786;

export const icmpModes = ['auto', 'datagram', 'raw', 'command', 'off'] as const;
export type IcmpMode = (typeof icmpModes)[number];

export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** From the most to the least important. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Which addresses the ceiling per prefix holds for. */
export const prefixRateScopes = ['public', 'all'] as const;
export type PrefixRateScope = (typeof prefixRateScopes)[number];

export const settings = {
	host: setting('PINGPOOL_HOST', listenHost),
	tokenFile: setting('PINGPOOL_TOKEN_FILE', path),
	quiet: setting('PINGPOOL_QUIET', yesOrNo),
	logFormat: setting('PINGPOOL_LOG_FORMAT', oneOf(logFormats)),
	logLevel: setting('PINGPOOL_LOG_LEVEL', oneOf(logLevels)),
	port: setting('PINGPOOL_PORT', wholeNumber(0, 65_535)),
	rate: setting('PINGPOOL_RATE', rate),
	prefixRate: setting('PINGPOOL_PREFIX_RATE', rate),
	prefixRateFor: setting('PINGPOOL_PREFIX_RATE_FOR', oneOf(prefixRateScopes)),
	callerRate: setting('PINGPOOL_CALLER_RATE', rate),
	allow: setting('PINGPOOL_ALLOW', cidrs),
	deny: setting('PINGPOOL_DENY', cidrs),
	allowFile: setting('PINGPOOL_ALLOW_FILE', path),
	denyFile: setting('PINGPOOL_DENY_FILE', path),
	optOutFile: setting('PINGPOOL_OPT_OUT_FILE', path),
	ports: setting('PINGPOOL_PORTS', ports),
	tlsCert: setting('PINGPOOL_TLS_CERT', path),
	tlsKey: setting('PINGPOOL_TLS_KEY', path),
	tlsSelfSigned: setting('PINGPOOL_TLS_SELF_SIGNED', yesOrNo),
	tlsClientCa: setting('PINGPOOL_TLS_CLIENT_CA', path),
	batch: setting('PINGPOOL_BATCH', wholeNumber(1, hostsPerRequestMax)),
	maxHostsInFlight: setting('PINGPOOL_MAX_HOSTS_IN_FLIGHT', wholeNumber(1, hostsInFlightMax)),
	icmp: setting('PINGPOOL_ICMP', oneOf(icmpModes)),
	contact: setting('PINGPOOL_CONTACT', contact),
	noAuth: setting('PINGPOOL_NO_AUTH', yesOrNo),
	/** Cloudflare only: probes of one request, by its plan's subrequests */
	probes: setting('PINGPOOL_PROBES', wholeNumber(1, subrequestsMax)),
	/** lines as well: what a token file with two has in it */
	token: setting('PINGPOOL_TOKEN', (text) => parseTokens(text.split(/[,\n]/))),
};

/**
 * Reads a setting from the environment, where an empty text stands for none.
 *
 * @throws PingpoolError `usage` that names the variable
 */
export function fromEnvironment<Value>(
	{ variable, parse }: Setting<Value>,
	environment: Readonly<Record<string, unknown>>,
): Value | undefined {
	const text = environment[variable];
	if (typeof text !== 'string' || text.trim() === '') return undefined;
	try {
		return parse(text);
	} catch (error) {
		if (!(error instanceof PingpoolError)) throw error;
		throw new PingpoolError('usage', `${variable}: ${error.message}`, {
			cause: error,
			...(error.hint === undefined ? {} : { hint: error.hint }),
		});
	}
}

/**
 * Bearer tokens: one, or two while one replaces the other. Their texts never stand in a message.
 *
 * @throws PingpoolError `usage`
 */
export function parseTokens(texts: readonly string[]): string[] {
	const tokens = texts.map((text) => text.trim()).filter((text) => text !== '');
	const hint = 'pingpool token makes a good one';
	if (tokens.length === 0) throw new PingpoolError('usage', 'a token is expected', { hint });
	if (tokens.length > 2) {
		throw new PingpoolError('usage', `at most two tokens are accepted at a time, not ${tokens.length}`);
	}
	for (const token of tokens) {
		if (/\s/.test(token)) throw new PingpoolError('usage', 'a token has no white space in it', { hint });
		if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) {
			throw new PingpoolError('usage', 'a token is made of letters, digits and . _ ~ + / - (RFC 6750)', {
				hint,
			});
		}
		if (token.length < tokenLengthMin || token.length > tokenLengthMax) {
			throw new PingpoolError(
				'usage',
				`a token has ${tokenLengthMin} to ${tokenLengthMax} characters, not ${token.length}`,
				{ hint },
			);
		}
		if (new Set(token).size < 6) {
			throw new PingpoolError('usage', 'a token is random, not a few characters over and over', { hint });
		}
	}
	return tokens;
}

function setting<Value>(variable: string, parse: (text: string) => Value): Setting<Value> {
	return { variable, parse };
}

function wholeNumber(min: number, max: number): (text: string) => number {
	return (text) => {
		const value = /^[0-9]{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
		if (value >= min && value <= max) return value;
		throw expected(text, `a whole number from ${min} to ${max}`);
	};
}

function path(text: string): string {
	if (text.trim() !== '') return text;
	throw expected(text, 'a path');
}

/** What may stand in the comment of a User-Agent: without parentheses, it can not end it. */
function contact(text: string): string {
	if (/^[\x20-\x27\x2a-\x5b\x5d-\x7e]{3,200}$/.test(text.trim())) return text.trim();
	throw expected(text, 'an address or a URL of 3 to 200 characters, as in abuse@example.org');
}

function listenHost(text: string): string {
	try {
		const { address, name, port, scheme, text: canonical } = parseTarget(text.trim());
		if (port === undefined && scheme === undefined) return address === undefined ? name! : canonical;
	} catch (error) {
		if (!(error instanceof InvalidTargetError)) throw error;
	}
	throw expected(text, 'an address of this machine, without a port');
}

function rate(text: string): number {
	const value = /^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(text.trim()) ? Number(text) : Number.NaN;
	if (value >= 0) return value;
	throw expected(text, 'a number of probes per second, 0 for no ceiling');
}

function cidrs(text: string): Cidr[] {
	return text
		.split(/[\s,]+/)
		.filter((part) => part !== '')
		.map((part) => {
			const cidr = parseCidr(part);
			if (cidr === undefined) throw expected(part, 'an address or a block, as in 10.0.0.0/8 or fd00::/8');
			return cidr;
		});
}

function ports(text: string): readonly PortRange[] {
	const ranges = parsePorts(text);
	if (ranges === undefined) throw expected(text, 'ports and ranges of ports, as in 22,80,8000-8999');
	return ranges;
}

function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
	return (text) => {
		const word = words.find((name) => name === text.trim());
		if (word === undefined) throw expected(text, `one of ${words.join(', ')}`);
		return word;
	};
}

function yesOrNo(text: string): boolean {
	const word = text.trim().toLowerCase();
	if (['1', 'true', 'yes', 'on'].includes(word)) return true;
	if (['0', 'false', 'no', 'off'].includes(word)) return false;
	throw expected(text, '1 or 0');
}

function expected(text: string, what: string): PingpoolError {
	return new PingpoolError('usage', `expected ${what}, not ${quote(text)}`);
}
