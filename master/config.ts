/** The master's command line and environment, validated. Defaults stand here; nothing else reads process.env. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PingpoolError } from '../shared/errors.ts';
import {
	attemptsMax,
	countMax,
	hostsPerRequestMax,
	intervalMsMax,
	requestDefaults,
	requestMsMax,
	timeoutMsMax,
	timeoutMsMin,
} from '../shared/limits.ts';
import type { ProbeSettings } from '../shared/protocol.ts';
import type { ProbeName } from '../shared/target.ts';
import { probeNames } from '../shared/target.ts';
import { connectionsPerWorkerMax } from './dispatch/lane.ts';

export interface MasterConfig {
	/** path of the list; `-` for stdin */
	readonly hosts: string;
	readonly exclude: string | undefined;
	readonly skipInvalid: boolean;
	readonly db: string;
	/** path of the workers file; `undefined` for an embedded worker */
	readonly workers: string | undefined;
	/** for workers whose line names none */
	readonly token: string | undefined;
	readonly probe: ProbeName;
	readonly settings: ProbeSettings;
	/** probes per second of the whole fleet; `undefined` when it was not said, 0 for no ceiling */
	readonly ratePerSecond: number | undefined;
	readonly chunkHosts: number | undefined;
	readonly concurrency: number | undefined;
	readonly workerTimeoutMs: number;
	readonly json: boolean;
	readonly quiet: boolean;
	readonly failOnDown: boolean;
}

/** What parsing ended in, when not in a run: help and version are no errors. */
export class ConfigExit extends Error {
	override readonly name = 'ConfigExit';
	readonly exitCode: number;
	constructor(exitCode: number) {
		super('');
		this.exitCode = exitCode;
	}
}

const examples = `
Examples:
  pingpool master                                     hosts.txt through an embedded worker into hosts.db
  pingpool master --workers workers.txt               the same through workers on other machines
  pingpool master --hosts lan.txt --db lan.db --count 10 --interval 200
  echo 10.0.0.0/24 | pingpool master --hosts - --json
  pingpool master --probe tcp --port 443 --fail-on-down

Every option can also be given in the environment: PINGPOOL_HOSTS, PINGPOOL_TIMEOUT, and so on.
An embedded worker takes its own settings from there too: PINGPOOL_ALLOW, PINGPOOL_DENY.

Exit codes:
  0  every host has an answer, whatever it is
  1  some hosts could not be probed (status "error"), or the run failed
  2  wrong usage or input
  3  with --fail-on-down: a host is down
  130, 143  interrupted; what arrived is in the database
`;

/** What both spellings of an option say: the flag, and its environment variable. */
function option(flags: string, description: string): Option {
	const long = /--([a-z-]+)/.exec(flags)![1]!;
	return new Option(flags, description).env(`PINGPOOL_${long.replaceAll('-', '_').toUpperCase()}`);
}

function number(unit: string, min: number, max: number, whole = false) {
	return (text: string): number => {
		const value = /^[0-9]+(\.[0-9]+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
		if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
			const kind = whole ? 'a whole number' : 'a number';
			const range = max === Number.POSITIVE_INFINITY ? `${min} or more` : `${min} to ${max}`;
			throw new InvalidArgumentError(`Expected ${kind}${unit}, ${range}.`);
		}
		return value;
	};
}

/** An option without a value, that the environment may set to a yes or no. */
function flag(flags: string, description: string): Option {
	return option(flags, description).default(false);
}

function createCommand(version: string): Command {
	const command = new Command('pingpool master')
		.description('Pings every host of a list through workers and keeps the answers in a SQLite database.')
		.version(version, '-V, --version', 'print the version')
		.helpOption('-h, --help', 'print this')
		.allowExcessArguments(false)
		.showSuggestionAfterError(true)
		.exitOverride()
		.configureHelp({ sortOptions: false })
		.configureOutput({
			outputError: (text, write) => write(text.replace(/^error: /, 'pingpool: ')),
		});
	const options = [
		option('--hosts <file>', 'list of hosts, one per line; - reads standard input').default('hosts.txt'),
		option('--exclude <file>', 'hosts to leave out, in the same syntax'),
		flag('--skip-invalid', 'go on without lines that are no hosts'),
		option('--db <file>', 'database').default('hosts.db'),
		option('--workers <file>', 'workers, one URL per line (default: one embedded worker)'),
		option('--probe <name>', 'probe of hosts without a scheme')
			.choices(probeNames)
			.default(requestDefaults.probe),
		option('--port <n>', 'port of tcp and http probes of hosts that name none').argParser(
			number('', 1, 65_535, true),
		),
		option('--count <n>', 'probes per host; above 1 with loss and RTT statistics')
			.argParser(number('', 1, countMax, true))
			.default(requestDefaults.count),
		option('--attempts <n>', 'with a count of 1: tries until the first answer')
			.argParser(number('', 1, attemptsMax, true))
			.default(requestDefaults.attempts),
		option('--timeout <ms>', 'how long to wait for an answer')
			.argParser(number(' of milliseconds', timeoutMsMin, timeoutMsMax))
			.default(requestDefaults.timeoutMs),
		option('--interval <ms>', 'between the probes of one host')
			.argParser(number(' of milliseconds', 0, intervalMsMax))
			.default(requestDefaults.intervalMs),
		flag('--refused-is-up', 'tcp: a refused connection is an answer too'),
		option('--rate <n>', 'probes per second of the whole fleet; 0 for no ceiling').argParser(
			number('', 0, Number.POSITIVE_INFINITY),
		),
		option('--chunk <n>', 'hosts per request (default: by what the worker can do)').argParser(
			number('', 1, hostsPerRequestMax, true),
		),
		option(
			'--concurrency <n>',
			'requests at a time per worker (default: by what the worker can do)',
		).argParser(number('', 1, connectionsPerWorkerMax, true)),
		option('--worker-timeout <ms>', 'how long to wait when no worker is left')
			.argParser(number(' of milliseconds', 0, 86_400_000))
			.default(20_000),
		flag('--json', 'print the summary as one JSON object'),
		flag('--quiet', 'print errors only'),
		flag('--fail-on-down', 'end with exit code 3 when a host is down'),
	];
	for (const each of options) command.addOption(each);
	return command.addHelpText('after', examples);
}

