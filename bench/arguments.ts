/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { messageOf, PingpoolError } from '../shared/errors.ts';
import { suggest } from '../shared/suggest.ts';
import type { Part } from './bench.ts';

export interface Arguments {
	readonly help: boolean;
	/** in the order of the list, whatever the order asked for */
	readonly parts: readonly Part[];
	readonly rounds: number;
	/** `undefined` for each part's own */
	readonly hosts: number | undefined;
	readonly quick: boolean;
	/** where the figures go as JSON; `undefined` for the usual place */
	readonly json: string | undefined;
	readonly writeReadme: boolean;
}

const roundsDefault = 5;
const roundsMax = 1_000;
const hostsMax = 16_000_000;

const options = {
	rounds: { type: 'string' },
	hosts: { type: 'string' },
	quick: { type: 'boolean', default: false },
	json: { type: 'string' },
	'write-readme': { type: 'boolean', default: false },
	help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * @param argv what stands behind `npm run bench --`
 * @param parts all that there are
 * @throws PingpoolError `usage`
 */
export function parseArguments(argv: readonly string[], parts: readonly Part[]): Arguments {
	const { values, positionals } = parse(argv);
	const asked = new Set(positionals.map((name) => findPart(name, parts)));
	const { quick, json } = values;
	const hosts = wholeNumber('--hosts', values.hosts, hostsMax);
	const chosen = asked.size === 0 ? parts : parts.filter((part) => asked.has(part));
	const small = chosen.find(
		(part) => hosts !== undefined && part.hosts !== undefined && hosts > part.hosts.max,
	);
	if (small !== undefined) {
		throw new PingpoolError('usage', `--hosts: ${small.name} can have ${small.hosts!.max} at most`);
	}
	if (json !== undefined && json.trim() === '')
		throw new PingpoolError('usage', '--json: a file is expected');
	return {
		help: values.help,
		parts: chosen,
		rounds: wholeNumber('--rounds', values.rounds, roundsMax) ?? (quick ? 1 : roundsDefault),
		hosts,
		quick,
		json,
		writeReadme: values['write-readme'],
	};
}

function parse(argv: readonly string[]) {
	try {
		return parseArgs({ args: [...argv], options, allowPositionals: true });
	} catch (error) {
		const unknown = /Unknown option '(-[^']*)'/.exec(messageOf(error))?.[1];
		if (unknown === undefined) throw new PingpoolError('usage', messageOf(error), { cause: error });
		const names = Object.keys(options).map((name) => `--${name}`);
		throw new PingpoolError('usage', `there is no option ${unknown}`, {
			cause: error,
			hint: meant(suggest(unknown, names), names),
		});
	}
}

function findPart(name: string, parts: readonly Part[]): Part {
	const part = parts.find((one) => one.name === name);
	if (part !== undefined) return part;
	const names = parts.map((one) => one.name);
	throw new PingpoolError('usage', `there is no part ${JSON.stringify(name)}`, {
		hint: meant(suggest(name, names), names),
	});
}

function meant(suggestion: string | undefined, names: readonly string[]): string {
	return suggestion === undefined ? `known are ${names.join(', ')}` : `did you mean ${suggestion}?`;
}

function wholeNumber(option: string, text: string | undefined, max: number): number | undefined {
	if (text === undefined) return undefined;
	const value = /^[0-9]+$/.test(text) ? Number(text) : 0;
	if (value >= 1 && value <= max) return value;
	throw new PingpoolError(
		'usage',
		`${option}: a whole number from 1 to ${max} is expected, not ${JSON.stringify(text)}`,
	);
}

/** What --help prints. */
export function usageText(parts: readonly Part[]): string {
	const width = Math.max(...parts.map(({ name }) => name.length));
	const lines = parts.map(({ name, title, hosts }) => {
		const size = hosts === undefined ? '' : ` (${hosts.full.toLocaleString('en-US')} hosts)`;
		return `  ${name.padEnd(width)}  ${title}${size}`;
	});
	return `Usage: npm run bench -- [options] [part …]

Measures pingpool and whichever of fping, zmap, masscan and Dask are installed, in turns, in a lab of network
namespaces (Linux, root), and prints a table with medians, ranges and ratios.

Parts (default: all):
${lines.join('\n')}

Options:
  --rounds N      turns of every contender (default: ${roundsDefault}; with --quick 1)
  --hosts N       size of the parts that have one (default: as above)
  --quick         small sizes: shows that everything runs, its figures mean little
  --json FILE     where the figures go as JSON (default: bench/results/TIME-COMMIT.json)
  --write-readme  put the parts measured into bench/README.md and bench/results/latest.json
  -h, --help      print this

Examples:
  npm run bench
  npm run bench -- engine pipeline
  npm run bench -- master --rounds 9 --hosts 250000
  npm run bench -- --quick
  npm run bench -- --write-readme

Exit codes: 0 measured, whether targets were met or not; 1 no lab, or a part failed; 2 wrong usage;
130, 143 interrupted, with the lab taken down.
`;
}
