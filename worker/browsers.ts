/**
 * A worker without a token is for programs of its own machine. A browser runs on that machine, too, and does what
 * strangers' pages tell it to: what it sends is known by headers that no page can leave out or make up. `Origin` is
 * on every request of a page but plain GETs, `Sec-Fetch-Site` on all of them; and a page that had its own name point
 * to loopback (DNS rebinding) is known by that name in `Host`.
 */
import { PingpoolError } from '../shared/errors.ts';
import { parseIp } from '../shared/ip.ts';
import { isLoopback } from '../shared/special-purpose.ts';

/** @throws PingpoolError `unauthorized` for what may come from a web page */
export function refuseBrowsers({ headers, url }: Request): void {
	const site = headers.get('sec-fetch-site');
	// `none` is an address that the user typed.
	if (headers.has('origin') || (site !== null && site !== 'none')) {
		throw new PingpoolError('unauthorized', 'requests from web pages need a worker with a token');
	}
	const host = headers.get('host');
	if (isLoopbackName(new URL(url).host) && (host === null || isLoopbackName(host))) return;
	throw new PingpoolError(
		'unauthorized',
		'a worker without a token answers to loopback addresses and localhost',
		{
			details: { expected: 'Host: 127.0.0.1, [::1] or localhost' },
		},
	);
}

/** What proxies add to a request of somebody else. It is never believed, and shows that there is one. */
const forwardedHeaders = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * Whether a program of this machine asks, for itself: no web page, and no proxy for whoever is elsewhere.
 *
 * @param caller its address, as the connection has it
 */
export function isLocalProgram(request: Request, caller: string | undefined): boolean {
	const address = caller === undefined ? undefined : parseIp(caller);
	if (address === undefined || !isLoopback(address)) return false;
	if (forwardedHeaders.some((name) => request.headers.has(name))) return false;
	try {
		refuseBrowsers(request);
		return true;
	} catch {
		return false;
	}
}

/** @param host as in a Host header: a name or an address, perhaps with a port */
function isLoopbackName(host: string): boolean {
	const [, bracketed, plain] = /^(?:\[([\d:a-f.]+)\]|([^:[\]]+))(?::\d*)?$/i.exec(host) ?? [];
	const name = (bracketed ?? plain ?? '').toLowerCase();
	if (name === 'localhost') return true;
	const address = parseIp(name);
	return address !== undefined && isLoopback(address);
}
