/** Many generated texts before the judges; the next batch is generated while the last one is judged. */

import type { TargetPolicy } from '../../../shared/policy.ts';
import { createTargetPolicy } from '../../../shared/policy.ts';
import { createRandom } from '../../../shared/random.ts';
import type { Examined } from './examine.ts';
import { examine, lookupObjection, objection } from './examine.ts';
import type { GeneratedCase } from './generate.ts';
import { generateCase } from './generate.ts';
import type { LookupJudge } from './lookup-judge.ts';
import type { PythonJudge } from './python-judge.ts';

export interface PolicyFuzzOptions {
	readonly cases: number;
	readonly seed: number;
	readonly python: PythonJudge;
	/** judges as many of the cases as `lookups` says. Default: none */
	readonly lookup?: LookupJudge | undefined;
	readonly lookups?: number;
	/** Default: the built-in one */
	readonly policy?: TargetPolicy;
	/** takes every text, accepted or not, with what became of it */
	readonly sample?: (examined: Examined) => void;
}

export interface PolicyFuzzResult {
	readonly cases: number;
	readonly addresses: number;
	readonly names: number;
	readonly refused: number;
	/** the first few: what is wrong, and with which text */
	readonly problems: readonly { readonly generated: GeneratedCase; readonly problem: string }[];
}

const batchCases = 2_000;
const problemsMax = 50;

/** Ends early when there are too many problems. */
export async function runPolicyFuzz(options: PolicyFuzzOptions): Promise<PolicyFuzzResult> {
	const { cases, seed, python, lookup, lookups = 0, policy = createTargetPolicy(), sample } = options;
	const random = createRandom(seed);
	const counts = { addresses: 0, names: 0, refused: 0 };
	const problems: { generated: GeneratedCase; problem: string }[] = [];
	let done = 0;

	function prepare() {
		const size = Math.min(batchCases, cases - done);
		if (size === 0 || problems.length >= problemsMax) return undefined;
		const looked = lookup !== undefined && done < lookups;
		done += size;
		const examined = Array.from({ length: size }, () => examine(generateCase(random), policy));
		const hosts = examined.map(({ case: { host } }) => host);
		const names = examined.map(({ target }) => target?.name);
		return {
			examined,
			verdicts: python.judge(hosts.map((host, i) => [host, names[i]])),
			found: looked ? lookup.judge([...hosts, ...names.map((name) => name ?? '')]) : Promise.resolve([]),
		};
	}

	for (let batch = prepare(); batch !== undefined; ) {
		const next = prepare();
		const [verdicts, found] = await Promise.all([batch.verdicts, batch.found]);
		const { length } = batch.examined;
		for (const [i, examined] of batch.examined.entries()) {
			const { target } = examined;
			counts[target === undefined ? 'refused' : target.address === undefined ? 'names' : 'addresses'] += 1;
			const problem =
				examined.problem ??
				objection(examined, verdicts[i]!, policy) ??
				lookupObjection(examined, found[i], found[length + i]);
			if (problem !== undefined) problems.push({ generated: examined.case, problem });
			sample?.(examined);
		}
		batch = next;
	}
	return { cases: done, ...counts, problems: problems.slice(0, problemsMax) };
}
