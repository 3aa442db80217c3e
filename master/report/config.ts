/** The command line of `pingpool report`, validated. */
import { checkEnvironment } from '../../shared/environment.ts';
import { fileOption, newCommand, outputPath, parseArguments, parseFile, parseRun } from '../options.ts';

export interface ReportConfig {
	readonly db: string;
	/** `undefined` for the newest one */
	readonly run: number | undefined;
	/** the run to compare with; `undefined` for the one before it */
	readonly since: number | undefined;
	/** path of the file; `undefined` for standard output */
	readonly output: string | undefined;
}

const help = `
Examples:
  pingpool report -o report.html                      the newest run of hosts.db
  pingpool report --run 7 --since 5 -o changes.html   another one, compared with a certain one

The page is one file, without scripts, which loads nothing from anywhere: it can be mailed, and looks the same in a
year. It has the run's numbers and pictures, what has changed since the run before it, and the first thousand hosts
that are not up. The database is only read; a run may be under way meanwhile. PINGPOOL_DB can stand for --db.

Exit codes: 0 written; 1 the database can not be read, or standard output not written; 2 wrong usage, no such run, or a
file that can not be written; 130, 143 interrupted.
`;

/**
 * @param argv arguments behind `pingpool report`
 * @param version of pingpool, for --version
 * @throws ConfigExit after help, version or what is wrong was printed
 * @throws PingpoolError `usage` for variables that are no settings
 */
export function parseReportConfig(argv: readonly string[], version: string): ReportConfig {
	const command = newCommand({
		name: 'pingpool report',
		description: 'Writes a page about a run, to keep or to send to somebody.',
		version,
	})
		.allowExcessArguments(false)
		.addOption(fileOption('--db <file>', 'database').default('hosts.db'))
		.option('--run <n>', 'the run (default: the newest)', parseRun)
		.option('--since <n>', 'the run that it is compared with (default: the one before it)', parseRun)
		.option('-o, --output <file>', 'write there; - is standard output (default: -)', parseFile)
		.addHelpText('after', help);
	parseArguments(command, argv);
	checkEnvironment(process.env);
	const { db, run, since, output } = command.opts<{
		db: string;
		run?: number;
		since?: number;
		output?: string;
	}>();
	return { db, run, since, output: outputPath(output) };
}
