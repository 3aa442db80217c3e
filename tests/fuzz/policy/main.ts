/** `node tests/fuzz/policy/main.ts --cases 1000000 --seed 1`: the target policy before independent judges. */
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLookupJudge, withoutLookups } from './lookup-judge.ts';
import { startPythonJudge, withoutPython } from './python-judge.ts';
import { runPolicyFuzz } from './run.ts';

const { values } = parseArgs({
	options: {
		cases: { type: 'string', default: '1000000' },
		/** how many of them are looked up as well, which is slow */
		lookups: { type: 'string', default: '20000' },
		seed: { type: 'string' },
	},
});
const cases = Number(values.cases);
const seed = Number(values.seed ?? randomInt(1_000_000));
const lookups = Number(values.lookups);
const missing = withoutPython();
if (missing !== undefined) {
	console.error(`policy fuzz: ${missing}`);
	process.exit(2);
}
// Half of the texts are refused, twice: what a stack costs would be most of the time.
Error.stackTraceLimit = 0;
const startedMs = performance.now();
console.log(`policy fuzz: ${cases} cases, seed ${seed}`);
const unlookable = lookups > 0 ? withoutLookups() : undefined;
if (unlookable !== undefined) console.log(`no lookups: ${unlookable}`);
await using python = startPythonJudge();
await using lookup =
	lookups > 0 && unlookable === undefined
		? startLookupJudge(join(tmpdir(), `pingpool-nsswitch-${process.pid}`))
		: undefined;
const { problems, ...counts } = await runPolicyFuzz({ cases, seed, python, lookup, lookups });
console.log(JSON.stringify({ ...counts, seconds: Math.round((performance.now() - startedMs) / 100) / 10 }));
for (const { generated, problem } of problems) console.log(`${JSON.stringify(generated)}: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
