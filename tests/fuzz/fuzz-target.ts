/** What is fuzzed: a parser, inputs that are near to valid ones, and what must hold for every input. */
import type { Random } from '../../shared/random.ts';

export interface FuzzTarget {
	readonly name: string;
	/** files whose blocks guide the search, from the root of the repository */
	readonly modules: readonly string[];
	/** texts that mean something to the parser */
	readonly dictionary: readonly string[];
	/** how many readings of an input `run` comes to, for the time that it may take. Default: 1 */
	readonly readings?: number;
	/** Set for what is read piece by piece, between which others have their turn: bytes of a piece. Each may take as long
	 * as a whole input of others. */
	readonly pieceBytes?: number;
	/** An input out of nothing: valid, or nearly. */
	generate(random: Random): Uint8Array;
	/**
	 * Gives an input to the parser and holds the outcome against what is promised. Does the same for the same input.
	 *
	 * @throws whatever the parser must not throw, or a `Broken`
	 */
	run(input: Uint8Array): void | Promise<void>;
}

/** A promise that was not kept. */
export class Broken extends Error {
	override readonly name = 'Broken';
}

/** @throws Broken */
export function promise(holds: boolean, message: string | (() => string)): asserts holds {
	if (!holds) throw new Broken(typeof message === 'string' ? message : message());
}
