/**
 * Long work in short slices: whoever runs it can do something else between two of them, or leave it. A slice takes a
 * few milliseconds, and ends outside of any statement or transaction: a reader who stayed within one would keep the
 * write-ahead log of a run under way from being used again.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** How long slices follow each other before anything else may happen. */
export const turnMs = 10;

/** Does all of it, a turn at a time, and nothing more once the signal is aborted. */
export async function runSteps<Result>(steps: Steps<Result>, signal: AbortSignal): Promise<Result> {
	try {
		for (;;) {
			signal.throwIfAborted();
			const untilMs = performance.now() + turnMs;
			do {
				const step = steps.next();
				if (step.done) return step.value;
			} while (performance.now() < untilMs);
			await new Promise(setImmediate);
		}
	} finally {
		steps.return(undefined as never);
	}
}
