/** Whether this machine has a way to an address at all. */
import { createSocket } from 'node:dgram';
import { systemErrorCode } from '../../shared/errors.ts';
import type { IpAddress } from '../../shared/ip.ts';
import { formatIp } from '../../shared/ip.ts';

/** Any port does: connecting a UDP socket looks the route up and sends nothing. */
const anyPort = 9;

/**
 * Asks the kernel for a route, as `connect` on a UDP socket does.
 *
 * @returns whether there is one; `undefined` when no socket could be had to ask with
 */
export function hasLocalRoute(address: IpAddress): Promise<boolean | undefined> {
	return new Promise((resolve) => {
		const socket = createSocket(address.family === 4 ? 'udp4' : 'udp6');
		let settled = false;
		const settle = (error: unknown): void => {
			if (settled) return;
			settled = true;
			resolve(isShortage(error) ? undefined : !error);
			socket.close();
		};
		socket.on('error', settle);
		socket.connect(anyPort, formatIp(address), settle as () => void);
	});
}

/** Node binds a socket before it connects it, so asking needs a port too: none left is EADDRINUSE. */
const shortages = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN', 'EADDRINUSE'];

function isShortage(error: unknown): boolean {
	return shortages.includes(systemErrorCode(error) ?? '');
}
