/**
 * What may be shown where. Whatever came from outside (a line of a list, a file's name, what a worker or a
 * certificate says, a row that somebody else has written) passes through here before it reaches a terminal, a
 * log, or a file that people open.
 *
 * What remains can not move the cursor, change colours, hide, or stand in another place than where it was
 * written. Escaped are:
 * - control characters and everything invisible: Unicode's C (controls, formats such as bidirectional marks,
 *   surrogates without their half, private and unassigned code points), Zl and Zp, default-ignorable code points
 *   (variation selectors, fillers), and the braille blank
 * - white space other than the plain space, which looks like it
 * - letters that are written from right to left: they would carry the digits and signs beside them along
 * - combining marks at the start, where they would change what is not theirs, and beyond a few in a row, which
 *   would cover the lines above and below
 *
 * Every pattern here looks at each character once and at a bounded number before it.
 */

/** The blocks that Unicode sets aside for scripts from right to left (UAX #9, DerivedBidiClass.txt). */
const rightToLeft = '\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufeff\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}';
const hiddenClass = '\\p{C}\\p{Zl}\\p{Zp}\\p{DI}\\u2800';
const unsafeClass = `${hiddenClass}${rightToLeft}`;
/** Marks on one letter that any living script needs. */
const marksMax = 4;
const unsafe = unsafePattern(unsafeClass);
/** Without the letters from right to left, which a page can keep in their place. */
const hidden = unsafePattern(hiddenClass);

function unsafePattern(characters: string): RegExp {
	return new RegExp(
		`[${characters}]|(?! )\\p{Zs}|(?<=^|[${characters}]|\\p{Z}|\\p{M}{${marksMax}})\\p{M}`,
		'gu',
	);
}

/** Most texts: nothing in them needs a look. */
const plain = /^[\x20-\x7e]*$/;

/** One line for a terminal or a log: what is unsafe stands as `\u{…}`, line breaks and tabs too. */
export function escapeUnsafe(text: string): string {
	if (plain.test(text)) return text;
	return text.replace(unsafe, codePointOf);
}

/**
 * One line for a page of HTML, in an element of its own that keeps its direction to itself (`<bdi>`): as
 * `escapeUnsafe`, but letters from right to left stay readable. The element, not this text, keeps markup out.
 */
export function escapeHidden(text: string): string {
	if (plain.test(text)) return text;
	return text.replace(hidden, codePointOf);
}

function codePointOf(character: string): string {
	return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/** The same for a text of several lines, whose line breaks stay. */
export function escapeLines(text: string): string {
	return text.split('\n').map(escapeUnsafe).join('\n');
}

/** A text quoted for a message: cut to 60 characters, and safe to print. */
export function quote(text: string): string {
	const cut = text.length > 60 ? `${text.slice(0, 57)}...` : text;
	return `"${escapeUnsafe(cut)}"`;
}

/**
 * A value as JSON on one line. The value stays what it is: what is unsafe stands as JSON's own `\uXXXX`, which
 * `JSON.stringify` itself does for C0 controls, quotes and lone surrogates alone.
 */
export function jsonText(value: unknown): string {
	const json = JSON.stringify(value);
	if (plain.test(json)) return json;
	return json.replace(unsafe, (character) => {
		let escaped = '';
		for (let i = 0; i < character.length; i += 1) {
			escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
		}
		return escaped;
	});
}

/** Texts that spreadsheets take for formulas start with these; `normalize` finds their wide and small forms. */
const formulaStarts = new Set(['=', '+', '-', '@', '\u2212']);
const startsUnsafe = /^\s*[\t\r\n]/;
/** Texts that are a field as they stand: most hosts, addresses and words. */
const plainField = /^[A-Za-z0-9][A-Za-z0-9 .:/_?&%[\]-]*$/;

/**
 * A text as a field of CSV (RFC 4180), for a file that may be opened in a spreadsheet: in quotes where it must be,
 * unsafe characters as `\u{…}`, and an apostrophe before what would be taken for a formula (OWASP, "CSV
 * injection"): `=`, `+`, `-`, `@` in any width, or a tab, CR or LF, at the start, behind white space, or behind a
 * semicolon, by which spreadsheets of some languages part fields. Whoever needs the exact text takes JSON.
 */
export function csvField(text: string): string {
	if (text === '' || plainField.test(text)) return text;
	const isFormula = startsUnsafe.test(text) || startsFormula(text);
	const parts = escapeUnsafe(text).split(';');
	const safe = parts.map((part, i) => (i > 0 && startsFormula(part) ? `'${part}` : part)).join(';');
	const field = isFormula ? `'${safe}` : safe;
	return /[",;']/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function startsFormula(text: string): boolean {
	const first = text.trimStart().slice(0, 1);
	return formulaStarts.has(first) || formulaStarts.has(first.normalize('NFKC'));
}
