import type { Random } from '../../../shared/random.ts';

/** First and longest pause after a failure, in ms. */
const backoffMsMin = 200;
export const backoffMsMax = 30_000;

/**
 * How long to wait after the `failures`-th failure: doubling, capped, with "equal jitter" (half fixed, half
 * random), so that what failed together does not come back together.
 *
 * @param failures 1 for the first
 */
export function backoffMs(failures: number, random: Random, msMax = backoffMsMax): number {
	const ceilingMs = Math.min(msMax, backoffMsMin * 2 ** Math.min(failures - 1, 20));
	return ceilingMs / 2 + (ceilingMs / 2) * random.next();
}
