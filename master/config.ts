/** The master's command line and environment, validated. Defaults stand here; nothing else reads process.env. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { escapeUnsafe, quote } from '../shared/display.ts';
import { checkEnvironment } from '../shared/environment.ts';
import { PingpoolError } from '../shared/errors.ts';
import {
	attemptsMax,
	connectionsPerWorkerMax,
	countMax,
	hostsPerRequestMax,
	intervalMsMax,
	ratePerSecondDefault,
	requestDefaults,
	requestMsMax,
	timeoutMsMax,
	timeoutMsMin,
	workerTimeoutMsDefault,
} from '../shared/limits.ts';
import type { ProbeSettings } from '../shared/protocol.ts';
import type { ProbeName } from '../shared/target.ts';
import { probeNames } from '../shared/target.ts';
import { tokenPattern } from './bearer-token.ts';
import type { DashboardAddress } from './dashboard/address.ts';
import { dashboardDefault, dashboardOf, parseDashboardAddress } from './dashboard/address.ts';
import { parseDashboardToken } from './dashboard/token.ts';
import { fileOption, newCommand, option, parseArguments } from './options.ts';
import type { Durability } from './store/store.ts';
import { durabilities } from './store/store.ts';
import type { TlsFiles } from './transport/tls-files.ts';
import type { LogFormat, LogLevel, ViewName } from './view/names.ts';
import { logFormats, logLevels, viewNames } from './view/names.ts';

export interface MasterConfig {
	/** path of the list; `-` for stdin */
	readonly hosts: string;
	readonly exclude: string | undefined;
	readonly skipInvalid: boolean;
	readonly db: string;
	readonly durability: Durability;
	/** begin a new run, although there is one that has not finished */
	readonly fresh: boolean;
	/** path of the workers file; `undefined` for an embedded worker */
	readonly workers: string | undefined;
	/** for workers whose line names none */
	readonly token: string | undefined;
	/** authorities of workers whose line names none, and the certificate that is shown to workers which ask */
	readonly tls: TlsFiles;
	/** whether a token may go to a public address over plain HTTP */
	readonly allowPlainHttp: boolean;
	readonly probe: ProbeName;
	readonly settings: ProbeSettings;
	/** probes per second of the whole fleet; `undefined` when it was not said, 0 for no ceiling */
	readonly ratePerSecond: number | undefined;
	readonly chunkHosts: number | undefined;
	readonly concurrency: number | undefined;
	readonly workerTimeoutMs: number;
	/** how long to wait for a first worker: not as long, unless asked to, because a wrong file is likelier then */
	readonly startWaitMs: number;
	readonly json: boolean;
	readonly quiet: boolean;
	readonly failOnDown: boolean;
	/** where the dashboard listens; `undefined` for none */
	readonly dashboard: DashboardAddress | undefined;
	/** what it asks for; `undefined`: nothing on loopback, a token of its own elsewhere */
	readonly dashboardToken: string | undefined;
	/** what the progress on a terminal shows */
	readonly view: ViewName;
	readonly logFormat: LogFormat;
	readonly logLevel: LogLevel;
}

/** How long a master waits for a first worker, in ms, when --worker-timeout is not given. */
const startWaitMsDefault = 10_000;

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

