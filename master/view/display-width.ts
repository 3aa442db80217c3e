/**
 * How many columns of a terminal a text takes, and texts cut to so many.
 *
 * The rule is that of wcwidth: 0 for a mark on the letter before it, 2 for what is wide in East Asia (UAX #11: W and F)
 * and for what is shown as a picture, 1 for everything else. Where terminals disagree (flags, pictures with a skin
 * colour) it says the most that any of them takes. Of texts that were made safe (shared/display.ts): nothing invisible
 * is left in them.
 */
const wide = new RegExp(
	`[${[
		'\\u1100-\\u115f',
		'\\u2329\\u232a',
		'\\u2e80-\\u303e',
		'\\u3041-\\ua4cf',
		'\\ua960-\\ua97c',
		'\\uac00-\\ud7a3',
		'\\uf900-\\ufaff',
		'\\ufe10-\\ufe19',
		'\\ufe30-\\ufe6f',
		'\\uff01-\\uff60',
		'\\uffe0-\\uffe6',
		'\\u{16fe0}-\\u{18cff}',
		'\\u{1aff0}-\\u{1b2ff}',
		'\\u{1f000}-\\u{1fbff}',
		'\\u{20000}-\\u{3ffff}',
		'\\p{Emoji_Presentation}',
	].join('')}]`,
	'u',
);
/** Marks that stand on a letter, or around it. */
const mark = /[\p{Mn}\p{Me}]/u;
const plain = /^[\x20-\x7e]*$/;

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Columns that a safe text takes. */
export function displayWidth(text: string): number {
	if (plain.test(text)) return text.length;
	let width = 0;
	for (const character of text) {
		if (wide.test(character)) width += 2;
		else if (!mark.test(character)) width += 1;
	}
	return width;
}

/** The text, or as much of it as leaves room for an ellipsis. Never parts a letter from its marks. */
export function cutTo(text: string, width: number): string {
	if (displayWidth(text) <= width) return text;
	if (width < 1) return '';
	let cut = '';
	let room = width - 1;
	for (const { segment } of segmenter.segment(text)) {
		room -= displayWidth(segment);
		if (room < 0) break;
		cut += segment;
	}
	return `${cut}…`;
}

/** The text, cut or filled with spaces behind it. */
export function padTo(text: string, width: number): string {
	const cut = cutTo(text, width);
	return cut + ' '.repeat(Math.max(0, width - displayWidth(cut)));
}
