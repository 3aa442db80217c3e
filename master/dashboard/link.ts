/** How people get to a dashboard. */
import { networkInterfaces } from 'node:os';
import { likelyAddress } from '../../shared/likely-address.ts';
import { isLoopbackAddress } from './allowed-hosts.ts';
import type { Listener } from './listen.ts';
import { placeOf } from './listen.ts';
import type { DashboardToken } from './token.ts';

/**
 * @param name what the user gave to listen on, when it was a name
 * @param token a token that we made is in the link, as nobody has it from elsewhere; the user's own is not, because
 *   what is printed may be kept
 */
export function linkOf(
	{ address, port }: Pick<Listener, 'address' | 'port'>,
	name: string | undefined,
	token: DashboardToken | undefined,
): string {
	const isAnywhere = address === '0.0.0.0' || address === '::';
	const link = `http://${placeOf(name ?? (isAnywhere ? likelyAddress(networkInterfaces()) : address), port)}/`;
	if (token === undefined) return link;
	return `${link}?token=${token.isOurs ? token.text : '<the one in PINGPOOL_DASHBOARD_TOKEN>'}`;
}

/** Whether only this machine can connect. */
export function isLocal({ address }: Pick<Listener, 'address'>): boolean {
	return isLoopbackAddress(address);
}
