/** What every part of the benchmark is given, and what it gives back. */
import type { Lab } from '../tests/lab/lab.ts';

/** The surroundings of a part while it runs. */
export interface Bench {
	readonly lab: Lab;
	/** the near end of the lab's only link, by its name there */
	readonly link: string;
	/** a folder for lists and databases, removed at the end */
	readonly folder: string;
	/** how often every contender takes its turn */
	readonly rounds: number;
	/** hosts of the part, or, where it compares sizes, of the largest one */
	readonly hosts: number;
	/** aborted by Ctrl-C: ends whatever runs */
	readonly signal: AbortSignal;
	/** takes a line about what is going on */
	readonly say: (line: string) => void;
}

/** One row of the table of targets. */
export interface Part {
	readonly name: string;
	/** what is measured, for --help and as a heading */
	readonly title: string;
	/** `undefined` where the part has no size */
	readonly hosts: Sizes | undefined;
	/** where single turns are short and noisy. Default: 1 */
	readonly roundsMin?: number;
	run(bench: Bench): Promise<Findings>;
}

/** Hosts of a part: by default, with --quick, and as many as the lab has for it. */
export interface Sizes {
	readonly full: number;
	readonly quick: number;
	readonly max: number;
}

/** Something that is measured once in every round. */
export interface Contender {
	readonly name: string;
	/** one turn, in processes that are started for it */
	run(): Promise<Turn>;
}

/** What one turn came to. */
export interface Turn {
	/** absent where no hosts are counted */
	readonly hosts?: number;
	/** hosts that answered, as the contender found them; absent where nothing is probed */
	readonly up?: number;
	readonly seconds: number;
	/** anything else, by its name with the unit in it */
	readonly figures?: Readonly<Record<string, number>>;
}

/** All turns of one contender, in the order of the rounds. */
export interface Series {
	readonly name: string;
	readonly turns: readonly Turn[];
}

/** One comparison: a value per round, and what its median should be. */
export interface Check {
	readonly what: string;
	readonly values: readonly number[];
	/** behind the number: `×`, ` MB`, ` ms` */
	readonly unit: string;
	readonly target: Target | undefined;
}

export interface Target {
	readonly relation: '≥' | '≤';
	readonly value: number;
}

export interface Findings {
	readonly series: readonly Series[];
	readonly checks: readonly Check[];
	/** what a reader has to know: what was left out, and why */
	readonly notes: readonly string[];
}
