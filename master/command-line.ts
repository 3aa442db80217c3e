/** The options of `pingpool master`, and what is said of them. Defaults stand here. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import {
	attemptsMax,
	connectionsPerWorkerMax,
	countMax,
	hostsPerRequestMax,
	intervalMsMax,
	ratePerSecondDefault,
	requestDefaults,
	timeoutMsMax,
	timeoutMsMin,
	workerTimeoutMsDefault,
} from '../shared/limits.ts';
import type { ProbeName } from '../shared/target.ts';
import { probeNames } from '../shared/target.ts';
import type { DashboardAddress } from './dashboard/address.ts';
import { dashboardDefault, parseDashboardAddress } from './dashboard/address.ts';
import { fileOption, newCommand, option } from './options.ts';
import type { Durability } from './store/store.ts';
import { durabilities } from './store/store.ts';
import type { LogFormat, LogLevel, ViewName } from './view/names.ts';
import { logFormats, logLevels, viewNames } from './view/names.ts';

/** What commander makes of them. Flags that are `undefined` were not given. */
export interface ParsedOptions {
	hosts: string;
	exclude?: string;
	skipInvalid?: boolean;
	db: string;
	durability: Durability;
	fresh?: boolean;
	workers?: string;
	probe: ProbeName;
	port?: number;
	count: number;
	attempts: number;
	timeout: number;
	interval: number;
	refusedIsUp?: boolean;
	rate?: number;
	chunk?: number;
	concurrency?: number;
	workerTimeout: number;
	json?: boolean;
	quiet?: boolean;
	failOnDown?: boolean;
	/** without an address: true; with --no-dashboard: false */
	dashboard?: DashboardAddress | boolean;
	view: ViewName;
	logFormat: LogFormat;
	logLevel: LogLevel;
	tlsCa?: string;
	tlsCert?: string;
	tlsKey?: string;
	allowPlainHttp?: boolean;
}

const examples = `
Examples:
  pingpool master                                     hosts.txt through an embedded worker into hosts.db
  pingpool master --workers workers.txt               the same through workers on other machines
  pingpool master --hosts lan.txt --db lan.db --count 10 --interval 200
  pingpool master --fresh                             a new run, whatever became of the last one
  echo 10.0.0.0/24 | pingpool master --hosts - --json
  pingpool master --probe tcp --port 443 --fail-on-down
  pingpool master --dashboard 9000                    with the dashboard on another port than 8787

Every option can also be given in the environment, where the command line wins: PINGPOOL_HOSTS,
PINGPOOL_TIMEOUT, PINGPOOL_JSON=1 and so on. PINGPOOL_TOKEN is for workers whose line names no token.
The dashboard of a run is open to this machine alone; --dashboard 0.0.0.0 lets others in who have its token, which is
in the link that is printed, or in PINGPOOL_DASHBOARD_TOKEN.
An embedded worker takes a worker's settings from there: PINGPOOL_ALLOW, PINGPOOL_DENY, PINGPOOL_OPT_OUT_FILE,
PINGPOOL_PREFIX_RATE, PINGPOOL_ICMP and so on. PINGPOOL_PORT and PINGPOOL_RATE are the master's: the port to probe,
and the rate that the embedded worker gets as well (without it, a worker's own default of ${ratePerSecondDefault} a second).

Exit codes:
  0  every host has an answer, whatever it is
  1  some hosts could not be probed (status "error"), or the run failed: then it is resumable
  2  wrong usage or input; a list or options other than those of the run that would go on
  3  with --fail-on-down: a host is down
  130, 143  interrupted; resumable

A run that was interrupted, failed or killed goes on when the same command is given again; what has an answer is
not asked again. Only one master at a time may have a database.
`;

function number(unit: string, min: number, max: number, whole = false) {
	return (text: string): number => {
		const value = /^[0-9]+(\.[0-9]+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
		if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
			const kind = whole ? 'a whole number' : 'a number';
			throw new InvalidArgumentError(`Expected ${kind}${unit}, ${min} to ${max}.`);
		}
		return value;
	};
}

/** An option without a value; the environment says yes or no. */
function flag(flags: string, description: string): Option {
	return option(flags, description);
}

/** @param version of pingpool, for --version */
export function createCommand(version: string): Command {
	const command = newCommand({
		name: 'pingpool master',
		description: 'Pings every host of a list through workers and keeps the answers in a SQLite database.',
		version,
	}).allowExcessArguments(true);
	const options = [
		fileOption('--hosts <file>', 'list of hosts, one per line; - reads standard input').default('hosts.txt'),
		fileOption('--exclude <file>', 'hosts to leave out, in the same syntax'),
		flag('--skip-invalid', 'go on without lines that are no hosts'),
		fileOption('--db <file>', 'database').default('hosts.db'),
		option(
			'--durability <level>',
			'what a power loss may take: with normal the last commits (the database stays consistent, and the same ' +
				'command asks for them again), with full none, at the price of a disk sync per commit; a killed process ' +
				'loses no committed row with either',
		)
			.choices(durabilities)
			.default('normal'),
		flag('--fresh', 'begin a new run, although there is an unfinished one that would go on'),
		fileOption(
			'--workers <file>',
			'workers, one URL per line; may change while a run goes on (default: one embedded worker)',
		),
		fileOption(
			'--tls-ca <file>',
			'authorities (PEM) of https workers whose line has neither ca nor pin (default: those that the system trusts)',
		),
		fileOption('--tls-cert <file>', 'certificate (PEM) to show to workers that ask for one'),
		fileOption('--tls-key <file>', 'its private key (PEM)'),
		flag('--allow-plain-http', 'let tokens go to public addresses over plain HTTP'),
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
			number('', 0, 999_999_999),
		),
		option('--chunk <n>', 'hosts per request (default: by what the worker can do)').argParser(
			number('', 1, hostsPerRequestMax, true),
		),
		option(
			'--concurrency <n>',
			'requests at a time per worker (default: by what the worker can do)',
		).argParser(number('', 1, connectionsPerWorkerMax, true)),
		option(
			'--worker-timeout <ms>',
			'how long to wait for one when no worker is left; then the run ends, and the same command goes on with it',
		)
			.argParser(number(' of milliseconds', 0, 86_400_000))
			.default(workerTimeoutMsDefault),
		option(
			'--dashboard [address]',
			'where the dashboard listens: port, or host:port; a port that is taken is moved on from (default: ' +
				`${dashboardDefault.host}:${dashboardDefault.port})`,
		).argParser(parseDashboardAddress),
		new Option('--no-dashboard', 'do without it (PINGPOOL_DASHBOARD=0)'),
		option('--view <name>', 'progress on a terminal: one line, or one more per worker')
			.choices(viewNames)
			.default('compact'),
		option('--log-format <name>', 'what the run says: text, or a JSON object per line, the summary too')
			.choices(logFormats)
			.default('text'),
		option('--log-level <name>', 'the least important of it: debug has a line per request')
			.choices(logLevels)
			.default('info'),
		flag('--json', 'print the summary as one JSON object'),
		flag('--quiet', 'print errors only'),
		flag('--fail-on-down', 'end with exit code 3 when a host is down'),
	];
	for (const each of options) command.addOption(each);
	return command.addHelpText('after', examples);
}
