import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHidden, escapeUnsafe } from '../../shared/display.ts';

describe('a text for a page', () => {
	it.each([
		['10.0.0.1', '10.0.0.1'],
		['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
		['שלום.example', 'שלום.example'],
		['مثال.example', 'مثال.example'],
		['\u202eelpmaxe', '\\u{202e}elpmaxe'],
		['a\u2066b\u2069', 'a\\u{2066}b\\u{2069}'],
		['a\u0007\u001b[31m', 'a\\u{7}\\u{1b}[31m'],
		['a\nb\tc', 'a\\u{a}b\\u{9}c'],
		['a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
		['\u061cx', '\\u{61c}x'],
		[`a${'\u0301'.repeat(6)}`, `a${'\u0301'.repeat(4)}\\u{301}\\u{301}`],
	])('%j is shown as %j', (text, shown) => expect(escapeHidden(text)).toBe(shown));

	it('differs from one for a terminal in letters from right to left alone', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), (text) => {
				expect(escapeUnsafe(escapeHidden(text))).toBe(escapeUnsafe(text));
			}),
		);
	});
});
