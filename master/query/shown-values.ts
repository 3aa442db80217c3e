/** Values of a database as a page shows them. Anybody may have written them, in tables that hold anything: a text may have
 * a gigabyte, and a number may be a text. */
import { shownTextMax } from '../../shared/limits.ts';
import { textOf } from '../store/answer-row.ts';

/** SQL of a column's value that reads no more of a text than is shown. (`substr` of every text would end at a NUL.) */
export function shownSql(column: string): string {
	return `iif(octet_length(${column}) > ${4 * shownTextMax}, substr(${column}, 1, ${shownTextMax + 1}), ${column})`;
}

/** Of a text as much as anybody looks at; `null` for none. */
export function shownText(value: unknown): string | null {
	const text = textOf(value);
	return text !== null && text.length > shownTextMax ? `${text.slice(0, shownTextMax)}…` : text;
}

/** `null` for what is no number. */
export function shownNumber(value: unknown): number | null {
	return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

const wholeMax = 2 ** 63;

/** A whole number as SQLite's CAST makes one of it, by which rows are sorted; `null` for what is no number. */
export function shownWhole(value: unknown): number | null {
	if (typeof value !== 'number') return null;
	return Math.trunc(Math.min(Math.max(value, -wholeMax), wholeMax));
}
