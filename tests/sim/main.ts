/** `npm run sim`: one seed with its trace, or many. */
import { Command, InvalidArgumentError } from 'commander';
import type { Summary } from './run-seeds.ts';
import { runSeeds } from './run-seeds.ts';
import { simulate } from './simulate.ts';
import { swarmText } from './swarm-text.ts';

/** Failing seeds that are named. */
const shownMax = 20;
/** Time between words of progress. */
const progressMs = 10_000;

interface Options {
	readonly seed?: number;
	readonly seeds: number;
	readonly from: number;
	readonly first: boolean;
}

function wholeNumber(text: string): number {
	if (!/^[0-9]{1,10}$/.test(text)) throw new InvalidArgumentError('A whole number is expected.');
	return Number(text);
}

function say(line: string): void {
	process.stdout.write(`${line}\n`);
}

/** @returns the exit code */
function replay(seed: number): number {
	let isTold = false;
	const { violation, swarm, virtualMs, lives } = simulate(seed, (line) => {
		if (!isTold) say(swarmText(seed));
		isTold = true;
		say(line);
	});
	const end = `${(virtualMs / 1_000).toFixed(1)} s, ${lives === 1 ? 'one life' : `${lives} lives`} of the master`;
	if (violation === undefined) say(`seed ${swarm.seed}: all holds (${end})`);
	else say(`seed ${swarm.seed}: ${violation.message} (${end})`);
	return violation === undefined ? 0 : 1;
}

function summaryText({ seeds, failures, virtualMs, realMs, lives, counts }: Summary): string {
	const { asks, again, hedges, cancels, errors } = counts;
	return [
		`${seeds} seeds in ${(realMs / 1_000).toFixed(1)} s (${(realMs / seeds).toFixed(2)} ms each): ${failures.length} fail`,
		`${(virtualMs / 3_600_000).toFixed(1)} h of virtual time, ${Math.round(virtualMs / realMs)} times real time`,
		`${lives} lives of masters, ${asks} requests: ${again} again, ${hedges} hedges, ${cancels} given up; ${errors} rows of errors`,
	].join('\n');
}

/** @returns the exit code */
function runMany({ seeds, from, first }: Options): number {
	const startMs = performance.now();
	let saidMs = startMs;
	const summary = runSeeds({
		from,
		seeds,
		isFirstEnough: first,
		onProgress: (done, { length }) => {
			if (performance.now() - saidMs < progressMs) return;
			saidMs = performance.now();
			const leftS = ((performance.now() - startMs) / 1_000 / done) * (seeds - done);
			process.stderr.write(`${done} of ${seeds} seeds, ${length} fail, ${leftS.toFixed(0)} s left\n`);
		},
	});
	say(summaryText(summary));
	for (const { seed, message } of summary.failures.slice(0, shownMax)) {
		say(`seed ${seed}: ${message}`);
		say(`  npm run sim -- --seed ${seed}`);
	}
	if (summary.failures.length > shownMax) say(`and ${summary.failures.length - shownMax} more`);
	return summary.failures.length === 0 ? 0 : 1;
}

// Whoever reads may have seen enough.
process.stdout.on('error', () => process.exit(0));
const command = new Command('sim')
	.description("Simulates the master's rules of dispatch over seeded faults.")
	.option('--seed <number>', 'replay one seed, with its trace', wholeNumber)
	.option('--seeds <number>', 'run so many', wholeNumber, 10_000)
	.option('--from <number>', 'the first of them', wholeNumber, 1)
	.option('--first', 'stop at the first one that fails', false)
	.parse();
const options = command.opts<Options>();
process.exitCode = options.seed === undefined ? runMany(options) : replay(options.seed);
