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
 * @returns false when there is none; true when there is one, or when no socket could be had to ask with
 */
export function hasLocalRoute(address: IpAddress): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = createSocket(address.family === 4 ? 'udp4' : 'udp6');
		let settled = false;
		const settle = (reachable: boolean): void => {
			if (settled) return;
			settled = true;
			resolve(reachable);
			socket.close();
		};
		socket.on('error', (error) => settle(isShortage(error)));
		socket.connect(anyPort, formatIp(address), (error?: Error) => {
			settle(error === undefined || error === null || isShortage(error));
		});
	});
}

function isShortage(error: unknown): boolean {
	return ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN'].includes(systemErrorCode(error) ?? '');
}
