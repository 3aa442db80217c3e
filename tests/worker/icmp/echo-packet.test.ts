import { describe, expect, it } from 'vitest';
import { reasons } from '../../../shared/outcome.ts';
import { CookieJar, cookieFit } from '../../../worker/icmp/cookie.ts';
import { checksum, echoBytes, echoWords, sequenceOf, writeEcho } from '../../../worker/icmp/echo-packet.ts';
import { SlotTable, slotState } from '../../../worker/icmp/slot-table.ts';
import { unreachableReason } from '../../../worker/icmp/unreachable.ts';

describe('echo packets', () => {
	it('lays a request out as RFC 792 and RFC 4443 ask', () => {
		const words = new Int32Array(echoWords);
		writeEcho(words, 0, 4, 0x3412, 0x1_abcd, 7, -1, -2);
		const bytes = Buffer.from(words.buffer);
		expect([...bytes.subarray(0, 8)]).toEqual([8, 0, 0, 0, 0x12, 0x34, 0xab, 0xcd]);
		expect(sequenceOf(words[1]!)).toBe(0xabcd);
		writeEcho(words, 0, 6, 0x3412, 0x1_abcd, 7, -1, -2);
		expect(bytes[0]).toBe(128);
	});

	it('computes the Internet checksum', () => {
		// The example of RFC 1071, section 3: the sum is ddf2, so its complement is 220d.
		const example = new Int32Array(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7).buffer);
		const sum = checksum(example, 0, 8);
		expect(((sum & 0xff) << 8) | (sum >> 8)).toBe(0x220d);
		const words = new Int32Array(echoWords + 1);
		writeEcho(words, 0, 4, 0xffff, 0xffff, -1, -1, -1);
		words[0]! |= checksum(words, 0, echoBytes) << 16;
		expect(checksum(words, 0, echoBytes)).toBe(0);
		words[6]! ^= 1;
		expect(checksum(words, 0, echoBytes)).not.toBe(0);
		// What lies behind the end does not count.
		words[1] = 0x0000_1234;
		const odd = checksum(words, 0, 6);
		words[1] = 0x7fff_1234;
		expect(checksum(words, 0, 6)).toBe(odd);
	});
});

describe('CookieJar', () => {
	const slots = new SlotTable(0x20000);
	const jar = new CookieJar(slots, [1, 2]);
	const address = Int32Array.of(0x0100_000a, 1, 2, 3);
	const slot = slots.take();
	slots.family[slot] = 4;
	slots.address.set(address, slot * 4);
	jar.renew(slot);
	slots.state[slot] = slotState.inFlight;
	const packet = new Int32Array(echoWords);
	const write = (): void =>
		writeEcho(packet, 0, 4, 1, slot, slots.generation[slot]!, slots.tagLow[slot]!, slots.tagHigh[slot]!);

	it('knows the last echo of a slot, and only from the address that was asked', () => {
		write();
		expect(jar.match(packet, 0, 4, address, 0)).toBe(cookieFit.current);
		expect(jar.match(packet, 0, 4, Int32Array.of(0x0200_000a), 0)).toBe(cookieFit.foreign);
		expect(jar.match(packet, 0, 6, address, 0)).not.toBe(cookieFit.current);
	});

	it('takes no packet with any bit of its payload changed', () => {
		for (let bit = 0; bit < 32 * 5; bit += 1) {
			write();
			packet[2 + (bit >> 5)]! ^= 1 << (bit & 31);
			expect(jar.match(packet, 0, 4, address, 0), `bit ${bit}`).toBe(cookieFit.damaged);
		}
	});

	it('knows an earlier echo of a slot as past, without any memory of it', () => {
		write();
		jar.renew(slot);
		expect(jar.match(packet, 0, 4, address, 0)).toBe(cookieFit.past);
		packet[4]! -= 1;
		expect(jar.match(packet, 0, 4, address, 0)).toBe(cookieFit.damaged);
	});

	it('is not led outside its table', () => {
		for (const wild of [-1, slots.capacity, 0x7fff_ffff, -0x8000_0000]) {
			write();
			packet[3] = wild;
			packet[1] = 0;
			expect([cookieFit.damaged, cookieFit.foreign]).toContain(jar.match(packet, 0, 4, address, 0));
		}
	});
});

describe('unreachableReason', () => {
	it.each([
		[4, 3, 0, 'net-unreachable'],
		[4, 3, 1, 'host-unreachable'],
		[4, 3, 2, 'protocol-unreachable'],
		[4, 3, 3, 'port-unreachable'],
		[4, 3, 4, ''],
		[4, 3, 6, 'net-unreachable'],
		[4, 3, 7, 'host-unreachable'],
		[4, 3, 9, 'admin-prohibited'],
		[4, 3, 13, 'admin-prohibited'],
		[4, 3, 99, ''],
		[4, 5, 1, ''],
		[4, 11, 0, 'ttl-exceeded'],
		[6, 1, 0, 'net-unreachable'],
		[6, 1, 1, 'admin-prohibited'],
		[6, 1, 3, 'host-unreachable'],
		[6, 1, 4, 'port-unreachable'],
		[6, 1, 5, 'admin-prohibited'],
		[6, 2, 0, ''],
		[6, 3, 0, 'ttl-exceeded'],
		[6, 4, 0, ''],
	] as const)('reads IPv%i type %i code %i as "%s"', (family, type, code, reason) => {
		expect(reasons[unreachableReason(family, type, code)]).toBe(reason);
	});
});
