/**
 * Applies a patch in unified form to texts. Of our own, because no program that does it is on every machine that
 * runs the tests, and because a patch must go on fitting when lines move: its line numbers are not looked at, what
 * it takes out must stand in the file exactly once.
 */

export interface FilePatch {
	/** path of the file, from the root of the project */
	readonly path: string;
	readonly hunks: readonly { readonly before: string; readonly after: string }[];
}

/** Reads a patch of one file; lines before its head say what it is for. */
export function parsePatch(text: string): FilePatch {
	const lines = text.split('\n');
	const head = lines.findIndex((line) => line.startsWith('+++ b/'));
	if (head < 0) throw new Error('a patch has a line that begins with +++ b/');
	const hunks: { before: string; after: string }[] = [];
	for (const line of lines.slice(head + 1)) {
		const hunk = hunks.at(-1);
		const [kind, rest] = [line[0], `${line.slice(1)}\n`];
		if (line.startsWith('@@')) hunks.push({ before: '', after: '' });
		else if (hunk === undefined || kind === undefined) continue;
		else {
			if (kind !== '+') hunk.before += rest;
			if (kind !== '-') hunk.after += rest;
		}
	}
	return { path: lines[head]!.slice('+++ b/'.length), hunks };
}

/** @throws Error when the text has not, or not only once, what a hunk takes out */
export function applyPatch(text: string, { path, hunks }: FilePatch): string {
	let patched = text;
	for (const { before, after } of hunks) {
		const found = patched.split(before).length - 1;
		if (found !== 1) throw new Error(`${path} has ${found} places that a patch fits:\n${before}`);
		patched = patched.replace(before, () => after);
	}
	return patched;
}
