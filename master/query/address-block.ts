/**
 * Rows whose address is in a block: a host that is an address, or what a name led to.
 *
 * SQLite can not tell addresses from texts. What it can do fast is to leave out most rows: those of hosts that begin
 * otherwise than all addresses of the block do. The rest is judged by a function of ours, which costs more per row.
 */
import type { Database } from 'better-sqlite3';
import type { CidrSet } from '../../shared/cidr-set.ts';
import { cidrSet } from '../../shared/cidr-set.ts';
import { PingpoolError } from '../../shared/errors.ts';
import type { Cidr } from '../../shared/ip.ts';
import { formatIpv4, mappedIpv4, parseCidr, parseIp } from '../../shared/ip.ts';
import type { BlockSummary } from './block-summary.ts';
import { ipv6High } from './block-summary.ts';

export interface AddressBlock {
	/** of a row */
	readonly sql: string;
	readonly params: readonly string[];
	/** whether a block of rows may have one */
	mayBeIn(rows: BlockSummary): boolean;
}

/** @throws PingpoolError `bad-request` for what is no block */
export function addressBlock(text: string): AddressBlock {
	const cidr = parseCidr(text);
	if (cidr === undefined) throw new PingpoolError('bad-request', 'a block of addresses is expected');
	const mapped = cidr.address.family === 6 && cidr.prefix >= 96 ? mappedIpv4(cidr.address.bytes) : undefined;
	if (mapped !== undefined) return ipv4Block(text, mapped, cidr.prefix - 96);
	if (cidr.address.family === 4) return ipv4Block(text, cidr.address.value, cidr.prefix);
	return ipv6Block(text, cidr);
}

function ipv4Block(text: string, value: number, bits: number): AddressBlock {
	const size = 2 ** (32 - bits);
	const first = Math.floor(value / size) * size;
	const [from, below] = textRange(first, bits);
	return {
		sql: '((host >= ? AND host < ?) OR address IS NOT NULL) AND in_block(?, host, address)',
		params: [from, below, text],
		mayBeIn: ({ ipv4Min, ipv4Max }) => ipv4Min < first + size && ipv4Max >= first,
	};
}

/** Between which texts all addresses of a block stand, as far as whole numbers of them are the same. */
export function textRange(first: number, bits: number): [from: string, below: string] {
	const same = Math.floor(bits / 8);
	// ':' is behind '9', and '/' behind '.'.
	if (same === 0) return ['0', ':'];
	const start = formatIpv4(first).split('.').slice(0, same).join('.');
	return same === 4 ? [start, `${start}\0`] : [`${start}.`, `${start}/`];
}

function ipv6Block(text: string, { address, prefix }: Cidr & { address: { family: 6 | 4 } }): AddressBlock {
	const bytes = address.family === 6 ? address.bytes : new Uint8Array(16);
	const size = 2 ** Math.max(0, 48 - prefix);
	const first = Math.floor(ipv6High(bytes) / size) * size;
	return {
		sql: `(instr(host, ':') OR address IS NOT NULL) AND in_block(?, host, address)`,
		params: [text],
		mayBeIn: ({ ipv6Min, ipv6Max }) => ipv6Min < first + size && ipv6Max >= first,
	};
}

/** Adds `in_block(block, host, address)` to a connection. */
export function addBlockFunction(db: Database): void {
	let lastText: unknown;
	let lastSet: CidrSet | undefined;
	db.function(
		'in_block',
		{ deterministic: true, directOnly: true },
		(text: unknown, host: unknown, address: unknown) => {
			if (text !== lastText) {
				lastSet = cidrSet([parseCidr(String(text))!]);
				lastText = text;
			}
			const parsed = parseIp(String(address ?? host));
			return parsed !== undefined && lastSet!.has(parsed) ? 1 : 0;
		},
	);
}
