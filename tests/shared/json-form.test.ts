import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkJsonForm } from '../../shared/json-form.ts';
import {
	jsonDepthMax,
	jsonKeysMax,
	jsonPartsMax,
	jsonSpacesMax,
	jsonTextBytesMax,
} from '../../shared/limits.ts';

const check = (text: string): void => checkJsonForm(new TextEncoder().encode(text));

describe('the form of a JSON text', () => {
	it.each([
		['deeper than it may be', '['.repeat(jsonDepthMax + 1), 'nests deeper'],
		['objects, deeper than they may be', '{"a":'.repeat(jsonDepthMax + 1), 'nests deeper'],
		['a key twice', '{"hosts":["a"],"hosts":["b"]}', '"hosts" stands in it twice'],
		['a key twice, once with escapes', '{"hosts":["a"],"h\\u006fsts":["b"]}', 'twice'],
		['a key twice within', '{"a":{"b":1,"b":2}}', '"b" stands in it twice'],
		['__proto__ twice', '{"__proto__":1,"__proto__":2}', 'twice'],
		['a long key', `{"${'k'.repeat(65)}":1}`, 'key of over'],
		['many keys', `{${Array.from({ length: jsonKeysMax + 1 }, (_, i) => `"${i}":1`).join()}}`, 'keys'],
		['a long number', '1'.repeat(33), 'number or word'],
		['a long text', `["${'a'.repeat(jsonTextBytesMax + 1)}"]`, 'text of over'],
		['a text without an end', '["abc', 'ends within a text'],
		['a text whose last quote is escaped', '["abc\\"', 'ends within a text'],
	])('is refused: %s', (_, text, problem) => {
		expect(() => check(text)).toThrow(
			expect.objectContaining({ code: 'bad-request', message: expect.stringContaining(problem) }),
		);
	});

	it.each([
		['parts', '"",'.repeat(jsonPartsMax)],
		['numbers without commas', '1 '.repeat(jsonPartsMax + 1)],
		['white space', ' '.repeat(jsonSpacesMax + 1)],
		['line feeds', '\n'.repeat(jsonSpacesMax + 1)],
	])('is refused as too large: %s', (_, text) => {
		expect(() => check(text)).toThrow(expect.objectContaining({ code: 'too-large' }));
	});

	it('may be anything else, with brackets, quotes and colons within texts', () => {
		check('{"hosts":["a","[[[[[[[","{\\"a\\":1,\\"a\\":2}","\\\\"],"count":1}');
		check(`["${'a'.repeat(jsonTextBytesMax)}"]`);
		check('{"a":{"x":1},"b":{"x":1}}');
		check('');
		check('\u00fc nonsense ]]]]');
	});

	it('is told as a parser would: no JSON within the bounds is refused, and none over them passes', () => {
		const value = fc.jsonValue({ maxDepth: 6, noUnicodeString: false });
		fc.assert(
			fc.property(value, fc.constantFrom(undefined, 1, '\t'), (json, indent) => {
				const expected = measure(json);
				const text = JSON.stringify(json, undefined, indent);
				const fits = expected.depth <= jsonDepthMax && expected.keys <= jsonKeysMax;
				if (fits) check(text);
				else expect(() => check(text)).toThrow();
			}),
			{ numRuns: 500 },
		);
	});
});

function measure(value: unknown): { depth: number; keys: number } {
	if (typeof value !== 'object' || value === null) return { depth: 0, keys: 0 };
	const own = Array.isArray(value) ? 0 : Object.keys(value).length;
	const parts = Object.values(value).map(measure);
	return {
		depth: 1 + Math.max(0, ...parts.map(({ depth }) => depth)),
		keys: own + parts.reduce((sum, { keys }) => sum + keys, 0),
	};
}
