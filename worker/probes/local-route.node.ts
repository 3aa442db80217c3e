/** Whether this machine has a way to an address at all, and whether that is to all of a link. */
import { createSocket } from 'node:dgram';
import { systemErrorCode } from '../../shared/errors.ts';
import type { IpAddress } from '../../shared/ip.ts';
import { formatIp } from '../../shared/ip.ts';

/** Any port does: connecting a UDP socket looks the route up and sends nothing. */
const anyPort = 9;

/** `broadcast` for an IPv4 address of all machines of a link; `unknown` when no socket could be had to ask with. */
type LocalRoute = 'found' | 'none' | 'broadcast' | 'unknown';

/**
 * Asks the kernel for a route, as `connect` on a UDP socket does.
 *
 * @param address to which a TCP connect has said that it is unreachable: a route that prohibits says EACCES to both,
 *   and so can not be meant here by the EACCES of a broadcast address (Linux's connect(2))
 */
export function localRouteTo(address: IpAddress): Promise<LocalRoute> {
	return new Promise((resolve) => {
		const socket = createSocket(address.family === 4 ? 'udp4' : 'udp6');
		let settled = false;
		const settle = (error: unknown): void => {
			if (settled) return;
			settled = true;
			resolve(routeOf(error, address.family));
			socket.close();
		};
		socket.on('error', settle);
		socket.connect(anyPort, formatIp(address), settle as () => void);
	});
}

/** Node binds a socket before it connects it, so asking needs a port too: none left is EADDRINUSE. */
const shortages = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN', 'EADDRINUSE'];

function routeOf(error: unknown, family: 4 | 6): LocalRoute {
	if (!error) return 'found';
	const code = systemErrorCode(error) ?? '';
	if (shortages.includes(code)) return 'unknown';
	return code === 'EACCES' && family === 4 ? 'broadcast' : 'none';
}
