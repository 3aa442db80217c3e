/**
 * An echo request as pingpool sends it: the ICMP header and 20 bytes of payload, seven 32-bit words in all.
 *
 *   word 0  type, code, checksum      word 1  identifier, sequence (slot & 0xffff), network order
 *   word 2  magic                     word 3  slot
 *   word 4  generation                words 5 and 6  tag over slot, generation and destination
 *
 * Words 2 to 6 come back as they were, so they are in this machine's own order.
 */
export const echoWords = 7;
export const echoBytes = 4 * echoWords;

/** "ping" in ASCII; tells a stranger who captures packets what this is. */
export const echoMagic = 0x676e6970;

export const echoTypes = {
	4: { request: 8, reply: 0 },
	6: { request: 128, reply: 129 },
} as const;

/** Writes the request into `words` at `at`, with a zero checksum. Identifier in network order. */
export function writeEcho(
	words: Int32Array,
	at: number,
	family: 4 | 6,
	identifier: number,
	slot: number,
	generation: number,
	tagLow: number,
	tagHigh: number,
): void {
	words[at] = echoTypes[family].request;
	words[at + 1] = identifier | (((slot & 0xff) << 24) | ((slot & 0xff00) << 8));
	words[at + 2] = echoMagic;
	words[at + 3] = slot;
	words[at + 4] = generation;
	words[at + 5] = tagLow;
	words[at + 6] = tagHigh;
}

/** The sequence number in word 1 of an ICMP echo header. */
export function sequenceOf(word: number): number {
	return ((word >>> 24) & 0xff) | ((word >>> 8) & 0xff00);
}

/**
 * The Internet checksum (RFC 1071) of `bytes` bytes from word `at`. It does not depend on byte order, so it is
 * summed and stored in the machine's own. 0 for a packet that carries a right one.
 */
export function checksum(words: Int32Array, at: number, bytes: number): number {
	let sum = 0;
	const whole = bytes >> 2;
	for (let i = 0; i < whole; i += 1) {
		const word = words[at + i]!;
		sum += (word & 0xffff) + (word >>> 16);
	}
	const rest = bytes & 3;
	if (rest !== 0) {
		const word = words[at + whole]! & (0xffff_ffff >>> (32 - 8 * rest));
		sum += (word & 0xffff) + (word >>> 16);
	}
	sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
	sum = (sum & 0xffff) + (sum >>> 16);
	return ~sum & 0xffff;
}
