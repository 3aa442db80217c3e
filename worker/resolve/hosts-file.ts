/** The hosts file (hosts(5)): an address, then the names that stand for it, a line. */
import type { IpAddress } from '../../shared/ip.ts';
import { parseIp } from '../../shared/ip.ts';

/** By name in lower case: at most one address of each family, the first that the file has. */
export type HostsTable = ReadonlyMap<string, readonly IpAddress[]>;

/** @param text of the file; lines that are none are passed over, as the system does */
export function parseHosts(text: string): HostsTable {
	const table = new Map<string, IpAddress[]>();
	for (const line of text.split('\n')) {
		const hash = line.indexOf('#');
		const [first, ...names] = (hash < 0 ? line : line.slice(0, hash)).trim().split(/\s+/);
		const address = first === undefined ? undefined : parseIp(first);
		if (address === undefined) continue;
		for (const name of names) {
			const key = name.toLowerCase();
			const addresses = table.get(key);
			if (addresses === undefined) table.set(key, [address]);
			else if (!addresses.some(({ family }) => family === address.family)) addresses.push(address);
		}
	}
	return table;
}
