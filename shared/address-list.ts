/**
 * A file of addresses: one address, block (`10.0.0.0/8`) or range (`10.0.0.1-10.0.0.9`) a line, `#` before a
 * comment. Nothing in it is guessed at: one wrong line makes the whole of it wrong, and so does having nothing in it,
 * not even a comment, which is how a file looks that is being written or was cut off.
 */
import type { CidrSet } from './cidr-set.ts';
import { CidrSetBuilder } from './cidr-set.ts';
import { quote } from './display.ts';
import { PingpoolError } from './errors.ts';
import { mappedIpv4, parseCidr, parseIpv4, parseIpv6 } from './ip.ts';
import { addressListBlocksMax } from './limits.ts';
import { InvalidTargetError, parseTarget } from './target.ts';

/** Wrong lines that a message names. */
const shownMax = 10;

/**
 * @param text of the file; a byte order mark and CRLF are no part of its lines
 * @param name what messages call the file
 * @throws PingpoolError `usage` that names every wrong line, the first ten in words
 */
export function parseAddressList(text: string, name: string): CidrSet {
	const builder = new CidrSetBuilder();
	const shown: string[] = [];
	let wrong = 0;
	if (text.trim() === '') {
		throw new PingpoolError('usage', `${quote(name)} is empty`, {
			hint: 'if there is nothing to list, say so in a comment: # nothing yet',
		});
	}
	for (let start = text.startsWith('\ufeff') ? 1 : 0, line = 1; start <= text.length; line += 1) {
		const newline = text.indexOf('\n', start);
		const end = newline < 0 ? text.length : newline;
		const problem = addEntry(entryOf(text, start, end), builder);
		if (problem !== undefined) {
			wrong += 1;
			if (shown.length < shownMax) shown.push(`${name}:${line}: ${problem}`);
		}
		start = end + 1;
	}
	if (wrong > 0) {
		const more = wrong > shownMax ? `\n${wrong} lines are wrong; these are the first ${shownMax}` : '';
		throw new PingpoolError('usage', `${shown.join('\n')}${more}`, {
			hint: 'one address, block or range a line, as in 192.0.2.1, 10.0.0.0/8 or fd00::1-fd00::ff; # before a comment',
		});
	}
	if (builder.count > addressListBlocksMax) {
		throw new PingpoolError(
			'usage',
			`${quote(name)} has ${builder.count} entries; at most ${addressListBlocksMax}`,
			{
				hint: 'join blocks that are beside each other',
			},
		);
	}
	return builder.build();
}

/** What stands on a line, without its comment. One with a carriage return within is an entry whatever it starts with:
 * lines that end so alone would all be part of the first one's comment, and a list of denials would be none. */
function entryOf(text: string, start: number, end: number): string {
	const line = text.slice(start, end);
	const hash = line.indexOf('#');
	if (hash < 0) return line.trim();
	const carriageReturn = line.indexOf('\r', hash);
	const isCut = carriageReturn >= 0 && carriageReturn < line.length - 1;
	return (isCut ? line : line.slice(0, hash)).trim();
}

/** @returns what is wrong, as a sentence that quotes the entry */
function addEntry(entry: string, builder: CidrSetBuilder): string | undefined {
	if (entry === '') return undefined;
	const value = parseIpv4(entry);
	if (value >= 0) {
		builder.addIpv4(value, value);
		return undefined;
	}
	const block = parseCidr(entry);
	if (block !== undefined) {
		builder.addCidr(block);
		return undefined;
	}
	const dash = entry.indexOf('-');
	const first = dash < 0 ? '' : entry.slice(0, dash).trim();
	const last = entry.slice(dash + 1).trim();
	const isRange = parseIpv4(first) >= 0 || parseIpv6(first) !== undefined;
	const problem = isRange ? addRange(first, last, builder) : problemOf(entry);
	return problem && `${quote(entry)} ${problem}`;
}

function addRange(from: string, to: string, builder: CidrSetBuilder): string | undefined {
	const first = parseIpv4(from);
	if (first >= 0) {
		const last = parseIpv4(to);
		if (last < 0) return 'is no range: an IPv4 address is expected behind the hyphen';
		if (last < first) return 'is no range: it ends before it starts';
		builder.addIpv4(first, last);
		return undefined;
	}
	const start = parseIpv6(from)!;
	const end = parseIpv6(to);
	if (end === undefined) return 'is no range: an IPv6 address is expected behind the hyphen';
	const place = start.findIndex((byte, i) => byte !== end[i]);
	if (place >= 0 && end[place]! < start[place]!) return 'is no range: it ends before it starts';
	if ((mappedIpv4(start) === undefined) !== (mappedIpv4(end) === undefined)) {
		return 'is no range: one end of it is an IPv4 address (in ::ffff:0:0/96), the other is none';
	}
	builder.addIpv6(start, end);
	return undefined;
}

function problemOf(entry: string): string {
	if (/\s/.test(entry)) return 'has white space in it: one entry a line is expected';
	if (entry.includes('%')) return 'has a zone, which means something on one machine only';
	const slash = entry.indexOf('/');
	if (slash >= 0 && parseCidr(entry.slice(0, slash)) !== undefined) {
		return `is no block: /0 to /${entry.includes(':') ? 128 : 32} is expected behind the address`;
	}
	try {
		const { name, port, scheme } = parseTarget(entry);
		if (port !== undefined || scheme !== undefined)
			return 'is more than an address: a rule holds for every port';
		if (name !== undefined) return 'is a name; names are checked by their addresses: list those';
	} catch (error) {
		if (!(error instanceof InvalidTargetError)) throw error;
	}
	return 'is no address, block or range';
}
