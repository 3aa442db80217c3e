/** Text as HTML. Everything that goes into a page passes through here, or was written by us. */
import { escapeHidden } from '../../shared/display.ts';

const entities: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
};

/** A text as content or as the value of a quoted attribute; what is invisible in it stands as `\u{…}`. */
export function html(text: string | number): string {
	return escapeHidden(String(text)).replace(/[&<>"']/g, (character) => entities[character]!);
}

/** A text from outside, in an element that keeps its direction to itself. */
export function foreign(text: string): string {
	return `<bdi>${html(text)}</bdi>`;
}

export interface Column {
	readonly head: string;
	/** numbers stand to the right. Default: false */
	readonly isNumber?: boolean;
}

/** @param rows cells that are HTML already */
export function table(
	caption: string,
	columns: readonly Column[],
	rows: readonly (readonly string[])[],
): string {
	const classOf = (column: number): string => (columns[column]!.isNumber ? ' class="number"' : '');
	const head = columns.map(({ head }, i) => `<th scope="col"${classOf(i)}>${html(head)}</th>`).join('');
	const body = rows
		.map((cells) => `<tr>${cells.map((cell, i) => `<td${classOf(i)}>${cell}</td>`).join('')}</tr>`)
		.join('\n');
	return (
		`<div class="scroll" tabindex="0" role="region" aria-label="${html(caption)}"><table>` +
		`<caption>${html(caption)}</caption><thead><tr>${head}</tr></thead>\n<tbody>${body}</tbody></table></div>`
	);
}
