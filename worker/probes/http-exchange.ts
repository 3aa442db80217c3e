/** The words of an HTTP probe: what is asked, and what the first line of the answer says. */
import { formatIp } from '../../shared/ip.ts';
import type { Reason } from '../../shared/outcome.ts';
import { version } from '../version.ts';
import type { ProbeHost } from './probe.ts';

/**
 * What every probe calls itself (RFC 9110 section 10.1.5), so that who finds it in a log knows what it was, and whom
 * to ask to stop.
 *
 * @param contact visible ASCII without parentheses (worker/config.ts); `undefined` when the operator gave none
 */
export function userAgentOf(contact: string | undefined): string {
	const whom = contact === undefined ? 'see SECURITY.md of pingpool' : `contact ${contact}`;
	return `pingpool/${version} (host availability probe; ${whom})`;
}

const httpPort = 80;
const httpsPort = 443;

export interface HttpRequest {
	readonly secure: boolean;
	/** name or address, IPv6 in brackets, with the port where it is not the usual one: the Host header */
	readonly authority: string;
	/** path and query */
	readonly path: string;
}

/** The request for a host: its URL's, or `/` of a host without scheme, over TLS when that is asked on port 443. */
export function requestOf({ target, port }: Pick<ProbeHost, 'target' | 'port'>): HttpRequest {
	const secure = target.scheme === 'https' || (target.scheme === undefined && port === httpsPort);
	const { address } = target;
	const name = address === undefined ? target.name! : formatIp(address);
	const host = address?.family === 6 ? `[${name}]` : name;
	const usual = port === undefined || port === (secure ? httpsPort : httpPort);
	return { secure, authority: usual ? host : `${host}:${port}`, path: target.path ?? '/' };
}

/**
 * The bytes of the request. GET, not HEAD: many servers answer HEAD with 405, 501 or not at all, and look down
 * while every browser reaches them. The connection is closed at the answer's head, so no body is paid for.
 */
export function requestHead({ authority, path }: HttpRequest, userAgent: string): string {
	return (
		`GET ${path} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: ${userAgent}\r\n` +
		'Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n'
	);
}

/** Why a status is not up; `undefined` when it is. Below 500 the server understood and is at work. */
export function reasonOfStatus(status: number): Reason | undefined {
	return status >= 500 ? 'http-5xx' : undefined;
}

/**
 * The status in what an HTTP/1 server has sent so far (RFC 9112 section 4), interim answers (1xx) skipped.
 *
 * @param text the bytes received, one character each
 * @returns `undefined` while more is needed, `'invalid'` when this is no HTTP
 */
export function statusOf(text: string): number | 'invalid' | undefined {
	let from = 0;
	for (;;) {
		const line = text.slice(from, from + statusLine.length);
		for (let i = 0; i < line.length; i += 1) {
			if (!fits(statusLine[i]!, line.charCodeAt(i))) return 'invalid';
		}
		if (line.length < statusLine.length) return undefined;
		const status = Number(line.slice(9, 12));
		if (status < 100 || status > 599) return 'invalid';
		if (status >= 200 || status === 101) return status;
		const end = text.indexOf('\r\n\r\n', from);
		if (end < 0) return undefined;
		from = end + 4;
	}
}

/** A status line up to the character behind its status: `d` stands for a digit, `$` for a space or the end. */
const statusLine = 'HTTP/1.d ddd$';

function fits(pattern: string, code: number): boolean {
	if (pattern === 'd') return code >= 48 && code <= 57;
	return pattern === '$' ? code === 32 || code === 13 || code === 10 : pattern.charCodeAt(0) === code;
}
