import { describe, expect, it } from 'vitest';
import { cutTo, displayWidth, padTo } from '../../../master/view/display-width.ts';

describe('the width of a text', () => {
	it.each([
		['', 0],
		['worker-1', 8],
		['ü', 1],
		['e\u0301', 1],
		['漢字', 4],
		['日本語のワーカー', 16],
		['한국', 4],
		['ａｂ', 4],
		['● ░█…', 5],
		['🚀', 2],
		['👍🏽', 4],
		['नि', 2],
		['\u{20000}', 2],
	])('of %j is %i', (text, width) => {
		expect(displayWidth(text)).toBe(width);
	});
});

describe('a text cut to a width', () => {
	it.each([
		['worker', 6, 'worker'],
		['worker', 5, 'work…'],
		['worker', 1, '…'],
		['worker', 0, ''],
		['漢字漢字', 8, '漢字漢字'],
		['漢字漢字', 7, '漢字漢…'],
		['漢字漢字', 6, '漢字…'],
		['漢字漢字', 2, '…'],
		['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
		['a🚀b', 3, 'a…'],
	])('%j in %i columns is %j', (text, width, expected) => {
		expect(cutTo(text, width)).toBe(expected);
	});

	it('is filled with spaces to it', () => {
		expect(padTo('漢', 4)).toBe('漢  ');
		expect(padTo('漢字漢', 4)).toBe('漢… ');
		expect(padTo('ab', 2)).toBe('ab');
	});
});
