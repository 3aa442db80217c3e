import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asciiJson } from '../../../master/dashboard/ascii-json.ts';

it('is the same value, in characters that are safe to print', () => {
	const texts = fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 5 });
	fc.assert(
		fc.property(texts, (value) => {
			const text = asciiJson(value);
			return /^[\x20-\x7e]*$/.test(text) && JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
		}),
	);
	expect(asciiJson({ a: 'ü\u202e\u2028\u001b\u{1f600}' })).toBe(
		'{"a":"\\u00fc\\u202e\\u2028\\u001b\\ud83d\\ude00"}',
	);
});
