/** What the parser of command lines says of an argument that is wrong, as ours, and safe to print. */
import { escapeUnsafe } from './display.ts';

/** How the parser begins its suggestion, the one line break that is its own. */
const suggestion = '\n(Did you mean ';

/** An option that there is none of, with its value: it may be a secret, meant for an option that others have. */
const unknownWithValue = /^(pingpool: unknown option '--?[^='\n]*=)[\s\S]*'$/;

const unknown = "pingpool: unknown option '";

const ofTokens =
	'Tokens are no arguments, which every user of this machine can read: use a token file or PINGPOOL_TOKEN';

/**
 * @param text "error: …", with what was typed in it, and a suggestion on a line of its own if there is one
 * @param command whose help names the options, where nothing else helps. Default: none
 */
export function usageText(text: string, command?: string): string {
	const said = text.replace(/^error: /, 'pingpool: ').replace(/\n$/, '');
	const at = said.lastIndexOf(suggestion);
	const lines = at < 0 ? [said] : [said.slice(0, at), said.slice(at + 1)];
	lines[0] = lines[0]!.replace(unknownWithValue, "$1…'");
	if (/^pingpool: unknown option '--?token['=]/.test(lines[0])) lines.push(ofTokens);
	else if (command !== undefined && lines.length === 1 && lines[0].startsWith(unknown)) {
		lines.push(`${command} --help lists the options`);
	}
	return lines.map((line) => `${escapeUnsafe(line)}\n`).join('');
}

/** The same without the program's name in front, for a log of which each line says whose it is. */
export function usageMessage(text: string, command?: string): string {
	return usageText(text, command)
		.replace(/^pingpool: /, '')
		.trimEnd();
}
