/** Many seeds, one after another. */
import type { Counts } from './check/checker.ts';
import { Violation } from './check/violation.ts';
import { simulate } from './simulate.ts';

/** One seed in so many is run twice: both must do the same. */
const twiceEvery = 50;

export interface Failure {
	readonly seed: number;
	readonly message: string;
}

export interface Summary {
	readonly seeds: number;
	readonly failures: readonly Failure[];
	readonly virtualMs: number;
	readonly realMs: number;
	/** lives of masters */
	readonly lives: number;
	readonly counts: Counts;
}

export interface RunOptions {
	readonly from: number;
	readonly seeds: number;
	/** stop at the first seed that fails */
	readonly isFirstEnough?: boolean;
	/** called now and then */
	readonly onProgress?: (done: number, failures: readonly Failure[]) => void;
}

export function runSeeds({ from, seeds, isFirstEnough = false, onProgress }: RunOptions): Summary {
	const startMs = performance.now();
	const failures: Failure[] = [];
	const counts: Counts = { asks: 0, hedges: 0, again: 0, cancels: 0, errors: 0 };
	let [virtualMs, lives, done] = [0, 0, 0];
	for (let seed = from; seed < from + seeds; seed += 1) {
		const ran = simulate(seed);
		const violation = ran.violation ?? (seed % twiceEvery === 0 ? differs(seed, ran.hash) : undefined);
		if (violation !== undefined) failures.push({ seed, message: violation.message });
		virtualMs += ran.virtualMs;
		lives += ran.lives;
		for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += ran.counts[name];
		done += 1;
		if (violation !== undefined && isFirstEnough) break;
		if (done % 1_000 === 0) onProgress?.(done, failures);
	}
	return { seeds: done, failures, virtualMs, realMs: performance.now() - startMs, lives, counts };
}

/** Invariant 16. */
function differs(seed: number, hash: number): Violation | undefined {
	if (simulate(seed).hash === hash) return undefined;
	return new Violation(16, 'the same seed did something else the second time');
}
