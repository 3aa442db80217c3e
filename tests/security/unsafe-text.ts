/** A judge of what a program prints, written apart from what it judges: allowed is what is listed here, and no more. */

/** Letters, digits, punctuation and signs of scripts from left to right, single marks, the plain space. */
const allowed =
	/^(?:[\x20-\x7e]|(?!\p{Script=Hebrew}|\p{Script=Arabic}|\p{Script=Syriac}|\p{Script=Thaana}|\p{Script=Nko}|\p{Script=Adlam})[\p{L}\p{N}\p{P}\p{S}\p{M}])$/u;
/** Among those, what shows as nothing or as a space: fillers, joiners, variation selectors, an empty braille cell. */
const invisible =
	/\u034f|[\u115f\u1160\u2800\u3164\uffa0]|\u17b4|\u17b5|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/u;
const marksInRow = /\p{M}{5}/u;

/** What a terminal or a log must not get: the first such thing with its place, or `undefined`. */
export function unsafeIn(text: string, { lineBreaks = true } = {}): string | undefined {
	let at = 0;
	for (const character of text) {
		const isBreak = lineBreaks && (character === '\n' || (character === '\r' && text[at + 1] === '\n'));
		if (!isBreak && (!allowed.test(character) || invisible.test(character))) {
			const code = character.codePointAt(0)!.toString(16);
			return `U+${code} at ${at} in ${JSON.stringify(text.slice(Math.max(0, at - 30), at + 30))}`;
		}
		at += character.length;
	}
	return marksInRow.test(text) ? 'a pile of combining marks' : undefined;
}

/** Texts that try to do something to whoever shows them, by what they try. */
export const hostile: Readonly<Record<string, string>> = {
	colour: 'a\u001b[31mb',
	'clear screen': 'a\u001b[2J\u001b[Hb',
	title: 'a\u001b]0;owned\u0007b',
	link: 'a\u001b]8;;http://evil.test\u001b\\b',
	'C1 sequence': 'a\u009b31mb\u0090q\u009c',
	bell: 'a\u0007b',
	overwrite: 'a\rpingpool: all is well',
	backspaces: 'secret\b\b\b\b\b\bpublic',
	'new line': 'a\npingpool: run 1 finished: 1 host\r\nb',
	'other line breaks': 'a\u0085b\u2028c\u2029d\vb\fc',
	'bidi override': 'a\u202egnp.exe\u202cb',
	'bidi isolate': 'a\u2066\u2067\u2068b\u2069\u200e\u200f\u061c',
	'right to left': '\u05d0\u05d1\u05d2 5, 6 \u0627\u0644\u0639',
	'zero width': 'a\u200b\u200c\u200d\u2060\ufeff\u00adb',
	tags: 'a\u{e0001}\u{e0061}\u{e007f}b',
	'variation selectors': 'a\ufe0f\u{e0100}b',
	fillers: 'a\u3164\u115f\u2800\u034fb',
	spaces: 'a\u00a0\u2003\u3000\u202fb',
	'pile of marks': `z${'\u0301\u0336\u0489'.repeat(40)}`,
	'mark first': '\u0301\u20dda',
	'lone surrogates': 'a\ud800b\udc00',
	'no characters': 'a\ufffe\u{10ffff}\u{e000}b',
	tab: 'a\tb',
	null: 'a\0b',
};
