/** The command line of `pingpool export`, validated. */
import type { Command } from 'commander';
import { checkEnvironment } from '../../shared/environment.ts';
import type { Status } from '../../shared/outcome.ts';
import { statuses } from '../../shared/outcome.ts';
import {
	fileOption,
	newCommand,
	outputPath,
	parseArguments,
	parseFile,
	parseRun,
	someOf,
} from '../options.ts';
import type { ExportFormat } from './formats.ts';
import { exportFormats } from './formats.ts';

export interface ExportConfig {
	readonly format: ExportFormat;
	readonly db: string;
	/** `undefined` for the newest one */
	readonly run: number | undefined;
	/** rows of other statuses are left out; all are wanted when there is none */
	readonly statuses: readonly Status[];
	/** path of the file; `undefined` for standard output */
	readonly output: string | undefined;
}

const help = `
Examples:
  pingpool export > results.csv                       the newest run of hosts.db
  pingpool export --status down,error -o bad.csv      what did not answer
  pingpool export --format jsonl --run 3 | jq .host   another run, as an object per line
  pingpool export --format parquet -o run.parquet     for DuckDB, pandas, Polars and the like

CSV is for people: in it, no text is a formula to a spreadsheet (what starts with = + - @ has an apostrophe before it),
and invisible characters stand as \\u{…}. JSON lines and Parquet have every text as the database has it. The database
is only read; a run may be under way meanwhile. PINGPOOL_DB can stand for --db.

Exit codes: 0 exported, or whoever read it has left; 1 the database can not be read, or standard output not written;
2 wrong usage, no such run, or a file that can not be written; 130, 143 interrupted.
`;

interface ParsedOptions {
	format: ExportFormat;
	db: string;
	run?: number;
	status?: Status[];
	output?: string;
}

/**
 * @param argv arguments behind `pingpool export`
 * @param version of pingpool, for --version
 * @throws ConfigExit after help, version or what is wrong was printed
 * @throws PingpoolError `usage` for variables that are no settings
 */
export function parseExportConfig(argv: readonly string[], version: string): ExportConfig {
	const command = createCommand(version);
	parseArguments(command, argv);
	checkEnvironment(process.env);
	const { format, db, run, status = [], output } = command.opts<ParsedOptions>();
	return { format, db, run, statuses: status, output: outputPath(output) };
}

function createCommand(version: string): Command {
	const command = newCommand({
		name: 'pingpool export',
		description: 'Writes the results of a run, in the order of its list.',
		version,
	}).allowExcessArguments(false);
	command.addOption(
		command
			.createOption('--format <name>', 'form of the rows')
			.choices(exportFormats)
			.default(exportFormats[0]),
	);
	command.addOption(fileOption('--db <file>', 'database').default('hosts.db'));
	return command
		.option('--run <n>', 'the run (default: the newest)', parseRun)
		.option(
			'--status <name>',
			`rows with it alone: ${statuses.join(', ')}; several, or with commas`,
			someOf(statuses),
		)
		.option('-o, --output <file>', 'write there; - is standard output (default: -)', parseFile)
		.addHelpText('after', help);
}