function createCommand(version: string): Command {
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
		option('--log-format <name>', 'what the run says: text, or a JSON object per line')
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

interface ParsedOptions {
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

/**
 * @param argv arguments behind `pingpool master`
 * @param version of pingpool, for --version
 * @throws ConfigExit after help, version or commander's own message was printed
 * @throws PingpoolError `usage` for contradictions, and for variables that are no settings
 */
export function parseMasterConfig(argv: readonly string[], version: string): MasterConfig {
	const command = createCommand(version);
	parseArguments(command, argv);
	const [stray] = command.args;
	if (stray !== undefined) {
		throw new PingpoolError('usage', `${quote(stray)} is no option`, {
			hint: `did you mean --hosts ${escapeUnsafe(stray)}?`,
		});
	}
	checkEnvironment(process.env);
	const options = { ...command.opts<ParsedOptions>(), ...environmentFlags(command) };
	checkContradictions(options, (name) => spelling(command, name));
	return {
		hosts: options.hosts,
		exclude: options.exclude,
		skipInvalid: options.skipInvalid === true,
		db: options.db,
		durability: options.durability,
		fresh: options.fresh === true,
		workers: options.workers,
		token: firstToken(process.env.PINGPOOL_TOKEN),
		tls: { ca: options.tlsCa, cert: options.tlsCert, key: options.tlsKey },
		allowPlainHttp: options.allowPlainHttp === true,
		probe: options.probe,
		settings: {
			count: options.count,
			attempts: options.attempts,
			timeoutMs: options.timeout,
			intervalMs: options.interval,
			refusedIsUp: options.refusedIsUp === true,
			...(options.port === undefined ? {} : { port: options.port }),
		},
		ratePerSecond: options.rate,
		chunkHosts: options.chunk,
		concurrency: options.concurrency,
		workerTimeoutMs: options.workerTimeout,
		startWaitMs:
			spelling(command, 'workerTimeout') === undefined ? startWaitMsDefault : options.workerTimeout,
		json: options.json === true,
		quiet: options.quiet === true,
		failOnDown: options.failOnDown === true,
		dashboard: dashboardOf(options.dashboard),
		dashboardToken: parseDashboardToken(process.env.PINGPOOL_DASHBOARD_TOKEN),
		view: options.view,
		logFormat: options.logFormat,
		logLevel: options.logLevel,
	};
}

/**
 * A worker may accept two tokens, separated by a comma, while one replaces the other.
 *
 * @throws PingpoolError `usage`, without the token in it
 */
function firstToken(text = ''): string | undefined {
	const token = text.split(',')[0]!.trim();
	if (token === '') return undefined;
	if (tokenPattern.test(token)) return token;
	throw new PingpoolError('usage', 'PINGPOOL_TOKEN has white space or characters in it that no token has');
}

/** Flags that the environment decides. To commander, a variable that is there at all means yes.
 * @throws PingpoolError `usage` for what is neither yes nor no */
function environmentFlags(command: Command): Record<string, boolean> {
	const flags: Record<string, boolean> = {};
	for (const each of command.options) {
		const name = each.attributeName();
		if (!each.isBoolean() || command.getOptionValueSource(name) !== 'env') continue;
		const text = process.env[each.envVar!]!.trim().toLowerCase();
		if (['1', 'true', 'yes', 'on'].includes(text)) flags[name] = true;
		else if (['', '0', 'false', 'no', 'off'].includes(text)) flags[name] = false;
		else throw new PingpoolError('usage', `${each.envVar} is ${quote(text)}; 1 or 0 is expected`);
	}
	return flags;
}

/** What the user wrote to set an option, `--port` or `PINGPOOL_PORT`; `undefined` when it was not set. */
function spelling(command: Command, name: keyof ParsedOptions): string | undefined {
	const each = command.options.find((candidate) => candidate.attributeName() === name)!;
	switch (command.getOptionValueSource(name)) {
		case 'cli':
			return each.long!;
		case 'env':
			return each.envVar!;
		default:
			return undefined;
	}
}

function checkContradictions(
	options: ParsedOptions,
	spelled: (name: keyof ParsedOptions) => string | undefined,
): void {
	const port = spelled('port');
	if (port !== undefined && options.probe === 'icmp') {
		throw new PingpoolError(
			'usage',
			`${port} goes with --probe tcp or --probe http: an echo request has no port`,
			{
				hint:
					port === '--port'
						? `did you mean --probe tcp --port ${options.port}?`
						: `is ${port} meant for a worker, as the port to listen on? To a master it is the port to probe`,
			},
		);
	}
	const attempts = spelled('attempts');
	if (attempts !== undefined && options.count > 1) {
		throw new PingpoolError(
			'usage',
			`${attempts} goes with a count of 1: with ${spelled('count')} ${options.count} every probe is sent`,
			{ hint: 'leave one of the two out' },
		);
	}
	const interval = spelled('interval');
	if (interval !== undefined && options.count === 1) {
		throw new PingpoolError(
			'usage',
			`${interval} goes with a --count above 1: it is the time between probes`,
			{ hint: `did you mean --count 10 --interval ${options.interval}?` },
		);
	}
	checkTls(options, spelled);
	const spanMs = (options.count - 1) * options.interval + options.timeout;
	if (spanMs > requestMsMax) {
		throw new PingpoolError(
			'usage',
			`--count, --interval and --timeout together take ${Math.round(spanMs / 1000)} s per host; at most ${requestMsMax / 1000} s`,
			{ hint: 'lower one of them' },
		);
	}
}

/** An embedded worker is reached over loopback. Variables may be meant for workers, too: they say nothing then. */
function checkTls(options: ParsedOptions, spelled: (name: keyof ParsedOptions) => string | undefined): void {
	if (options.workers === undefined) {
		const names = ['tlsCa', 'tlsCert', 'tlsKey', 'allowPlainHttp'] as const;
		const stray = names.map(spelled).find((spelling) => spelling?.startsWith('--'));
		if (stray === undefined) return;
		throw new PingpoolError('usage', `${stray} goes with --workers: an embedded worker needs none of it`, {
			hint: 'name the workers in a file, one URL a line, and give it with --workers',
		});
	}
	if ((options.tlsCert === undefined) === (options.tlsKey === undefined)) return;
	const [given, missing] =
		options.tlsKey === undefined
			? ([spelled('tlsCert'), '--tls-key'] as const)
			: [spelled('tlsKey'), '--tls-cert'];
	throw new PingpoolError('usage', `${given} needs ${missing} as well`, {
		hint: 'both may name the same file',
	});
}
