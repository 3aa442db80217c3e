/**
 * Packets that somebody forges who wants a host to be taken for up, or for unreachable, written byte by byte into
 * memory that is laid out once. Every kind is one that a careless ping program believes (see `forgeries`).
 */
import type { Random } from '../../shared/random.ts';

export const forgeries = [
	/** an echo reply from an address that was asked, any identifier, any sequence number */
	'reply',
	/** the same with the identifier that the victim uses */
	'reply-identified',
	/** the same, and its checksum is wrong */
	'reply-wrong-checksum',
	/** the same, with a code, or cut short, or longer than what was asked */
	'reply-misshapen',
	/** a true reply of a host of the forger's own, once more */
	'replay',
	/** the same, in the name of another host */
	'replay-as-another',
	/** an error of any type and code, quoting an echo request with any identifier */
	'error',
	/** the same with the identifier that the victim uses */
	'error-identified',
	/** the same, quoting the eight bytes that RFC 792 asks for */
	'error-short',
] as const;
export type Forgery = (typeof forgeries)[number];

export interface ForgeryTargets {
	/** bytes of the victim's address */
	readonly victim: Uint8Array;
	/** whose packets are taken */
	readonly router: Uint8Array;
	/** hosts that the victim asks, as bytes */
	readonly hosts: readonly Uint8Array[];
}

/** An echo request of the victim to a host of the forger's own: all that it can learn without seeing more. */
export type LearntEcho = Uint8Array<ArrayBuffer>;

const echoBytes = 28;
/** How far the numbers of echoes under way are thought to be from the one that was seen last. */
const nearby = 512;
/** Types and codes of errors (RFC 792, RFC 1812, RFC 4443); redirects are left out: they are the kernel's. */
const errorCodes: Readonly<Record<4 | 6, readonly (readonly [number, number])[]>> = {
	4: [
		...Array.from({ length: 16 }, (_, code) => [3, code] as const),
		...([
			[4, 0],
			[11, 0],
			[11, 1],
			[12, 0],
			[12, 1],
		] as const),
	],
	6: [
		...Array.from({ length: 8 }, (_, code) => [1, code] as const),
		...([
			[2, 0],
			[3, 0],
			[3, 1],
			[4, 0],
			[4, 1],
		] as const),
	],
};

/** The longest packet that a forger writes: an IPv6 error that quotes a whole echo request. */
export const forgedBytesMax = 128;

/** Forges for one family. */
export class Forger {
	readonly #family: 4 | 6;
	readonly #targets: ForgeryTargets;
	readonly #random: Random;
	readonly #headerBytes: number;
	#learnt: LearntEcho | undefined;
	/** what every guess goes on from: identifiers and sequence numbers are all tried, one after the other */
	#guess = 0;

	constructor(family: 4 | 6, targets: ForgeryTargets, random: Random) {
		this.#family = family;
		this.#targets = targets;
		this.#random = random;
		this.#headerBytes = family === 4 ? 20 : 40;
	}

	/** Takes what has been seen of the victim last. */
	learn(echo: LearntEcho): void {
		this.#learnt = echo;
	}