interface ParsedOptions {
	hosts: string;
	exclude?: string;
	skipInvalid: boolean | string;
	db: string;
	workers?: string;
	probe: ProbeName;
	port?: number;
	count: number;
	attempts: number;
	timeout: number;
	interval: number;
	refusedIsUp: boolean | string;
	rate?: number;
	chunk?: number;
	concurrency?: number;
	workerTimeout: number;
	json: boolean | string;
	quiet: boolean | string;
	failOnDown: boolean | string;
}

/**
 * @param argv arguments behind `pingpool master`
 * @param version of pingpool, for --version
 * @throws ConfigExit after help, version or commander's own message was printed
 * @throws PingpoolError `usage` for contradictions
 */
export function parseMasterConfig(argv: readonly string[], version: string): MasterConfig {
	const command = createCommand(version);
	try {
		command.parse(argv, { from: 'user' });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		throw new ConfigExit(error.exitCode === 0 ? 0 : 2);
	}
	const options = command.opts<ParsedOptions>();
	const given = (name: keyof ParsedOptions): boolean => command.getOptionValueSource(name) !== 'default';
	checkContradictions(options, given);
	return {
		hosts: options.hosts,
		exclude: options.exclude,
		skipInvalid: yes(options.skipInvalid),
		db: options.db,
		workers: options.workers,
		token: process.env.PINGPOOL_TOKEN?.trim() || undefined,
		probe: options.probe,
		settings: {
			count: options.count,
			attempts: options.attempts,
			timeoutMs: options.timeout,
			intervalMs: options.interval,
			refusedIsUp: yes(options.refusedIsUp),
			...(options.port === undefined ? {} : { port: options.port }),
		},
		ratePerSecond: options.rate,
		chunkHosts: options.chunk,
		concurrency: options.concurrency,
		workerTimeoutMs: options.workerTimeout,
		json: yes(options.json),
		quiet: yes(options.quiet),
		failOnDown: yes(options.failOnDown),
	};
}

/** commander sets a flag from any value of its variable; `0`, `false`, `no` and nothing mean no. */
function yes(value: boolean | string): boolean {
	return typeof value === 'string' ? !['', '0', 'false', 'no'].includes(value.toLowerCase()) : value;
}

function checkContradictions(options: ParsedOptions, given: (name: keyof ParsedOptions) => boolean): void {
	if (options.port !== undefined && options.probe === 'icmp') {
		throw new PingpoolError(
			'usage',
			'--port goes with --probe tcp or --probe http: an echo request has no port',
			{
				hint: `did you mean --probe tcp --port ${options.port}?`,
			},
		);
	}
	if (given('attempts') && options.count > 1) {
		throw new PingpoolError(
			'usage',
			'--attempts goes with a --count of 1: with a higher one every probe is sent',
			{
				hint: 'leave one of the two out',
			},
		);
	}
	if (given('interval') && options.count === 1) {
		throw new PingpoolError(
			'usage',
			'--interval goes with a --count above 1: it is the time between probes',
			{
				hint: `did you mean --count 10 --interval ${options.interval}?`,
			},
		);
	}
	const spanMs = (options.count - 1) * options.interval + options.timeout;
	if (spanMs > requestMsMax) {
		throw new PingpoolError(
			'usage',
			`--count, --interval and --timeout together take ${Math.round(spanMs / 1000)} s per host; at most ${requestMsMax / 1000} s`,
			{ hint: 'lower one of them' },
		);
	}
}
