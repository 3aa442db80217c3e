/**
 * The candidate that was probably meant, for "did you mean …?"; `undefined` when none is close.
 * Closeness is the optimal string alignment distance (Levenshtein's, where two neighbours that changed places
 * count once), at most a third of the word and at least 1.
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
	let beforePrevious: number[] = [];
	let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 1; i <= a.length; i += 1) {
		const current = [i];
		for (let j = 1; j <= b.length; j += 1) {
			const substituted = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
			let best = Math.min(substituted, previous[j]! + 1, current[j - 1]! + 1);
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
				best = Math.min(best, beforePrevious[j - 2]! + 1);
			}
			current[j] = best;
		}
		beforePrevious = previous;
		previous = current;
	}
	return previous[b.length]!;
}
