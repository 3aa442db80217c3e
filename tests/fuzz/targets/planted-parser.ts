/**
 * A parser with bugs in it, each behind five words that must come in order: too rare to be met by chance, and one
 * step after another for who sees which blocks are run.
 */

/** @throws Error behind one sequence; hangs behind another, and ends the process behind a third */
export function parsePlanted(text: string): number {
	let at = 0;
	const takes = (word: string): boolean => {
		if (!text.startsWith(word, at)) return false;
		at += word.length;
		return true;
	};
	if (!takes('open ')) return 0;
	if (!takes('nine ')) return 1;
	if (!takes('tall ')) return 2;
	if (!takes('gates ')) return 3;
	if (takes('now')) throw new Error('the planted bug');
	if (takes('forever')) for (;;) at += 1;
	if (takes('never')) process.abort();
	return 4;
}
