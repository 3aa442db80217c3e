/**
 * The IPv4 addresses that an IPv6 address may lead to: a packet sent to it can end at one of them, by the kernel's
 * own hand or a translator's or a tunnel's on the way. A rule for an IPv4 address holds for all of these forms.
 *
 * | form | block | where the IPv4 address is |
 * | --- | --- | --- |
 * | mapped (RFC 4291) | ::ffff:0:0/96 | the last 4 bytes |
 * | compatible (RFC 4291, deprecated) | ::/96, but :: and ::1 | the last 4 bytes |
 * | translated (RFC 2765, obsolete) | ::ffff:0:0:0/96 | the last 4 bytes |
 * | NAT64 (RFC 6052) | 64:ff9b::/96 | the last 4 bytes |
 * | NAT64 of one's own (RFC 8215) | 64:ff9b:1::/48 | for each length of prefix elsewhere, see below |
 * | 6to4 (RFC 3056) | 2002::/16 | bytes 2 to 5 |
 * | Teredo (RFC 4380) | 2001::/32 | server: bytes 4 to 7; client: the last 4, inverted |
 * | ISATAP (RFC 5214) | interface identifiers 0000:5efe and 0200:5efe of any prefix | the last 4 bytes |
 *
 * How long the prefix of a network's own NAT64 is can not be seen in an address, and RFC 6052 has translators ignore
 * what stands behind the IPv4 address; so each place that it puts one at is read. Only what reads as 0.0.0.0/8 is
 * taken for padding, where another place has more to say: no packet could be sent there.
 */
import { readUint32 } from './ip.ts';

const none: readonly number[] = [];

/** @returns the addresses as unsigned 32-bit numbers; none for most addresses */
export function embeddedIpv4(bytes: Uint8Array): readonly number[] {
	const isIsatap = bytes[10] === 0x5e && bytes[11] === 0xfe && bytes[9] === 0 && (bytes[8]! & 0xfd) === 0;
	const carried = byPrefix(bytes);
	if (!isIsatap) return carried;
	const last = readUint32(bytes, 12);
	return carried.includes(last) ? carried : [...carried, last];
}

function byPrefix(bytes: Uint8Array): readonly number[] {
	switch ((bytes[0]! << 8) | bytes[1]!) {
		case 0x0000:
			return isLowest(bytes) ? [readUint32(bytes, 12)] : none;
		case 0x0064:
			return translated(bytes);
		case 0x2001:
			if (bytes[2] !== 0 || bytes[3] !== 0) return none;
			return [readUint32(bytes, 4), (readUint32(bytes, 12) ^ 0xffff_ffff) >>> 0];
		case 0x2002:
			return [readUint32(bytes, 2)];
		default:
			return none;
	}
}

/** Mapped, compatible and translated addresses: bytes 8 to 11 tell which, and those before are zero. */
function isLowest(bytes: Uint8Array): boolean {
	if (readUint32(bytes, 0) !== 0 || readUint32(bytes, 4) !== 0) return false;
	const middle = readUint32(bytes, 8);
	// :: and ::1 have meanings of their own.
	return middle === 0 ? readUint32(bytes, 12) > 1 : middle === 0x0000_ffff || middle === 0xffff_0000;
}

function translated(bytes: Uint8Array): readonly number[] {
	if (bytes[2] !== 0xff || bytes[3] !== 0x9b || bytes[4] !== 0) return none;
	const last = readUint32(bytes, 12);
	if (bytes[5] === 0) return readUint32(bytes, 6) === 0 && bytes[10] === 0 && bytes[11] === 0 ? [last] : none;
	if (bytes[5] !== 1) return none;
	// RFC 6052 section 2.2: byte 8 is left out.
	const behind48 = readUint32(Uint8Array.of(bytes[6]!, bytes[7]!, bytes[9]!, bytes[10]!), 0);
	const behind56 = readUint32(Uint8Array.of(bytes[7]!, bytes[9]!, bytes[10]!, bytes[11]!), 0);
	const behind64 = readUint32(bytes, 9);
	const places = [behind48, behind56, behind64, last];
	const told = places.filter((value) => value >= 0x0100_0000);
	return told.length === 0 ? [last] : [...new Set(told)];
}