	/** Writes a packet of a kind. @returns its length */
	write(kind: Forgery, bytes: Uint8Array, at: number): number {
		this.#guess += 1;
		const { hosts, router } = this.#targets;
		const host = hosts[this.#guess % hosts.length]!;
		const icmp = at + this.#headerBytes;
		if (!kind.startsWith('error')) {
			const isOwn = kind === 'replay';
			const source = isOwn ? router : host;
			const length = kind === 'reply-misshapen' ? 8 + 4 * this.#random.below(10) : echoBytes;
			if (kind.startsWith('replay')) bytes.set(this.#learnt ?? new Uint8Array(echoBytes), icmp);
			else this.#writeEcho(bytes, icmp, kind !== 'reply');
			bytes.fill(0, icmp + echoBytes, icmp + Math.max(echoBytes, length));
			bytes[icmp] = this.#family === 4 ? 0 : 129;
			bytes[icmp + 1] = kind === 'reply-misshapen' && length === echoBytes ? 1 : 0;
			return this.#finish(bytes, at, source, length, kind === 'reply-wrong-checksum' ? 0x5a5a : 0);
		}
		const codes = errorCodes[this.#family];
		const [type, code] = codes[this.#guess % codes.length]!;
		const quoted = kind === 'error-short' ? 8 : echoBytes;
		bytes.set([type, code, 0, 0, 0, 0, 0x05, 0x78], icmp);
		this.#writeHeader(bytes, icmp + 8, this.#targets.victim, host, echoBytes);
		const quote = icmp + 8 + this.#headerBytes;
		this.#writeEcho(bytes, quote, kind !== 'error');
		bytes[quote] = this.#family === 4 ? 8 : 128;
		bytes[quote + 1] = 0;
		// The checksum of what was sent is not known to who does not know its cookie.
		bytes[quote + 2] = this.#random.below(256);
		bytes[quote + 3] = this.#random.below(256);
		return this.#finish(bytes, at, this.#guess % 3 === 0 ? host : router, 8 + this.#headerBytes + quoted, 0);
	}

	/** An echo header and payload: everything that can be known is right, and the cookie is guessed. */
	#writeEcho(bytes: Uint8Array, at: number, identified: boolean): void {
		const random = this.#random;
		const guess = this.#guess;
		bytes.fill(0, at, at + echoBytes);
		if (this.#learnt !== undefined) bytes.set(this.#learnt, at);
		if (!identified) {
			bytes[at + 4] = guess >>> 8;
			bytes[at + 5] = guess;
		}
		// Sequence number and slot are the same 16 bits, and slots are used in turn: every other guess is a number
		// near the last one that was seen, the others go through all of them.
		const learnt = this.#learnt;
		const near = learnt === undefined ? 0 : (learnt[6]! << 8) | learnt[7]!;
		const number = random.below(2) === 0 ? guess : near + random.below(2 * nearby) - nearby;
		bytes[at + 6] = number >>> 8;
		bytes[at + 7] = number;
		bytes[at + 12] = number;
		bytes[at + 13] = number >>> 8;
		bytes[at + 14] = random.below(8);
		bytes[at + 16] = 1 + random.below(4);
		for (let i = 20; i < 28; i += 1) bytes[at + i] = random.below(256);
	}

	#finish(
		bytes: Uint8Array,
		at: number,
		source: Uint8Array,
		icmpBytes: number,
		checksumFault: number,
	): number {
		const icmp = at + this.#headerBytes;
		this.#writeHeader(bytes, at, source, this.#targets.victim, icmpBytes);
		bytes[icmp + 2] = 0;
		bytes[icmp + 3] = 0;
		let sum = 0;
		if (this.#family === 6) {
			// The pseudo header of RFC 8200: both addresses, the length and the protocol.
			for (let i = at + 8; i < at + 40; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
			sum += icmpBytes + 58;
		}
		for (let i = icmp; i < icmp + icmpBytes; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
		while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
		const checksum = (~sum & 0xffff) ^ checksumFault;
		bytes[icmp + 2] = checksum >> 8;
		bytes[icmp + 3] = checksum;
		return this.#headerBytes + icmpBytes;
	}

	#writeHeader(
		bytes: Uint8Array,
		at: number,
		source: Uint8Array,
		destination: Uint8Array,
		icmpBytes: number,
	): void {
		if (this.#family === 4) {
			// The kernel fills in the checksum and the length of the outer one; of a quoted one nobody looks at it.
			bytes.set([0x45, 0, 0, 20 + icmpBytes, 0, 0, 0, 0, 64, 1, 0, 0], at);
			bytes.set(source, at + 12);
			bytes.set(destination, at + 16);
			return;
		}
		bytes.set([0x60, 0, 0, 0, 0, icmpBytes, 58, 64], at);
		bytes.set(source, at + 8);
		bytes.set(destination, at + 24);
	}
}
