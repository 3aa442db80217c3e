/**
 * Which blocks of some files have ever been run, asked of V8 through its inspector (precise block coverage).
 *
 * V8 tells nested ranges with how often each was run since it was asked last; a range with the count of the one
 * around it is left out. So ranges are no stable names of blocks: they are painted over the offsets of the file,
 * outer ones first, and what counts is whether an offset was run that never was before.
 *
 * A function that was compiled before the coverage was started has no block counters: start first, import then.
 * Asking costs about two milliseconds, so it is done once for a batch of inputs.
 */
import { readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector';

interface Script {
	readonly url: string;
	/** by offset: 1 once it was run */
	readonly covered: Uint8Array;
	/** by offset: 1 where a block is known to start */
	readonly starts: Uint8Array;
	/** by offset, of the batch at hand: 1 when it was run */
	readonly painted: Uint8Array;
}

/** For each file, by offset: 1 when it was run. */
export type Look = readonly Uint8Array[];

/** A block that was not run, by its line. */
export interface UncoveredBlock {
	readonly url: string;
	readonly line: number;
	readonly text: string;
}

/** V8's counting, which goes on until the process ends: start it before anything is imported that it is to count. */
export class BlockCounters {
	readonly #session = new Session();

	start(): void {
		this.#session.connect();
		this.#post('Profiler.enable');
		this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
	}

	/** What was run since this was called last, by any code of the process. */
	take(): Profiler.ScriptCoverage[] {
		return this.#post<Profiler.TakePreciseCoverageReturnType>('Profiler.takePreciseCoverage').result;
	}

	/** A session with one's own thread answers before `post` returns. */
	#post<Result>(method: string, params?: object): Result {
		let answer: { error: Error | null; result: object | undefined } | undefined;
		this.#session.post(method, params, (error, result) => {
			answer = { error, result };
		});
		if (answer === undefined) throw new Error(`${method} was not answered at once`);
		if (answer.error !== null) throw answer.error;
		return answer.result as Result;
	}
}

export class Coverage {
	readonly #counters: BlockCounters;
	readonly #scripts: ReadonlyMap<string, Script>;

	/** @param urls of the files that are looked at, as they are imported */
	constructor(counters: BlockCounters, urls: readonly string[]) {
		this.#counters = counters;
		this.#scripts = new Map(
			urls.map((url) => {
				// Offsets count UTF-16 units of the source, one more for its end.
				const { length } = readFileSync(new URL(url), 'utf8');
				const column = (): Uint8Array => new Uint8Array(length + 1);
				return [url, { url, covered: column(), starts: column(), painted: column() }];
			}),
		);
	}

	/** @returns what ran since the last look, when some of it never did before `keep` was told of it */
	look(): Look | undefined {
		let isNew = false;
		for (const script of this.#scripts.values()) script.painted.fill(0);
		for (const { url, functions } of this.#counters.take()) {
			const script = this.#scripts.get(url);
			if (script === undefined) continue;
			for (const { ranges } of functions) {
				for (const [i, { startOffset, endOffset, count }] of ranges.entries()) {
					script.painted.fill(count > 0 ? 1 : 0, startOffset, endOffset);
					script.starts[startOffset] = 1;
					// What comes behind the range of a whole function is another one's.
					if (i > 0) script.starts[endOffset] = 1;
				}
			}
			isNew ||= script.painted.some((ran, offset) => ran > script.covered[offset]!);
		}
		return isNew ? [...this.#scripts.values()].map(({ painted }) => painted.slice()) : undefined;
	}

	/** Whether all that was new in one look was run in another. */
	hasNewOf(one: Look, other: Look): boolean {
		return [...this.#scripts.values()].every(({ covered }, i) =>
			covered.every((ran, offset) => ran === 1 || one[i]![offset]! <= other[i]![offset]!),
		);
	}

	keep(look: Look): void {
		for (const [i, { covered }] of [...this.#scripts.values()].entries()) {
			const painted = look[i]!;
			for (let offset = 0; offset < covered.length; offset += 1) covered[offset]! |= painted[offset]!;
		}
	}

	/** Blocks that were run at some time, and all that are known: those of functions that were ever called. */
	get blocks(): { covered: number; known: number } {
		let [run, known] = [0, 0];
		for (const { covered, starts } of this.#scripts.values()) {
			for (let offset = 0; offset < starts.length; offset += 1) {
				if (starts[offset] === 0) continue;
				known += 1;
				run += covered[offset]!;
			}
		}
		return { covered: run, known };
	}

	uncovered(): UncoveredBlock[] {
		const found: UncoveredBlock[] = [];
		for (const { url, covered, starts } of this.#scripts.values()) {
			const source = readFileSync(new URL(url), 'utf8');
			for (let offset = 0; offset < source.length; offset += 1) {
				if (starts[offset] === 0 || covered[offset] === 1) continue;
				const line = source.slice(0, offset).split('\n').length;
				found.push({
					url,
					line,
					text: source
						.slice(offset, offset + 60)
						.split('\n')[0]!
						.trim(),
				});
			}
		}
		return found;
	}
}
