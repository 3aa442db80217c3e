/**
 * Reads a list entry by entry, from bytes. The plain cases, a dotted quad or a lower-case name alone on its
 * line, are recognised byte by byte and cost no object and no string; every other line is cut out, freed of
 * its comment and given to `parseListEntry`. Both ways accept the same and mean the same.
 *
 * `next` is synchronous and answers `more` when the buffer is used up; then `fill` reads on. One buffer is all
 * the memory there is: a line that is longer than `lineBytesMax` is a problem and is read over.
 */

import { quote } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { mappedIpv4 } from '../../shared/ip.ts';
import { lineBytesMax } from '../../shared/limits.ts';
import type { AddressRange, Target } from '../../shared/target.ts';
import { addToIpv6, InvalidTargetError, isAddressRange, parseListEntry } from '../../shared/target.ts';
import type { ListFile } from './list-file.ts';

/** What `next` has met; the cursor's fields hold it until the next call. */
export const lineKinds = {
	/** nothing: call `fill` */
	more: 0,
	/** a bare IPv4 address: `ipv4`, and `start` to `end` */
	ipv4: 1,
	/** a bare name: `start` to `end` */
	name: 2,
	/** anything else that is one target: `target` */
	target: 3,
	/** `range` */
	range: 4,
	/** a line that is no entry: `problem` */
	problem: 5,
	end: 6,
} as const;
export type LineKind = (typeof lineKinds)[keyof typeof lineKinds];

const chunkBytes = 256 * 1024;
const overlong = `the line is longer than ${lineBytesMax} bytes`;
const lf = 10;
const cr = 13;
const dash = 45;
const dot = 46;
const digit0 = 48;
const digit9 = 57;
const underscore = 95;
const letterA = 97;
const letterZ = 122;

export class LineCursor {
	/** line of what was met last, counted from 1 */
	line = 0;
	ipv4 = 0;
	start = 0;
	end = 0;
	target: Target | undefined;
	range: AddressRange | undefined;
	/** `"10.0.0.999" is not …` */
	problem = '';
	/** bytes read so far */
	position = 0;
	/** where the line of the range starts that was met last, in bytes of the file */
	lineByte = 0;
	readonly bytes = Buffer.allocUnsafe(chunkBytes + lineBytesMax);
	readonly #file: ListFile;
	#at = 0;
	#length = 0;
	#ended = false;
	/** within a line that is too long; `comment` when it needs no complaint */
	#overlong: 'problem' | 'comment' | undefined;
	#text: string | undefined;

	constructor(file: ListFile) {
		this.#file = file;
	}

	/** Where the line starts that comes next, in bytes of the file. */
	get nextLineByte(): number {
		return this.position - this.#length + this.#at;
	}

	/** Goes to where a line starts. Call `fill` when `next` says `more`, as ever. */
	seek(byte: number, lines: number): void {
		this.position = byte;
		this.line = lines;
		this.#at = 0;
		this.#length = 0;
		this.#ended = false;
		this.#overlong = undefined;
		this.#text = undefined;
	}

	/** The text from `start` to `end`. */
	get text(): string {
		// One string per buffer and slices of it: several times cheaper than a string per line.
		this.#text ??= this.bytes.toString('latin1', 0, this.#length);
		return this.#text.slice(this.start, this.end);
	}

