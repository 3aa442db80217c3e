/** The command line of `pingpool worker`, and what the environment says in its place. */
import { Command, InvalidArgumentError } from 'commander';
import { checkEnvironment } from '../shared/environment.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { Cidr } from '../shared/ip.ts';
import { cidrContains, parseCidr, parseIp } from '../shared/ip.ts';
import { hostsInFlightMax, hostsPerRequestMax, ratePerSecondDefault } from '../shared/limits.ts';
import { workerPortDefault } from '../shared/protocol.ts';
import { version } from './capabilities.ts';
import type { IcmpMode, Setting } from './config.ts';
import { fromEnvironment, icmpModes, settings } from './config.ts';

export interface WorkerArguments {
	/** `undefined` for every interface */
	readonly host: string | undefined;
	readonly port: number;
	readonly ratePerSecond: number;
	/** `undefined` for the one in the user's configuration folder */
	readonly tokenFile: string | undefined;
	readonly noAuth: boolean;
	readonly allow: readonly Cidr[];
	readonly deny: readonly Cidr[];
	readonly hostsPerRequestMax: number;
	readonly hostsInFlightMax: number;
	readonly icmp: IcmpMode;
	readonly quiet: boolean;
}

const help = `
Every option can also be given in the environment: PINGPOOL_HOST, PINGPOOL_PORT, PINGPOOL_RATE and so on.
The token is the one in PINGPOOL_TOKEN, or in the token file, which is made when it does not exist. Two tokens,
separated by a comma or on a line each, are both accepted, while one replaces the other.

Examples:
  pingpool worker                          every interface, port 8786, up to 10000 probes/s
  pingpool worker --rate 0                 as fast as it can
  pingpool worker --deny 10.0.0.0/8        never that block; --deny wins over --allow
  pingpool worker --allow 127.0.0.0/8      tcp and http probes of this machine itself
  pingpool worker --host 127.0.0.1 --no-auth

Exit codes: 0 stopped by SIGINT or SIGTERM, after the requests under way; 1 could not start; 2 wrong usage.
`;

/** What stands on the command line, parsed; everything else comes from the environment or is a default. */
interface Given {
	host?: string;
	port?: number;
	rate?: number;
	tokenFile?: string;
	/** false for --no-auth */
	auth: boolean;
	allow?: Cidr[];
	deny?: Cidr[];
	maxHostsInFlight?: number;
	batch?: number;
	icmp?: IcmpMode;
	quiet?: boolean;
}

/**
 * @param argv arguments behind `pingpool worker`
 * @throws CommanderError after help, version, or what is wrong with an argument was printed
 * @throws PingpoolError `usage` for what is wrong with a variable, or with several settings together
 */
export function parseWorkerArguments(
	argv: readonly string[],
	environment: Readonly<Record<string, string | undefined>>,
): WorkerArguments {
	const command = createCommand();
	command.parse(argv, { from: 'user' });
	checkEnvironment(environment);
	const given = command.opts<Given>();
	const from = <Value>(setting: Setting<Value>): Value | undefined => fromEnvironment(setting, environment);
	const parsed: WorkerArguments = {
		host: given.host ?? from(settings.host),
		port: given.port ?? from(settings.port) ?? workerPortDefault,
		ratePerSecond: given.rate ?? from(settings.rate) ?? ratePerSecondDefault,
		tokenFile: given.tokenFile ?? from(settings.tokenFile),
		noAuth: !given.auth || from(settings.noAuth) === true,
		allow: given.allow ?? from(settings.allow) ?? [],
		deny: given.deny ?? from(settings.deny) ?? [],
		hostsPerRequestMax: given.batch ?? from(settings.batch) ?? hostsPerRequestMax,
		hostsInFlightMax: given.maxHostsInFlight ?? from(settings.maxHostsInFlight) ?? hostsInFlightMax,
		icmp: given.icmp ?? from(settings.icmp) ?? 'auto',
		quiet: given.quiet ?? from(settings.quiet) ?? false,
	};
	checkContradictions(parsed, from(settings.token) !== undefined);
	return parsed;
}

