/** Who counts as one caller: an address, or what one machine has of IPv6. */
import { parseIp } from '../shared/ip.ts';

/** @param address as the server sees it; callers without one are one */
export function callerName(address = ''): string {
	// An interface's name behind it (fe80::1%eth0) is this machine's affair.
	const parsed = parseIp(address.replace(/%.*$/, ''));
	return parsed?.family === 6 ? parsed.bytes.subarray(0, 8).join('.') : address;
}
