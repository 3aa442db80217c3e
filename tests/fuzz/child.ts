/** The process that fuzzes: one target after another. What happens to it is seen from outside (supervise.ts). */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlockCounters, Coverage } from './coverage.ts';
import { Fuzzer } from './fuzzer.ts';
import { inputWriter } from './input-file.ts';
import type { ChildOptions, FromChild } from './messages.ts';
import { loadTarget } from './registry.ts';

/** Time between words of progress, also within a batch: silence means that an input hangs. */
const progressMs = 500;
const root = new URL('../../', import.meta.url);
const options = JSON.parse(process.argv[2]!) as ChildOptions;

function say(message: FromChild): void {
	process.send!(message);
}

function corpusIn(folder: string): Uint8Array[] {
	mkdirSync(folder, { recursive: true });
	return readdirSync(folder)
		.sort()
		.map((name) => readFileSync(join(folder, name)));
}

function saveCorpus(folder: string, corpus: readonly Uint8Array[]): void {
	for (const input of corpus) {
		const name = createHash('sha256').update(input).digest('hex').slice(0, 16);
		writeFileSync(join(folder, name), input);
	}
}

async function fuzz(
	name: string,
	counters: BlockCounters | undefined,
	onInput: (input: Uint8Array) => void,
): Promise<void> {
	// A first word, that it has begun.
	say({ type: 'progress', target: name, cases: 0, corpus: 0 });
	const target = await loadTarget(name);
	const urls = target.modules.map((path) => new URL(path, root).href);
	const coverage = counters && new Coverage(counters, urls);
	const { seed, casesMax, msMax } = options;
	const folder = options.corpus === undefined ? undefined : join(options.corpus, name);
	const progress = { cases: 0, corpus: 0 };
	let saidMs = 0;
	const fuzzer = new Fuzzer({
		target,
		coverage,
		seed,
		casesMax,
		msMax,
		corpus: folder === undefined ? [] : corpusIn(folder),
		onInput: (input) => {
			onInput(input);
			const nowMs = performance.now();
			if (nowMs - saidMs < progressMs) return;
			saidMs = nowMs;
			say({ type: 'progress', target: name, ...progress });
		},
		onBatch: ({ cases, corpus }) => {
			Object.assign(progress, { cases, corpus });
		},
	});
	const cpuAtStart = process.cpuUsage();
	const { cases, ms, corpus, slowestMs, grownBytes, findings } = await fuzzer.run();
	const { user, system } = process.cpuUsage(cpuAtStart);
	// Without guidance, what is there at the end is what was there at the start, and inputs of the generator.
	if (folder !== undefined && coverage !== undefined) saveCorpus(folder, corpus);
	say({
		type: 'summary',
		summary: {
			target: name,
			cases,
			ms,
			cpuMs: (user + system) / 1_000,
			blocks: coverage?.blocks ?? { covered: 0, known: 0 },
			corpus: corpus.length,
			slowestMs,
			grownBytes,
			findings: findings.map(({ input, problem }) => ({
				inputBase64: Buffer.from(input).toString('base64'),
				problem,
			})),
			uncovered: (options.showsUncovered && coverage?.uncovered()) || [],
		},
	});
}

// Refusals are errors, whose stacks would cost more than all else. A finding is run again with one.
Error.stackTraceLimit = 0;
const counters = options.isGuided ? new BlockCounters() : undefined;
counters?.start();
const onInput = inputWriter(options.inputPath);
for (const name of options.targets) await fuzz(name, counters, onInput);
process.disconnect();
