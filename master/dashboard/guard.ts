/**
 * What every request to the dashboard has to pass, whoever sends it. A browser sends what strangers' pages tell it to;
 * by headers that no page can leave out or make up, such requests are known:
 *
 * 1. `Host` names us (allowed-hosts.ts).
 * 2. `Origin`, where there is one, is ours. It stands on every request that is not GET or HEAD.
 * 3. `Sec-Fetch-Site`, where there is one, says that the request is of a page of ours, or of nobody's (an address that
 *    was typed). From elsewhere, a page of ours may be opened, in a window of its own, and nothing else: neither asked
 *    for data nor used as an image or a script, by which a stranger could find out that we are here.
 * 4. It only asks: there is no other method than GET and HEAD.
 */
import { escapeUnsafe, quote } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import type { AllowedHosts } from './allowed-hosts.ts';
import { isAllowedHost } from './allowed-hosts.ts';

/**
 * @param isPage whether the path is one of the page's own, which a link from elsewhere may lead to
 * @throws PingpoolError `misdirected`, `forbidden` or `method-not-allowed`
 */
export function checkRequest({ method, headers, url }: Request, hosts: AllowedHosts, isPage: boolean): void {
	const target = new URL(url).host;
	const host = headers.get('host') ?? target;
	// They differ where the request's first line has a whole URL.
	const wrong = [host, target].find((each) => !isAllowedHost(each, hosts));
	if (wrong !== undefined) {
		throw new PingpoolError('misdirected', `the dashboard does not go by the name ${quote(wrong)}`, {
			hint: 'open it by its address; or give it the name to listen on, as in --dashboard pings.lan:8787',
		});
	}
	const origin = headers.get('origin');
	if (origin !== null && hostOf(origin) !== host.toLowerCase()) {
		throw new PingpoolError('forbidden', 'requests of other pages are refused (Origin)');
	}
	const site = headers.get('sec-fetch-site');
	const isOpened =
		isPage && headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document';
	if (site !== null && site !== 'same-origin' && site !== 'none' && !isOpened) {
		throw new PingpoolError('forbidden', 'requests of other pages are refused (Sec-Fetch-Site)');
	}
	if (method !== 'GET' && method !== 'HEAD') {
		throw new PingpoolError(
			'method-not-allowed',
			`the dashboard does not take ${escapeUnsafe(method.slice(0, 20))}`,
			{
				details: { allow: 'GET, HEAD' },
			},
		);
	}
}

/** `host:port` of an origin; `undefined` for `null` and for what is none. */
function hostOf(origin: string): string | undefined {
	return /^https?:\/\/([^/?#@]+)$/i.exec(origin)?.[1]?.toLowerCase();
}
