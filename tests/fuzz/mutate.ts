/** Inputs out of inputs: what flips, cuts, repeats and joins bytes without knowing what they mean. */
import type { Random } from '../../shared/random.ts';

/** Longest input that mutations make. */
export const inputBytesMax = 64 * 1024;
/** Repetitions beyond this much are rare, because they are slow and find only what takes long. */
const usualBytesMax = 2 * 1024;

const interestingBytes = [0, 1, 7, 8, 9, 10, 13, 32, 127, 128, 254, 255];
const interestingWords = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff];
const interestingTexts = [
	...['0', '-0', '-1', '1', '255', '256', '65535', '65536', '4294967295', '4294967296', '1e400', '1e-400'],
	...[
		'9007199254740993',
		'NaN',
		'null',
		'""',
		'\ufeff',
		'\u202e',
		'\ud800',
		'\0',
		'\r\n',
		'\u2028',
		'é',
		'😀',
	],
];

type Mutation = (bytes: Uint8Array, random: Random, tokens: readonly Uint8Array[]) => Uint8Array;

const encoder = new TextEncoder();

/** Texts of a dictionary as bytes, with the numbers that are odd to every parser. */
export function tokensOf(dictionary: readonly string[]): Uint8Array[] {
	return [...dictionary, ...dictionary, ...interestingTexts].map((text) => encoder.encode(text));
}

function spliced(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
	const result = new Uint8Array(bytes.length - remove + insert.length);
	result.set(bytes.subarray(0, at));
	result.set(insert, at);
	result.set(bytes.subarray(at + remove), at + insert.length);
	return result;
}

/** The bytes without those from `at` on, of which there may be fewer than `length`. */
export function withoutPiece(bytes: Uint8Array, at: number, length: number): Uint8Array {
	return spliced(bytes, at, Math.min(length, bytes.length - at), new Uint8Array());
}

/** Short pieces are likelier than long ones. */
function pieceOf(bytes: Uint8Array, random: Random): { at: number; length: number } {
	const at = random.below(bytes.length + 1);
	const longest = bytes.length - at;
	const length = Math.min(longest, 1 + random.below(random.below(4) === 0 ? Math.max(1, longest) : 8));
	return { at, length };
}

function edited(bytes: Uint8Array, random: Random, edit: (byte: number) => number): Uint8Array {
	if (bytes.length === 0) return bytes;
	const result = bytes.slice();
	const at = random.below(bytes.length);
	result[at] = edit(bytes[at]!);
	return result;
}

function withWord(bytes: Uint8Array, random: Random): Uint8Array {
	const width = [1, 2, 4][random.below(3)]!;
	if (bytes.length < width) return bytes;
	const result = bytes.slice();
	const view = new DataView(result.buffer);
	const at = random.below(bytes.length - width + 1);
	const isLittle = random.below(4) > 0;
	const delta = random.below(2) === 0 ? random.below(35) - 17 : undefined;
	const value = interestingWords[random.below(interestingWords.length)]!;
	if (width === 1) view.setUint8(at, delta === undefined ? value : view.getUint8(at) + delta);
	else if (width === 2)
		view.setUint16(at, delta === undefined ? value : view.getUint16(at, isLittle) + delta, isLittle);
	else view.setUint32(at, delta === undefined ? value : view.getUint32(at, isLittle) + delta, isLittle);
	return result;
}

const mutations: readonly Mutation[] = [
	(bytes, random) => edited(bytes, random, (byte) => byte ^ (1 << random.below(8))),
	(bytes, random) => edited(bytes, random, () => random.below(256)),
	(bytes, random) => edited(bytes, random, () => interestingBytes[random.below(interestingBytes.length)]!),
	withWord,
	withWord,
	// takes a piece out
	(bytes, random) => {
		const { at, length } = pieceOf(bytes, random);
		return withoutPiece(bytes, at, length);
	},
	// repeats a piece where it stands
	(bytes, random) => {
		const { at, length } = pieceOf(bytes, random);
		return spliced(bytes, at, 0, bytes.slice(at, at + length));
	},
	// copies a piece elsewhere
	(bytes, random) => {
		const { at, length } = pieceOf(bytes, random);
		return spliced(bytes, random.below(bytes.length + 1), 0, bytes.slice(at, at + length));
	},
	(bytes, random) => {
		const random8 = Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256));
		return spliced(bytes, random.below(bytes.length + 1), 0, random8);
	},
	// a token put in, often behind all that is right so far, or over a piece
	...[0, 1, 2].map(
		(): Mutation => (bytes, random, tokens) => {
			const at = random.below(4) === 0 ? bytes.length : random.below(bytes.length + 1);
			return spliced(bytes, at, 0, tokens[random.below(tokens.length)]!);
		},
	),
	(bytes, random, tokens) => {
		const { at, length } = pieceOf(bytes, random);
		return spliced(bytes, at, length, tokens[random.below(tokens.length)]!);
	},
	(bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
	// a piece many times: what takes time with the square of the length shows
	(bytes, random) => {
		const { at, length } = pieceOf(bytes, random);
		if (length === 0) return bytes;
		const room = random.below(200) === 0 ? inputBytesMax : usualBytesMax;
		const times = Math.min(1 << random.below(16), Math.floor(Math.max(0, room - bytes.length) / length));
		const piece = bytes.subarray(at, at + length);
		const many = new Uint8Array(times * length);
		for (let i = 0; i < times; i += 1) many.set(piece, i * length);
		return spliced(bytes, at, 0, many);
	},
];

/** A few changes, one after another. */
export function mutated(bytes: Uint8Array, random: Random, tokens: readonly Uint8Array[]): Uint8Array {
	let result = bytes;
	const changes = [1, 1, 1, 2, 4, 8][random.below(6)]!;
	for (let i = 0; i < changes; i += 1) {
		const next = mutations[random.below(mutations.length)]!(result, random, tokens);
		if (next.length <= inputBytesMax) result = next;
	}
	return result;
}

/** The start of one and the end of another. */
export function crossed(one: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
	const head = one.subarray(0, random.below(one.length + 1));
	const tail = other.subarray(random.below(other.length + 1));
	if (head.length + tail.length > inputBytesMax) return head;
	return spliced(head, head.length, 0, tail);
}
