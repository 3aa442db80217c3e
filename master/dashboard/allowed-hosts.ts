/**
 * Under which names the dashboard answers. A page of a stranger can have its own name point to this machine (DNS
 * rebinding): its requests come from a browser that may reach us, and to that browser they are of the stranger's own
 * origin. But that name stands in `Host`, and an address in there can not be rebound. So the name must be one of ours:
 *
 * - `localhost`, which browsers never ask DNS for
 * - an address of loopback; behind a listener for more than that, any address
 * - the name that the user gave to listen on
 *
 * Ports are not compared: a tunnel or a container has another one outside.
 */
import { parseIp } from '../../shared/ip.ts';

export interface AllowedHosts {
	/** whether only this machine can connect */
	readonly isLoopback: boolean;
	/** what the user gave to listen on, when it was a name */
	readonly name: string | undefined;
}

/** @param host as in a Host header: a name or an address, perhaps with a port */
export function isAllowedHost(host: string, { isLoopback, name }: AllowedHosts): boolean {
	const [, bracketed, plain] = /^(?:\[([\d:a-f.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(host) ?? [];
	const asked = (bracketed ?? plain ?? '').toLowerCase();
	if (asked === '') return false;
	if (asked === 'localhost' || asked === name?.toLowerCase()) return true;
	return isLoopback ? isLoopbackAddress(asked) : parseIp(asked) !== undefined;
}

/** Whether a text is an address that leads nowhere but to this machine: 127.0.0.0/8, ::1, or the former mapped. */
export function isLoopbackAddress(text: string): boolean {
	const address = parseIp(text);
	if (address === undefined) return false;
	return address.family === 4
		? address.value >>> 24 === 127
		: address.bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
}
