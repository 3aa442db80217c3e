/** The command line of `pingpool diff`, validated. */
import { InvalidArgumentError } from 'commander';
import type { ChangeKind } from '../../shared/dashboard-api.ts';
import { changeKinds } from '../../shared/dashboard-api.ts';
import { checkEnvironment } from '../../shared/environment.ts';
import {
	environmentFlags,
	fileOption,
	newCommand,
	option,
	parseArguments,
	parseRun,
	someOf,
} from '../options.ts';

export const diffFormats = ['text', 'csv', 'jsonl'] as const;
export type DiffFormat = (typeof diffFormats)[number];

export interface DiffConfig {
	readonly db: string;
	/** `undefined` for the one before the newer one */
	readonly before: number | undefined;
	/** `undefined` for the newest one that is over */
	readonly after: number | undefined;
	readonly format: DiffFormat;
	/** changes of these kinds alone; all are wanted when there is none */
	readonly kinds: readonly ChangeKind[];
	/** hosts of each kind that the text names; 0 for all of them */
	readonly limit: number;
	/** whether a host that is newly down makes another exit code */
	readonly failOnDown: boolean;
}

const limitDefault = 20;

const help = `
Without a run, the newest finished one is held against the one before it: the newest before it of the same list, if there
is one. With one run, that run is held against the newest finished one. With two, the first is the older one.

Kinds of change:
  newly-down  was up, is down                      slower, faster  up in both, and the time differs by more than half
  newly-up    was not up, is up                                    of the shorter one and by more than 5 ms
  added       the older run does not have it       other           status or reason changed in another way
  removed     the newer run does not have it

Examples:
  pingpool diff                                    what changed since the last run
  pingpool diff 3 7 --kind newly-down,slower       two runs, and what got worse
  pingpool diff --fail-on-down --limit 0           for a script that sends mail
  pingpool diff --format jsonl | jq -r .host       an object per host that changed
  pingpool diff --format csv > changes.csv         for a spreadsheet, where no text is a formula

The database is only read; a run may be under way meanwhile. A host that an unfinished run has no row of yet is
neither added nor removed. PINGPOOL_DB can stand for --db, PINGPOOL_FAIL_ON_DOWN=1 for --fail-on-down.

Exit codes: 0 compared, or whoever read it has left; 1 the database can not be read; 2 wrong usage, or no such run;
3 with --fail-on-down: a host is newly down; 130, 143 interrupted.
`;

interface ParsedOptions {
	db: string;
	format: DiffFormat;
	kind?: ChangeKind[];
	limit: number;
	failOnDown: boolean;
}

/**
 * @param argv arguments behind `pingpool diff`
 * @param version of pingpool, for --version
 * @throws ConfigExit after help, version or what is wrong was printed
 * @throws PingpoolError `usage` for variables that are no settings
 */
export function parseDiffConfig(argv: readonly string[], version: string): DiffConfig {
	const command = newCommand({
		name: 'pingpool diff',
		description: 'Says which hosts two runs differ in.',
		version,
	})
		.argument('[before]', 'the older run', parseRun)
		.argument('[after]', 'the newer run', parseRun)
		.allowExcessArguments(false);
	command
		.addOption(fileOption('--db <file>', 'database').default('hosts.db'))
		.addOption(
			command
				.createOption('--format <name>', 'form of what is printed')
				.choices(diffFormats)
				.default(diffFormats[0]),
		)
		.option(
			'--kind <name>',
			`changes of it alone: ${changeKinds.join(', ')}; several, or with commas`,
			someOf(changeKinds),
		)
		.option('--limit <n>', 'hosts of each kind that the text names; 0 for all', parseLimit, limitDefault)
		.addOption(option('--fail-on-down', 'end with exit code 3 when a host is newly down').default(false))
		.addHelpText('after', help);
	parseArguments(command, argv);
	checkEnvironment(process.env);
	const options = { ...command.opts<ParsedOptions>(), ...environmentFlags(command) };
	const { db, format, kind = [], limit, failOnDown } = options;
	const [before, after] = command.processedArgs as (number | undefined)[];
	return { db, before, after, format, kinds: kind, limit, failOnDown };
}

function parseLimit(text: string): number {
	if (/^(0|[1-9][0-9]{0,9})$/.test(text)) return Number(text);
	throw new InvalidArgumentError('Expected a number of hosts.');
}
