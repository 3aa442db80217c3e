import { expect, it } from 'vitest';
import { asciiJson } from '../../../master/dashboard/ascii-json.ts';

it('is the same value, in characters that are safe to print', () => {
	// Every code unit there is, halves of pairs among them, and a pair.
	const units = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code));
	const value = { [units.join('')]: ['\u{1f600}', ...units], a: [1.5, null, true] };
	const text = asciiJson(value);
	expect(/^[\x20-\x7e]*$/.test(text)).toBe(true);
	expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(value));
	expect(asciiJson({ a: 'ü\u202e\u2028\u001b\u{1f600}' })).toBe(
		'{"a":"\\u00fc\\u202e\\u2028\\u001b\\ud83d\\ude00"}',
	);
});
