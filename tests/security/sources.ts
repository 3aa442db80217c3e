/** The product's own sources, for rules that a reader could check as well, but would have to check again. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Source {
	/** relative to the root of the checkout */
	readonly path: string;
	/** without its comments */
	readonly text: string;
}

/** @param patterns globs relative to the root of the checkout */
export function sourcesOf(...patterns: readonly string[]): Source[] {
	const paths = globSync(patterns, { cwd: root }).toSorted();
	return paths.map((path) => ({ path, text: withoutComments(readFileSync(`${root}/${path}`, 'utf8')) }));
}

/** Comments that stand on lines of their own, as all of ours do. */
function withoutComments(text: string): string {
	return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '');
}

/**
 * What stands between the parentheses of calls, those of nested ones included.
 *
 * @param call matches up to and with the opening parenthesis
 */
export function argumentsOf(text: string, call: RegExp): string[] {
	return [...text.matchAll(call)].map((match) => {
		const from = match.index + match[0].length;
		let depth = 1;
		let at = from;
		for (; depth > 0 && at < text.length; at += 1) {
			if (text[at] === '(') depth += 1;
			else if (text[at] === ')') depth -= 1;
		}
		return text.slice(from, at - 1).trim();
	});
}
