import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvField, escapeLines, escapeUnsafe, jsonText, quote } from '../../shared/display.ts';
import { usageText } from '../../shared/usage-text.ts';
import { hostile, unsafeIn } from '../security/unsafe-text.ts';

const anyText = fc.oneof(
	fc.string({ unit: 'binary' }),
	fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
	fc.array(fc.constantFrom(...Object.values(hostile)), { maxLength: 4 }).map((texts) => texts.join('')),
);

describe('a text for a terminal', () => {
	it.each(Object.entries(hostile))('%s does nothing', (_, text) => {
		const shown = escapeUnsafe(text);
		expect(unsafeIn(shown, { lineBreaks: false })).toBeUndefined();
		expect(shown).not.toBe(text);
		expect(escapeUnsafe(shown)).toBe(shown);
	});

	it('says what was there', () => {
		expect(escapeUnsafe('a\u001b[31m\u202e\u2028\t')).toBe('a\\u{1b}[31m\\u{202e}\\u{2028}\\u{9}');
		expect(escapeUnsafe('\ud800\u{e0001}')).toBe('\\u{d800}\\u{e0001}');
	});

	it('leaves what people write from left to right', () => {
		for (const text of [
			'plain text, 100 % "quoted"',
			'bücher.example',
			'日本語',
			'Ελλάδα',
			'e\u0301',
			'นี้ ที่',
			'😀→½',
		]) {
			expect(escapeUnsafe(text)).toBe(text);
		}
	});

	it('is safe whatever it was', () => {
		fc.assert(
			fc.property(anyText, (text) => {
				expect(unsafeIn(escapeUnsafe(text), { lineBreaks: false })).toBeUndefined();
				expect(unsafeIn(escapeLines(text))).toBeUndefined();
				expect(escapeLines(text).split('\n')).toHaveLength(text.split('\n').length);
			}),
		);
	});

	it('is short where it is quoted', () => {
		expect(quote('x'.repeat(61))).toBe(`"${'x'.repeat(57)}..."`);
		expect(quote(`${'x'.repeat(56)}😀😀😀😀`)).toContain('\\u{d83d}');
	});
});

describe('a value as JSON', () => {
	it('is the same value, and safe', () => {
		fc.assert(
			fc.property(anyText, (text) => {
				const json = jsonText({ [text]: [text, 1.5, null] });
				// A mark right behind the quote of JSON has one place, which is safe.
				expect(unsafeIn(json, { lineBreaks: false })).toBeUndefined();
				expect(JSON.parse(json)).toEqual({ [text]: [text, 1.5, null] });
			}),
		);
	});

	it('has \\u escapes as JSON knows them', () => {
		expect(jsonText('\u202e\u2028\u007f\u{e0001}\ud800')).toBe(
			'"\\u202e\\u2028\\u007f\\udb40\\udc01\\ud800"',
		);
	});
});

describe('a field of CSV', () => {
	it.each([
		['10.0.0.1', '10.0.0.1'],
		['http://a.test/?b=c', 'http://a.test/?b=c'],
		['', ''],
		['a,b', '"a,b"'],
		['a"b', '"a""b"'],
		['=1+1', '"\'=1+1"'],
		['+1', '"\'+1"'],
		['-1', '"\'-1"'],
		['@SUM(A1)', '"\'@SUM(A1)"'],
		['  =1', '"\'  =1"'],
		['\u00a0=1', '"\'\\u{a0}=1"'],
		['\t=1', '"\'\\u{9}=1"'],
		['\rx', '"\'\\u{d}x"'],
		['\nx', '"\'\\u{a}x"'],
		['＝1', '"\'＝1"'],
		['＋1', '"\'＋1"'],
		['－1', '"\'－1"'],
		['＠a', '"\'＠a"'],
		['﹦1', '"\'﹦1"'],
		['−1', '"\'−1"'],
		// Where a semicolon parts fields, the second would be a formula.
		['http://a/;=cmd()', '"http://a/;\'=cmd()"'],
		['a; @b;c', '"a;\' @b;c"'],
		["'=1", '"\'=1"'],
	])('%j is %s', (text, field) => {
		expect(csvField(text)).toBe(field);
	});

	it('is one field on one line, safe, and no formula', () => {
		fc.assert(
			fc.property(anyText, fc.constantFrom('', '=', ' +', '\t-', '＠', ',', '"', ';='), (text, start) => {
				const field = csvField(start + text);
				expect(unsafeIn(field, { lineBreaks: false })).toBeUndefined();
				expect(field).toMatch(/^([^",]*|"([^"]|"")*")$/);
				const value = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
				for (const part of value.split(';')) expect(part).not.toMatch(/^\s*[=+\-@＝＋－＠\t\r\n]/);
			}),
		);
	});
});

describe('what is wrong with an argument', () => {
	it('is ours, on a line, with its suggestion on another', () => {
		expect(usageText("error: unknown option '--prot'\n(Did you mean --port?)\n")).toBe(
			"pingpool: unknown option '--prot'\n(Did you mean --port?)\n",
		);
		expect(usageText("error: unknown option '--prot'\n(Did you mean --port?)\n", 'pingpool worker')).toBe(
			"pingpool: unknown option '--prot'\n(Did you mean --port?)\n",
		);
		expect(usageText("error: unknown option '--json'\n", 'pingpool diff')).toBe(
			"pingpool: unknown option '--json'\npingpool diff --help lists the options\n",
		);
		expect(usageText("error: option '--x' argument '1\n2\u001b[2J' is invalid.\n")).toBe(
			"pingpool: option '--x' argument '1\\u{a}2\\u{1b}[2J' is invalid.\n",
		);
	});
});
