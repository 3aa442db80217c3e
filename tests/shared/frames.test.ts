import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../shared/frames.ts';
import { FrameSplitter, frameKinds, markFrame, newFrame } from '../../shared/frames.ts';

const payloadBytesMax = 1_000;

function frameOf(kind: number, payload: Uint8Array): Uint8Array {
	const { bytes, payloadAt } = newFrame(kind, payload.length);
	bytes.set(payload, payloadAt);
	return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
	return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Pushes every piece and gives the frames of all, as plain values; fails when a piece is refused. */
function split(pieces: readonly Uint8Array[]): [number, number[]][] {
	const splitter = new FrameSplitter(payloadBytesMax);
	return pieces.flatMap((piece) => {
		const frames = splitter.push(piece);
		if (splitter.isBroken) throw new Error('refused');
		// Copied at once: what is held for later must not change what was handed out.
		return frames.map(({ kind, payload }: Frame): [number, number[]] => [kind, [...payload]]);
	});
}

function isRefused(bytes: Uint8Array): boolean {
	const splitter = new FrameSplitter(payloadBytesMax);
	splitter.push(bytes);
	return splitter.isBroken;
}

const frames = fc.array(fc.tuple(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 40 })), {
	maxLength: 8,
});

describe('FrameSplitter', () => {
	const mark = markFrame({ done: true, results: 3 });
	const empty = frameOf(9, new Uint8Array());
	const whole = concat([mark, frameOf(frameKinds.block, Uint8Array.of(1, 2, 3)), empty, mark]);
	const expected = split([whole]);

	it('gives the frames of a chunk in their order, unknown kinds too', () => {
		expect(expected.map(([kind]) => kind)).toEqual([1, 2, 9, 1]);
		expect(JSON.parse(new TextDecoder().decode(Uint8Array.from(expected[0]![1])))).toEqual({
			done: true,
			results: 3,
		});
		expect(expected.slice(1, 3)).toEqual([
			[2, [1, 2, 3]],
			[9, []],
		]);
	});

	it('gives the same frames wherever their bytes are cut in two', () => {
		for (let at = 0; at <= whole.length; at += 1) {
			expect(split([whole.subarray(0, at), whole.subarray(at)]), `cut at ${at}`).toEqual(expected);
		}
	});

	it('gives the same frames when they come byte by byte, or in any pieces', () => {
		expect(split(Array.from(whole, (_, at) => whole.subarray(at, at + 1)))).toEqual(expected);
		fc.assert(
			fc.property(frames, fc.array(fc.nat(200)), (values, cuts) => {
				const bytes = concat(values.map(([kind, payload]) => frameOf(kind, payload)));
				const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length];
				places.sort((a, b) => a - b);
				const pieces = places.slice(1).map((to, i) => bytes.slice(places[i], to));
				expect(split(pieces)).toEqual(values.map(([kind, payload]) => [kind, [...payload]]));
			}),
		);
	});

	it('keeps none of the pieces of an unfinished frame, however many there are', () => {
		const payload = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
		const bytes = concat([mark, frameOf(frameKinds.block, payload), mark]);
		const splitter = new FrameSplitter(payload.length);
		const kinds: number[] = [];
		// The same byte each time: a piece that was kept would change with the next one.
		const piece = new Uint8Array(1);
		for (const byte of bytes) {
			piece[0] = byte;
			for (const frame of splitter.push(piece)) {
				kinds.push(frame.kind);
				if (frame.kind === frameKinds.block) expect(frame.payload).toEqual(payload);
			}
		}
		expect(kinds).toEqual([frameKinds.mark, frameKinds.block, frameKinds.mark]);
	});

	it('gives each frame as soon as its last byte is there, and not before', () => {
		const splitter = new FrameSplitter(payloadBytesMax);
		expect(splitter.push(whole.subarray(0, mark.length - 1))).toEqual([]);
		expect(splitter.push(whole.subarray(mark.length - 1, mark.length))).toHaveLength(1);
		expect(splitter.push(new Uint8Array())).toEqual([]);
	});

	it('takes the longest payload and refuses a longer one before it has come', () => {
		const longest = frameOf(1, new Uint8Array(payloadBytesMax));
		expect(split([longest])).toHaveLength(1);
		const { bytes } = newFrame(1, payloadBytesMax + 1);
		expect(isRefused(bytes.subarray(0, 8))).toBe(true);
		expect(isRefused(bytes.subarray(0, 7))).toBe(false);
	});

	it.each([
		['of no kind', 4, 0],
		['with a fifth byte that is set', 5, 1],
		['with a sixth byte that is set', 6, 1],
		['with a seventh byte that is set', 7, 128],
		['with a length beyond any', 3, 255],
	])('refuses a header %s, behind sound frames too', (_, position, value) => {
		const wrong = mark.slice();
		wrong[position] = value;
		expect(isRefused(wrong)).toBe(true);
		const splitter = new FrameSplitter(payloadBytesMax);
		expect(splitter.push(concat([mark, wrong.subarray(0, 7)]))).toHaveLength(1);
		expect(splitter.isBroken).toBe(false);
		expect(splitter.push(wrong.subarray(7))).toEqual([]);
		expect(splitter.isBroken).toBe(true);
		// In one piece as well, what came before is given.
		const atOnce = new FrameSplitter(payloadBytesMax);
		expect(atOnce.push(concat([mark, wrong, mark]))).toHaveLength(1);
		expect(atOnce.isBroken).toBe(true);
	});

	it('refuses a text, and never throws', () => {
		for (const text of ['{"error":{"code":"busy"}}', '<html><body>502 Bad Gateway', 'HTTP/1.1 200 OK\r\n']) {
			expect(isRefused(new TextEncoder().encode(text))).toBe(true);
		}
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (pieces) => {
				const splitter = new FrameSplitter(payloadBytesMax);
				for (const piece of pieces) if (!splitter.isBroken) splitter.push(piece);
			}),
			{ numRuns: 1_000 },
		);
	});
});
