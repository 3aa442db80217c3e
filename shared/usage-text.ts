/** What the parser of command lines says of an argument that is wrong, as ours, and safe to print. */
import { escapeUnsafe } from './display.ts';

/** How the parser begins its suggestion, the one line break that is its own. */
const suggestion = '\n(Did you mean ';

/** @param text "error: …", with what was typed in it, and a suggestion on a line of its own if there is one */
export function usageText(text: string): string {
	const said = text.replace(/^error: /, 'pingpool: ').replace(/\n$/, '');
	const at = said.lastIndexOf(suggestion);
	if (at < 0) return `${escapeUnsafe(said)}\n`;
	return `${escapeUnsafe(said.slice(0, at))}\n${escapeUnsafe(said.slice(at + 1))}\n`;
}
