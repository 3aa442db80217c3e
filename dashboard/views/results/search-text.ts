/**
 * What someone means by a text in the search box: a block of addresses, which an index finds at once, or a part of a
 * host's name.
 */
import { type Cidr, formatIp, type IpAddress, parseCidr } from '../../../shared/ip.ts';

/** One of the two is set, or none for an empty text. */
export interface Search {
	readonly prefix: string | null;
	readonly q: string | null;
}

/**
 * `10.0.0.0/8`, `fd00::/8` and whole addresses are blocks, and so is what was begun with whole parts of an IPv4
 * address: `10.`, `10.1.`, `10.1.2.*`. Everything else is a part of the text.
 */
export function searchOf(text: string): Search {
	const said = text.trim();
	if (said === '') return { prefix: null, q: null };
	const cidr = parseCidr(said) ?? begunIpv4(said);
	return cidr === undefined ? { prefix: null, q: said } : { prefix: blockText(cidr), q: null };
}

/** What the box shows for a search. */
export function searchText(search: Search): string {
	return search.prefix ?? search.q ?? '';
}

function begunIpv4(text: string): Cidr | undefined {
	const match = /^((?:[0-9]{1,3}\.){1,3})\*?$/.exec(text);
	if (match === null) return undefined;
	const parts = match[1]!.split('.').slice(0, -1);
	return parseCidr(`${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${parts.length * 8}`);
}

/** With no bit behind its length; a single address without a length. */
function blockText(cidr: Cidr): string {
	const { address, prefix } = cidr;
	const bits = address.family === 4 ? 32 : 128;
	if (prefix === bits) return formatIp(address);
	return `${formatIp(masked(address, prefix))}/${prefix}`;
}

function masked(address: IpAddress, prefix: number): IpAddress {
	if (address.family === 4) {
		const mask = prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
		return { family: 4, value: (address.value & mask) >>> 0 };
	}
	const bytes = address.bytes.map((byte, i) => {
		const kept = Math.max(0, Math.min(8, prefix - i * 8));
		return byte & (0xff << (8 - kept));
	});
	return { family: 6, bytes };
}
