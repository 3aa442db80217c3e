/**
 * Hosts in a column: bare IPv4 addresses as numbers, everything else as its canonical text. Lists are mostly
 * bare addresses, and a number is several times cheaper than a text to read, shuffle, send, match and keep
 * (bench/); the text of one is made where somebody reads it.
 */
import { formatIpv4, parseIpv4 } from './ip.ts';

export interface HostColumn {
	readonly length: number;
	/** the address of a bare IPv4 host, as an unsigned 32-bit number; 0 where `texts` has the host */
	readonly ipv4: Uint32Array;
	/** the canonical texts of all others; `undefined` when every host is a bare IPv4 address */
	readonly texts: readonly (string | undefined)[] | undefined;
}

/** Canonical texts as a column. */
export function hostColumn(texts: readonly string[]): HostColumn {
	const builder = new HostColumnBuilder(texts.length);
	for (const text of texts) {
		// A strict dotted quad is canonical as it stands, so text and number say the same.
		const value = parseIpv4(text);
		if (value >= 0) builder.addIpv4(value);
		else builder.addText(text);
	}
	return builder.finish();
}

/** The canonical text of a host. */
export function hostAt({ ipv4, texts }: HostColumn, row: number): string {
	return texts?.[row] ?? formatIpv4(ipv4[row]!);
}

/** The canonical texts of all hosts. */
export function hostTexts(hosts: HostColumn): string[] {
	return Array.from({ length: hosts.length }, (_, row) => hostAt(hosts, row));
}

/** Some hosts of a column, in the order given. */
export function selectHosts({ ipv4, texts }: HostColumn, rows: ArrayLike<number>): HostColumn {
	const { length } = rows;
	const selected = new Uint32Array(length);
	for (let row = 0; row < length; row += 1) selected[row] = ipv4[rows[row]!]!;
	return { length, ipv4: selected, texts: texts && unlessAllBare(Array.from(rows, (row) => texts[row])) };
}

/** Hosts `from` to `to - 1` of a column. */
export function sliceHosts({ ipv4, texts }: HostColumn, from: number, to: number): HostColumn {
	const slice = ipv4.slice(from, to);
	return { length: slice.length, ipv4: slice, texts: texts && unlessAllBare(texts.slice(from, to)) };
}

/** Of some hosts of a column, all may be bare addresses although the column has others. */
function unlessAllBare(texts: (string | undefined)[]): HostColumn['texts'] {
	return texts.some((text) => text !== undefined) ? texts : undefined;
}

/** Gathers a column host by host. */
export class HostColumnBuilder {
	length = 0;
	readonly #ipv4: Uint32Array;
	#texts: (string | undefined)[] | undefined;

	/** @param capacity the most hosts that will be added */
	constructor(capacity: number) {
		this.#ipv4 = new Uint32Array(capacity);
	}

	addIpv4(value: number): void {
		this.#ipv4[this.length] = value;
		this.#texts?.push(undefined);
		this.length += 1;
	}

	/** Adds a canonical text that is no bare IPv4 address. */
	addText(text: string): void {
		this.#texts ??= new Array<string | undefined>(this.length).fill(undefined);
		this.#texts.push(text);
		this.length += 1;
	}

	/** The column; the builder is used up. */
	finish(): HostColumn {
		return { length: this.length, ipv4: this.#ipv4.subarray(0, this.length), texts: this.#texts };
	}
}
