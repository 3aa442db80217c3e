/** IP packets with ICMP in them, built and taken apart byte by byte: the lab's own view of the protocols. */

export interface EchoRequest {
	readonly family: 4 | 6;
	readonly source: Uint8Array;
	readonly destination: Uint8Array;
	/** the ICMP message, header included */
	readonly icmp: Uint8Array;
	/** the whole packet */
	readonly packet: Uint8Array;
}

/** @returns the echo request in a packet, `undefined` for anything else */
export function parseEchoRequest(packet: Uint8Array): EchoRequest | undefined {
	const version = packet[0]! >> 4;
	if (version === 4 && packet[9] === 1) {
		const icmp = packet.slice(4 * (packet[0]! & 15));
		if (icmp[0] !== 8) return undefined;
		return { family: 4, source: packet.slice(12, 16), destination: packet.slice(16, 20), icmp, packet };
	}
	if (version === 6 && packet[6] === 58) {
		const icmp = packet.slice(40);
		if (icmp[0] !== 128) return undefined;
		return { family: 6, source: packet.slice(8, 24), destination: packet.slice(24, 40), icmp, packet };
	}
	return undefined;
}

export interface ReplyFaults {
	/** the address that it comes from. Default: the one that was asked */
	readonly source?: Uint8Array;
	/** a byte of the ICMP message to change before the checksum is made */
	readonly flipByteAt?: number;
	/** bytes to leave out at the end */
	readonly cutBytes?: number;
	readonly wrongChecksum?: boolean;
}

/** The answer to an echo request, with a fault or without. */
export function echoReply(request: EchoRequest, faults: ReplyFaults = {}): Uint8Array {
	const { family, source, destination } = request;
	const icmp = request.icmp.slice(0, request.icmp.length - (faults.cutBytes ?? 0));
	icmp[0] = family === 4 ? 0 : 129;
	if (faults.flipByteAt !== undefined) icmp[faults.flipByteAt]! ^= 0x10;
	return ipPacket(family, faults.source ?? destination, source, icmp, faults.wrongChecksum === true);
}

export interface ErrorFaults {
	/** bytes of the original ICMP message that are quoted. Default: all */
	readonly quotedBytes?: number;
	/** a byte of the quoted ICMP message to change */
	readonly flipQuotedByteAt?: number;
	/** the destination in the quoted header. Default: the one that was asked */
	readonly quotedDestination?: Uint8Array;
}

/** An ICMP error about an echo request, from the host that was asked. */
export function icmpError(
	request: EchoRequest,
	[type, code]: readonly [number, number],
	faults: ErrorFaults = {},
): Uint8Array {
	const { family, source, destination, packet } = request;
	const headerBytes = family === 4 ? 20 : 40;
	const quote = packet.slice(0, headerBytes + (faults.quotedBytes ?? packet.length));
	if (faults.flipQuotedByteAt !== undefined) quote[headerBytes + faults.flipQuotedByteAt]! ^= 0x10;
	if (faults.quotedDestination !== undefined) quote.set(faults.quotedDestination, family === 4 ? 16 : 24);
	const icmp = new Uint8Array(8 + quote.length);
	icmp[0] = type;
	icmp[1] = code;
	// Where the error has a size in it (next-hop MTU), it is one that the request fits.
	icmp[6] = 0x05;
	icmp[7] = 0x78;
	icmp.set(quote, 8);
	return ipPacket(family, destination, source, icmp, false);
}

function ipPacket(
	family: 4 | 6,
	source: Uint8Array,
	destination: Uint8Array,
	icmp: Uint8Array,
	wrongChecksum: boolean,
): Uint8Array {
	icmp[2] = 0;
	icmp[3] = 0;
	const pseudo =
		family === 4
			? new Uint8Array()
			: Uint8Array.of(...source, ...destination, 0, 0, 0, icmp.length, 0, 0, 0, 58);
	const sum = internetChecksum(Uint8Array.of(...pseudo, ...icmp)) ^ (wrongChecksum ? 0x5a5a : 0);
	icmp[2] = sum >> 8;
	icmp[3] = sum & 255;
	if (family === 6) {
		return Uint8Array.of(0x60, 0, 0, 0, 0, icmp.length, 58, 64, ...source, ...destination, ...icmp);
	}
	const length = 20 + icmp.length;
	const header = Uint8Array.of(0x45, 0, 0, length, 0, 0, 0, 0, 64, 1, 0, 0, ...source, ...destination);
	const headerSum = internetChecksum(header);
	header[10] = headerSum >> 8;
	header[11] = headerSum & 255;
	return Uint8Array.of(...header, ...icmp);
}

/** RFC 1071, over bytes in network order. */
function internetChecksum(bytes: Uint8Array): number {
	let sum = 0;
	for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
	while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
	return ~sum & 0xffff;
}
