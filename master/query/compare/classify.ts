/**
 * What changed of a host between two answers.
 *
 * - newly-down: it was up and is down. Whose name no longer resolves, or what the fleet had trouble with, is `other`:
 *   that proves nothing of the host.
 * - newly-up: it is up and was not, for whatever reason.
 * - slower, faster: up in both, and the round-trip times differ by more than half of the shorter one and by more than
 *   5 ms. Below either, times differ between two runs for no reason that is the host's: near ones by multiples (a
 *   scheduler's slice is some ms), far ones by some ms in a hundred.
 * - other: status or reason changed in another way.
 */
import { changeKinds } from '../../../shared/dashboard-api.ts';
import { statusCode } from '../../../shared/outcome.ts';

const factorMin = 1.5;
const differenceUsMin = 5_000;

const up = statusCode('up');
const down = statusCode('down');

/** Changes as numbers: 0 for none, others are places in `changeKinds` plus one. */
export const changeCodes = {
	same: 0,
	...(Object.fromEntries(changeKinds.map((kind, i) => [kind, i + 1])) as Record<
		(typeof changeKinds)[number],
		number
	>),
} as const;

const { same, 'newly-down': newlyDown, 'newly-up': newlyUp, slower, faster, other } = changeCodes;

/**
 * @param before status + 8 × reason
 * @param beforeUs the round-trip time, µs; -1 for none
 * @returns one of `changeCodes`
 */
export function classify(before: number, beforeUs: number, after: number, afterUs: number): number {
	const [was, is] = [before & 7, after & 7];
	if (is === up && was === up) {
		if (beforeUs < 0 || afterUs < 0) return same;
		if (afterUs > factorMin * beforeUs && afterUs - beforeUs > differenceUsMin) return slower;
		if (beforeUs > factorMin * afterUs && beforeUs - afterUs > differenceUsMin) return faster;
		return same;
	}
	if (is === up) return newlyUp;
	if (was === up && is === down) return newlyDown;
	return before === after ? same : other;
}
