import { describe, expect, it } from 'vitest';
import { HalfSipHash } from '../../../worker/icmp/half-sip-hash.ts';

describe('HalfSipHash', () => {
	// The reference implementation's vectors: key 00…07, message 00, 01, 02… of so many bytes.
	it.each([
		[8, 'edfee820bce4858c'],
		[12, '7bc71f9faef5c799'],
		[24, '70741045ae3fa6f1'],
	])('gives the reference tag of %i bytes', (bytes, expected) => {
		const message = Buffer.from(Array.from({ length: bytes }, (_, i) => i));
		const words = Array.from({ length: bytes / 4 }, (_, i) => message.readInt32LE(4 * i));
		const hash = new HalfSipHash([0x03020100, 0x07060504]);
		const [a, b, ...rest] = words;
		// The rest lies in the middle of an array, as an address does in a table of them.
		hash.hash(a!, b!, Int32Array.of(-1, ...rest, -1), 1, rest.length);
		const tag = Buffer.alloc(8);
		tag.writeInt32LE(hash.low, 0);
		tag.writeInt32LE(hash.high, 4);
		expect(tag.toString('hex')).toBe(expected);
	});
});
