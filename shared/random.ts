/** Randomness, passed in, so that a seed replays a run. Not for secrets. */
export interface Random {
	/** uniform in [0, 1) */
	next(): number;
	/** uniform integer in [0, below) */
	below(below: number): number;
}

/**
 * A generator with 128 bits of state (sfc32, from PractRand by Chris Doty-Humphrey, public domain algorithm).
 *
 * @param seed any 32-bit integer; the same seed gives the same sequence
 */
export function createRandom(seed: number): Random {
	let a = 0x9e3779b9;
	let b = 0x243f6a88;
	let c = seed | 0;
	let counter = 1;
	function step(): number {
		const sum = (a + b + counter) | 0;
		counter = (counter + 1) | 0;
		a = b ^ (b >>> 9);
		b = (c + (c << 3)) | 0;
		c = ((c << 21) | (c >>> 11)) + sum;
		return sum >>> 0;
	}
	// The first outputs of close seeds are close: run the state in.
	for (let round = 0; round < 12; round += 1) step();
	return {
		next: () => step() / 0x1_0000_0000,
		below: (below) => Math.floor((step() / 0x1_0000_0000) * below),
	};
}

/** 0 to `length - 1` in an order of which every one is equally likely (Fisher–Yates). */
export function shuffledOrder(length: number, random: Random): Uint32Array {
	const order = new Uint32Array(length);
	for (let i = 0; i < length; i += 1) order[i] = i;
	for (let last = length - 1; last > 0; last -= 1) {
		const other = random.below(last + 1);
		const held = order[last]!;
		order[last] = order[other]!;
		order[other] = held;
	}
	return order;
}
