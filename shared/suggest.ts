/**
 * The candidate that was probably meant, for "did you mean …?"; `undefined` when none is close.
 * Closeness is Levenshtein distance, at most a third of the word (and at least 1).
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
	const meant = word.slice(0, 64).toLowerCase();
	let best: string | undefined;
	let bestDistance = Math.max(1, Math.floor(meant.length / 3)) + 1;
	for (const candidate of candidates) {
		const distance = editDistance(meant, candidate.toLowerCase());
		if (distance < bestDistance) {
			best = candidate;
			bestDistance = distance;
		}
	}
	return best;
}

function editDistance(a: string, b: string): number {
	let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 1; i <= a.length; i += 1) {
		const current = [i];
		for (let j = 1; j <= b.length; j += 1) {
			const substituted = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
			current[j] = Math.min(substituted, previous[j]! + 1, current[j - 1]! + 1);
		}
		previous = current;
	}
	return previous[b.length]!;
}
