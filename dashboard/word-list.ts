/** Lists of known words, as parameters of an address and as chips that are on or off. */

/** Those of a comma-separated parameter that are known, in the order of `known`. */
export function wordsOf<Word extends string>(text: string | undefined, known: readonly Word[]): Word[] {
	const said = new Set(text?.split(',') ?? []);
	return known.filter((word) => said.has(word));
}

/** The list with a word more, or without it if it was there; in the order of `known`. */
export function toggled<Word extends string>(
	words: readonly Word[],
	word: Word,
	known: readonly Word[],
): Word[] {
	return known.filter((other) => words.includes(other) !== (other === word));
}
