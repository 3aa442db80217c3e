/** The settings of a master, from its command line and environment, validated. */
import type { Command } from 'commander';
import { systemClock } from '../shared/clock.ts';
import { escapeUnsafe, quote } from '../shared/display.ts';
import { checkEnvironment } from '../shared/environment.ts';
import { PingpoolError } from '../shared/errors.ts';
import { wantsJsonLog } from '../shared/log-wish.ts';
import type { ProbeSettings } from '../shared/protocol.ts';
import type { ProbeName } from '../shared/target.ts';
import { tokenPattern } from './bearer-token.ts';
import type { ParsedOptions } from './command-line.ts';
import { createCommand } from './command-line.ts';
import { checkContradictions } from './contradictions.ts';
import type { DashboardAddress } from './dashboard/address.ts';
import { dashboardOf } from './dashboard/address.ts';
import { parseDashboardToken } from './dashboard/token.ts';
import { withUsageLines } from './log/usage-lines.ts';
import { environmentFlags, parseArguments, spelling } from './options.ts';
import type { Durability } from './store/store.ts';
import type { TlsFiles } from './transport/tls-files.ts';
import type { LogFormat, LogLevel, ViewName } from './view/names.ts';

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

/**
 * @param argv arguments behind `pingpool master`
 * @param version of pingpool, for --version
 * @throws ConfigExit after help, version, commander's own message, or a line of a log in JSON was printed
 * @throws PingpoolError `usage` for contradictions, and for variables that are no settings
 */
export function parseMasterConfig(argv: readonly string[], version: string): MasterConfig {
	const command = createCommand(version);
	const parse = (): MasterConfig => parseWith(command, argv);
	return wantsJsonLog(argv, process.env) ? withUsageLines(command, systemClock, parse) : parse();
}

function parseWith(command: Command, argv: readonly string[]): MasterConfig {
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