	/**
	 * Reads on. Call when `next` said `more`.
	 *
	 * @returns the bytes that were read; they stand in the buffer until the next call
	 */
	async fill(): Promise<Uint8Array> {
		const kept = this.#length - this.#at;
		this.bytes.copyWithin(0, this.#at, this.#length);
		const read = await this.#file.read(this.bytes, kept, this.bytes.length - kept, this.position);
		this.#at = 0;
		this.#length = kept + read;
		this.#text = undefined;
		if (read === 0) this.#ended = true;
		if (this.position === 0) this.#lookForMark();
		this.position += read;
		return this.bytes.subarray(kept, this.#length);
	}

	next(): LineKind {
		for (;;) {
			if (this.#overlong !== undefined) {
				const kind = this.#leaveOverlong();
				if (kind !== undefined) return kind;
				continue;
			}
			if (this.#at === this.#length) return this.#ended ? lineKinds.end : lineKinds.more;
			const plain = this.#plainEntry();
			if (plain !== undefined) return plain;
			const newline = this.bytes.subarray(0, this.#length).indexOf(lf, this.#at);
			if (newline < 0 && !this.#ended) {
				if (this.#length - this.#at <= lineBytesMax) return lineKinds.more;
				this.#enterOverlong();
				continue;
			}
			const end = newline < 0 ? this.#length : newline;
			const from = this.#at;
			this.lineByte = this.nextLineByte;
			this.#at = newline < 0 ? end : end + 1;
			this.line += 1;
			const kind = this.#entry(from, end);
			if (kind !== undefined) return kind;
		}
	}

	/** @returns `undefined` for a line that is not plain, of which nothing is consumed */
	#plainEntry(): LineKind | undefined {
		const first = this.bytes[this.#at]!;
		let end: number;
		let kind: LineKind;
		if (first >= digit0 && first <= digit9) {
			end = this.#plainIpv4();
			kind = lineKinds.ipv4;
		} else if (first >= letterA && first <= letterZ) {
			end = this.#plainName();
			kind = lineKinds.name;
		} else return undefined;
		if (end < 0) return undefined;
		// A line's end must be in sight: what follows may be a comment, or more of the same line.
		let next = end;
		if (this.bytes[next] === cr && next + 1 < this.#length) next += 1;
		if (next >= this.#length || this.bytes[next] !== lf) return undefined;
		this.start = this.#at;
		this.end = end;
		this.#at = next + 1;
		this.line += 1;
		return kind;
	}

	/** @returns where a strict dotted quad ends (its value in `ipv4`), or -1 */
	#plainIpv4(): number {
		const { bytes } = this;
		const length = this.#length;
		let value = 0;
		let octet = 0;
		let digits = 0;
		let dots = 0;
		let at = this.#at;
		for (; at < length; at += 1) {
			const byte = bytes[at]!;
			if (byte >= digit0 && byte <= digit9) {
				if (digits > 0 && octet === 0) return -1;
				octet = octet * 10 + (byte - digit0);
				if (octet > 255) return -1;
				digits += 1;
			} else if (byte === dot) {
				if (digits === 0 || dots === 3) return -1;
				value = value * 256 + octet;
				octet = 0;
				digits = 0;
				dots += 1;
			} else break;
		}
		if (dots !== 3 || digits === 0) return -1;
		this.ipv4 = value * 256 + octet;
		return at;
	}

	/** @returns where a name ends that is certainly one and is canonical as it stands, or -1 */
	#plainName(): number {
		const { bytes } = this;
		const length = this.#length;
		let labelStart = this.#at;
		let at = this.#at;
		for (; at < length; at += 1) {
			const byte = bytes[at]!;
			if ((byte >= letterA && byte <= letterZ) || (byte >= digit0 && byte <= digit9) || byte === underscore) {
				continue;
			}
			if (byte === dash) {
				if (at === labelStart) return -1;
			} else if (byte === dot) {
				if (at === labelStart || at - labelStart > 63 || bytes[at - 1] === dash) return -1;
				labelStart = at + 1;
			} else break;
		}
		if (at === labelStart || at - labelStart > 63 || at - this.#at > 253 || bytes[at - 1] === dash) return -1;
		// A last part that starts with a digit might be meant as a number: that is judged in parseTarget.
		const first = bytes[labelStart]!;
		return first >= letterA && first <= letterZ ? at : -1;
	}

	/** @returns what the line from `from` to `end` is, or `undefined` when nothing is on it */
	#entry(from: number, end: number): LineKind | undefined {
		if (end - from > lineBytesMax) return this.#startsComment(from) ? undefined : this.#complain(overlong);
		const text = withoutComment(this.bytes.toString('utf8', from, end).trim());
		if (text === '') return undefined;
		let entry: Target | AddressRange;
		try {
			entry = parseListEntry(text);
		} catch (error) {
			if (!(error instanceof InvalidTargetError)) throw error;
			return this.#complain(error.message);
		}
		if (!isAddressRange(entry)) {
			this.target = entry;
			return lineKinds.target;
		}
		const range = unmapped(entry);
		if (range === undefined)
			return this.#complain(`${quote(text)} lies half among the IPv4-mapped addresses`);
		this.range = range;
		return lineKinds.range;
	}

	#complain(problem: string): LineKind {
		this.problem = problem;
		return lineKinds.problem;
	}

	#enterOverlong(): void {
		this.#overlong = this.#startsComment(this.#at) ? 'comment' : 'problem';
		this.line += 1;
	}

	/** Reads over the rest of the line. @returns `undefined` when it has ended and is a comment */
	#leaveOverlong(): LineKind | undefined {
		const newline = this.bytes.subarray(0, this.#length).indexOf(lf, this.#at);
		this.#at = newline < 0 ? this.#length : newline + 1;
		if (newline < 0 && !this.#ended) return lineKinds.more;
		const comment = this.#overlong === 'comment';
		this.#overlong = undefined;
		return comment ? undefined : this.#complain(overlong);
	}

	/** @param from where a line starts that is too long */
	#startsComment(from: number): boolean {
		return this.bytes
			.toString('utf8', from, from + lineBytesMax)
			.trimStart()
			.startsWith('#');
	}

	/** A byte order mark: UTF-8's is no text, others say that it is not UTF-8. */
	#lookForMark(): void {
		const [a, b, c] = this.bytes.subarray(0, Math.min(3, this.#length));
		if (a === 0xef && b === 0xbb && c === 0xbf) this.#at = 3;
		else if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
			throw new PingpoolError('invalid-input', `${this.#file.name} is UTF-16; UTF-8 is expected`, {
				hint: 'Save it as UTF-8: in PowerShell, add -Encoding utf8; elsewhere, iconv -f UTF-16 -t UTF-8.',
			});
		}
	}
}

/** A comment starts a line, or follows white space, or stands anywhere in what is no URL. */
function withoutComment(line: string): string {
	const spaced = line.search(/(^|\s)#/);
	const rest = spaced < 0 ? line : line.slice(0, spaced).trimEnd();
	const hash = rest.indexOf('#');
	return hash < 0 || rest.includes('://') ? rest : rest.slice(0, hash).trimEnd();
}

/** An IPv6 range of mapped addresses is the IPv4 range that it stands for; `undefined` for half of one. */
function unmapped(range: AddressRange): AddressRange | undefined {
	if (range.family === 4) return range;
	const first = mappedIpv4(range.first);
	const last = mappedIpv4(addToIpv6(range.first, range.count - 1));
	if (first === undefined && last === undefined) return range;
	if (first === undefined || last === undefined) return undefined;
	return { family: 4, first, count: range.count };
}