function checkContradictions(parsed: WorkerArguments, tokenInEnvironment: boolean): void {
	if (parsed.noAuth && !isLoopback(parsed.host)) {
		throw new PingpoolError('usage', '--no-auth is for a worker that only this machine can reach', {
			hint: 'add --host 127.0.0.1, or leave --no-auth out',
		});
	}
	if (parsed.noAuth && (parsed.tokenFile !== undefined || tokenInEnvironment)) {
		throw new PingpoolError('usage', '--no-auth and a token contradict each other', {
			hint: 'leave out --no-auth, or --token-file and PINGPOOL_TOKEN',
		});
	}
	if (parsed.hostsInFlightMax < parsed.hostsPerRequestMax) {
		throw new PingpoolError(
			'usage',
			`--max-hosts-in-flight ${parsed.hostsInFlightMax} is below --batch ${parsed.hostsPerRequestMax}: no full request would ever be taken`,
			{ hint: 'raise the one or lower the other' },
		);
	}
}

function createCommand(): Command {
	return new Command('pingpool worker')
		.description('Answers ping requests over HTTP: POST /ping, GET /health, GET /capabilities.')
		.version(version, '-V, --version', 'print the version')
		.helpOption('-h, --help', 'print this')
		.allowExcessArguments(false)
		.exitOverride()
		.configureHelp({ sortOptions: false })
		.configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'pingpool: ')) })
		.option('--host <address>', 'address to listen on (default: every interface)', parser(settings.host))
		.option(
			'--port <n>',
			`port to listen on; 0 takes a free one (default: ${workerPortDefault})`,
			parser(settings.port),
		)
		.option(
			'--rate <n>',
			`probes per second at most; 0 for no ceiling (default: ${ratePerSecondDefault})`,
			parser(settings.rate),
		)
		.option(
			'--token-file <path>',
			'file with the token, made when it does not exist (default: ~/.config/pingpool/worker-token)',
			parser(settings.tokenFile),
		)
		.option('--no-auth', 'take requests without a token; needs a loopback --host')
		.option(
			'--allow <cidr>',
			'block that the built-in denials do not hold for; several, or with commas',
			gatherer(settings.allow),
		)
		.option('--deny <cidr>', 'block that is never probed; several, or with commas', gatherer(settings.deny))
		.option(
			'--batch <n>',
			`hosts in one request at most (default: ${hostsPerRequestMax})`,
			parser(settings.batch),
		)
		.option(
			'--max-hosts-in-flight <n>',
			`hosts of all requests at most; beyond, 429 (default: ${hostsInFlightMax})`,
			parser(settings.maxHostsInFlight),
		)
		.option(
			'--icmp <mode>',
			`how echo requests are sent: ${icmpModes.join(', ')} (default: auto)`,
			parser(settings.icmp),
		)
		.option('--quiet', 'no line per request')
		.addHelpText('after', help);
}

/** A setting's parser with commander's own error, to which it adds the option and the value. */
function parser<Value>({ parse }: Setting<Value>): (text: string) => Value {
	return (text) => {
		try {
			return parse(text);
		} catch (error) {
			// commander has put the option and the value in front of it.
			if (error instanceof PingpoolError) throw new InvalidArgumentError(sentence(error.message));
			throw error;
		}
	};
}

function sentence(text: string): string {
	return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

/** For an option that may be given several times. */
function gatherer(setting: Setting<Cidr[]>): (text: string, previous: Cidr[] | undefined) => Cidr[] {
	const parse = parser(setting);
	return (text, previous) => [...(previous ?? []), ...parse(text)];
}

const loopbacks = ['127.0.0.0/8', '::1/128'].map((text) => parseCidr(text)!);

function isLoopback(host: string | undefined): boolean {
	if (host === undefined) return false;
	const address = parseIp(host);
	if (address === undefined) return host === 'localhost';
	return loopbacks.some((block) => cidrContains(block, address));
}
