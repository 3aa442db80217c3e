/** How people get to a dashboard. */
import { networkInterfaces } from 'node:os';
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
	const link = `http://${placeOf(name ?? (isAnywhere ? ownAddress() : address), port)}/`;
	if (token === undefined) return link;
	return `${link}?token=${token.isOurs ? token.text : '<the one in PINGPOOL_DASHBOARD_TOKEN>'}`;
}

/** Whether only this machine can connect. */
export function isLocal({ address }: Pick<Listener, 'address'>): boolean {
	return isLoopbackAddress(address);
}

/** The address by which other machines most likely reach this one: IPv4 first, and no virtual bridge. */
function ownAddress(): string {
	const isVirtual = (name: string): boolean =>
		/^(br-|cni|docker|flannel|lxc|tap|tun|veth|virbr|wg)/.test(name);
	const found = Object.entries(networkInterfaces())
		.flatMap(([name, addresses = []]) => addresses.map((each) => ({ ...each, isVirtual: isVirtual(name) })))
		.filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address))
		.sort((a, b) => Number(a.isVirtual) - Number(b.isVirtual) || a.family.localeCompare(b.family));
	return found[0]?.address ?? '127.0.0.1';
}
