/** Which two runs are chosen, when another one is clicked. */

/** One that was chosen is chosen no more; a third one takes the place of the one that was chosen first. */
export function chosenAfter(chosen: readonly number[], id: number): readonly number[] {
	if (chosen.includes(id)) return chosen.filter((other) => other !== id);
	return [...chosen, id].slice(-2);
}
