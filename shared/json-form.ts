/**
 * The form of a JSON text, looked through before it is parsed: a parser makes an object of every bracket and a text
 * of every key, and eight megabytes hold millions of them. One pass over the bytes, without recursion and without a
 * copy, counts what nests and what it holds, and stops at the first thing that no request has. It is no parser: a
 * text that passes may still be no JSON.
 *
 * A key that stands twice in an object is refused as well: parsers differ in which of the two they take, so that
 * what one program checked would not be what another one does.
 */
import { quote } from './display.ts';
import { PingpoolError } from './errors.ts';
import {
	jsonDepthMax,
	jsonKeyBytesMax,
	jsonKeysMax,
	jsonPartsMax,
	jsonSpacesMax,
	jsonTextBytesMax,
	jsonWordBytesMax,
} from './limits.ts';

const space = 0x20;
const quoteMark = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const decoder = new TextDecoder();

/**
 * @param bytes UTF-8
 * @throws PingpoolError `bad-request` or `too-large`
 */
export function checkJsonForm(bytes: Uint8Array): void {
	let depth = 0;
	let keys = 0;
	let spaces = 0;
	/** texts, numbers, words, opening brackets and commas */
	let parts = 0;
	/** where the text before a colon, which may be a key, begins and ends, its quotes left out */
	let textFrom = 0;
	let textTo = 0;
	/** bytes of the number or word that is being read */
	let word = 0;
	/** keys of each object that is open, by its depth */
	const open: Set<string>[] = [];
	for (let at = 0; at < bytes.length; at += 1) {
		const byte = bytes[at]!;
		if (byte <= space) {
			spaces += 1;
			if (spaces > jsonSpacesMax) throw tooLarge(`over ${jsonSpacesMax} bytes of white space`);
			word = 0;
			continue;
		}
		if (byte === colon) {
			keys += 1;
			if (keys > jsonKeysMax) throw malformed(`it has over ${jsonKeysMax} keys`);
			addKey(open[depth], bytes.subarray(textFrom, textTo));
			word = 0;
			continue;
		}
		if (byte === closeBrace || byte === closeBracket) {
			depth -= 1;
			word = 0;
			continue;
		}
		if (byte === quoteMark) {
			textFrom = at + 1;
			textTo = endOfText(bytes, textFrom);
			at = textTo;
			word = 0;
		} else if (byte === openBrace || byte === openBracket) {
			depth += 1;
			if (depth > jsonDepthMax) throw malformed(`it nests deeper than ${jsonDepthMax} levels`);
			if (byte === openBrace) open[depth] = new Set();
			else delete open[depth];
			word = 0;
		} else if (byte === comma) word = 0;
		else {
			word += 1;
			if (word > jsonWordBytesMax)
				throw malformed(`it has a number or word of over ${jsonWordBytesMax} bytes`);
			if (word > 1) continue;
		}
		parts += 1;
		if (parts > jsonPartsMax) throw tooLarge(`over ${jsonPartsMax} texts, numbers, brackets and commas`);
	}
}

/** Where the text that begins here has its closing quote. */
function endOfText(bytes: Uint8Array, from: number): number {
	const last = Math.min(bytes.length, from + jsonTextBytesMax + 1);
	let at = from;
	while (at < last && bytes[at] !== quoteMark) at += bytes[at] === backslash ? 2 : 1;
	if (at < last) return at;
	if (last < bytes.length) throw malformed(`it has a text of over ${jsonTextBytesMax} bytes`);
	throw malformed('it ends within a text');
}

function addKey(keys: Set<string> | undefined, bytes: Uint8Array): void {
	if (bytes.length > jsonKeyBytesMax) throw malformed(`it has a key of over ${jsonKeyBytesMax} bytes`);
	const key = keyOf(decoder.decode(bytes));
	if (keys?.has(key)) throw malformed(`${quote(key)} stands in it twice`);
	keys?.add(key);
}

/** What is written with escapes may be the same key. */
function keyOf(written: string): string {
	if (!written.includes('\\')) return written;
	try {
		return JSON.parse(`"${written}"`);
	} catch {
		// The parser will say what is wrong with it.
		return written;
	}
}

function malformed(problem: string): PingpoolError {
	return new PingpoolError('bad-request', `the body is no request: ${problem}`, {
		details: { path: '', expected: '{"hosts":["127.0.0.1"]}' },
	});
}

function tooLarge(what: string): PingpoolError {
	return new PingpoolError('too-large', `the body holds ${what}`, { details: { path: '' } });
}
