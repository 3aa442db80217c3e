import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asciiJson } from '../../../master/dashboard/ascii-json.ts';

it('is the same value, in characters that are safe to print', () => {
	fc.assert(
		fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
			const text = asciiJson(value);
			expect(text).toMatch(/^[\x20-\x7e]*$/);
			expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
		}),
	);
	expect(asciiJson({ a: 'ü\u202e\u2028\u001b\u{1f600}' })).toBe(
		'{"a":"\\u00fc\\u202e\\u2028\\u001b\\ud83d\\ude00"}',
	);
});
