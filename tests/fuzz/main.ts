/** `npm run fuzz`: parsers and inputs, guided by what the inputs make them do. */
import { createHash, randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { formatRow, formatTitles } from './format-table.ts';
import type { TargetSummary } from './messages.ts';
import { loadTarget, plantedName, targetNames } from './registry.ts';
import { supervise } from './supervise.ts';

interface Options {
	readonly cases: number;
	readonly seconds?: number;
	readonly seed?: number;
	readonly corpus?: string;
	readonly guidance: boolean;
	readonly uncovered: boolean;
	readonly input?: string;
}

function wholeNumber(text: string): number {
	if (!/^[0-9]{1,10}$/.test(text)) throw new InvalidArgumentError('A whole number is expected.');
	return Number(text);
}

function say(line: string): void {
	process.stdout.write(`${line}\n`);
}

/** Writes what fails to a file. @returns the command that does it again */
function keep(target: string, input: Uint8Array): string {
	const folder = join(tmpdir(), 'pingpool-fuzz');
	mkdirSync(folder, { recursive: true });
	const path = join(folder, `${target}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`);
	writeFileSync(path, input);
	return `npm run fuzz -- ${target} --input ${path}`;
}

function tell({ target, findings, uncovered }: TargetSummary): void {
	for (const { problem, inputBase64 } of findings) {
		say(`${target}: ${problem}`);
		say(`  ${keep(target, Buffer.from(inputBase64, 'base64'))}`);
	}
	for (const { url, line, text } of uncovered) {
		say(`${target}: not run: ${relative(process.cwd(), new URL(url).pathname)}:${line}  ${text}`);
	}
}

/** @returns the exit code */
async function replay(name: string, path: string): Promise<number> {
	const target = await loadTarget(name);
	const input = readFileSync(path);
	const startMs = performance.now();
	try {
		await target.run(input);
	} catch (error) {
		say(error instanceof Error ? (error.stack ?? error.message) : String(error));
		return 1;
	}
	say(`all holds (${(performance.now() - startMs).toFixed(1)} ms)`);
	return 0;
}

/** @returns the exit code */
async function fuzz(targets: readonly string[], options: Options): Promise<number> {
	const seed = options.seed ?? randomInt(2 ** 31);
	const summaries: TargetSummary[] = [];
	say(`seed ${seed}`);
	await supervise({
		targets,
		seed,
		casesMax: options.cases,
		msMax: (options.seconds ?? 86_400) * 1_000,
		isGuided: options.guidance,
		corpus: options.corpus,
		showsUncovered: options.uncovered,
		onProgress: (target, cases, corpus) => {
			if (!process.stderr.isTTY) return;
			process.stderr.write(`\r\x1b[K${target}: ${cases} of ${options.cases} cases, corpus ${corpus}`);
		},
		onSummary: (summary) => {
			if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
			if (summaries.length === 0) say(formatTitles());
			summaries.push(summary);
			say(formatRow(summary));
			tell(summary);
		},
	});
	return summaries.every(({ findings }) => findings.length === 0) ? 0 : 1;
}

// Whoever reads may have seen enough.
process.stdout.on('error', () => process.exit(0));
const command = new Command('fuzz')
	.description(
		'Gives parsers inputs that nobody would send, and holds what comes of it against what is promised.',
	)
	.addArgument(
		new Argument('[target...]', 'what to fuzz, all by default').choices([...targetNames, plantedName]),
	)
	.option('--cases <number>', 'inputs for each target', wholeNumber, 100_000)
	.option('--seconds <number>', 'the longest for each target', wholeNumber)
	.option('--seed <number>', 'for the same inputs again; random by default', wholeNumber)
	.option('--corpus <folder>', 'inputs that go on from run to run, in a folder for each target')
	.option('--no-guidance', 'do not look at which blocks are run: faster, and blind')
	.option('--uncovered', 'say which blocks were never run', false)
	.option('--input <file>', 'run this one input, on the one target that is named')
	.parse();
const options = command.opts<Options>();
const named = command.args.length === 0 ? targetNames : command.args;
if (options.input === undefined) process.exitCode = await fuzz(named, options);
else if (named.length === 1) process.exitCode = await replay(named[0]!, options.input);
else command.error('error: --input needs one target');
