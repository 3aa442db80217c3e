import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineSplitter } from '../../master/line-splitter.ts';

it('gives the lines of a text, whatever pieces it comes in', () => {
	const text = fc.string({ unit: fc.constantFrom('a', '\n', 'ä', '😀', '"'), maxLength: 60 });
	fc.assert(
		fc.property(text, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (whole, sizes) => {
			const bytes = Buffer.from(whole);
			const lines: string[] = [];
			const splitter = new LineSplitter(1_000);
			for (let at = 0, i = 0; at < bytes.length; i += 1) {
				const size = sizes[i % sizes.length]!;
				lines.push(...splitter.push(bytes.subarray(at, at + size)));
				at += size;
			}
			expect(lines).toEqual(whole.split('\n').slice(0, -1));
		}),
		{ numRuns: 1_000 },
	);
});

it('holds no more than one line, and says when that is too long', () => {
	const splitter = new LineSplitter(10);
	expect(splitter.push(Buffer.from('12345678'))).toEqual([]);
	expect(splitter.push(Buffer.from('9\n1234567'))).toEqual(['123456789']);
	expect(splitter.push(Buffer.from('890'))).toEqual([]);
	expect(splitter.isBroken).toBe(false);
	expect(splitter.push(Buffer.from('1'))).toEqual([]);
	expect(splitter.isBroken).toBe(true);
});

it('gives the lines before one that is too long, in however many pieces that comes', () => {
	for (const pieces of [['a\n12345678901\nb\n'], ['a\n123456', '78901', '\nb\n'], ['a\n', '12345678901\n']]) {
		const splitter = new LineSplitter(10);
		const lines: string[] = [];
		for (const piece of pieces) if (!splitter.isBroken) lines.push(...splitter.push(Buffer.from(piece)));
		expect([lines, splitter.isBroken]).toEqual([['a'], true]);
	}
});
