/** What the process that fuzzes tells the one that watches over it. */
import type { UncoveredBlock } from './coverage.ts';

export interface ChildOptions {
	readonly targets: readonly string[];
	readonly seed: number;
	readonly casesMax: number;
	readonly msMax: number;
	readonly isGuided: boolean;
	/** folder of folders of inputs, one for each target: read at the start, added to at the end */
	readonly corpus: string | undefined;
	/** the file that every input is written to before it is run */
	readonly inputPath: string;
	readonly showsUncovered: boolean;
}

export interface TargetSummary {
	readonly target: string;
	readonly cases: number;
	readonly ms: number;
	/** of the processor, which does other things too */
	readonly cpuMs: number;
	readonly blocks: { readonly covered: number; readonly known: number };
	readonly corpus: number;
	readonly slowestMs: number;
	readonly grownBytes: number;
	readonly findings: readonly { readonly inputBase64: string; readonly problem: string }[];
	readonly uncovered: readonly UncoveredBlock[];
}

export type FromChild =
	| { readonly type: 'progress'; readonly target: string; readonly cases: number; readonly corpus: number }
	| { readonly type: 'summary'; readonly summary: TargetSummary };
