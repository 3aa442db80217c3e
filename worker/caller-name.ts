/** Who counts as one caller: an address, or what one machine has of IPv6. */
import { parseIp } from '../shared/ip.ts';

/** @param address as the server sees it; callers without one are one */
export function callerName(address = ''): string {
	const parsed = parseIp(address);
	return parsed?.family === 6 ? parsed.bytes.subarray(0, 8).join('.') : address;
}
