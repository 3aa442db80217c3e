/** The command line of `pingpool worker`: its options, its help, and what was given. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { systemClock } from '../shared/clock.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { Cidr } from '../shared/ip.ts';
import {
	hostsInFlightMax,
	hostsPerRequestMax,
	prefixRateDefault,
	ratePerSecondDefault,
} from '../shared/limits.ts';
import type { PortRange } from '../shared/ports.ts';
import { usageMessage } from '../shared/usage-text.ts';
import type { IcmpMode, LogFormat, LogLevel, PrefixRateScope, Setting } from './config.ts';
import { icmpModes, logFormats, logLevels, portDefault, prefixRateScopes, settings } from './config.ts';
import { newCommand } from './new-command.node.ts';
import { noticeWriter } from './notice-line.ts';

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

Exit codes: 0 stopped by SIGINT, SIGTERM or SIGHUP, after the requests under way; 1 could not start; 2 wrong usage.
`;

/** What stands on the command line, parsed. */
export interface Given {
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
	contact?: string;
	allowFile?: string[];
	denyFile?: string[];
	optOutFile?: string[];
	ports?: readonly PortRange[];
	prefixRate?: number;
	prefixRateFor?: PrefixRateScope;
	callerRate?: number;
	tlsCert?: string;
	tlsKey?: string;
	tlsSelfSigned?: boolean;
	tlsClientCa?: string;
	logFormat?: LogFormat;
	logLevel?: LogLevel;
	quiet?: boolean;
}

/**
 * @param argv arguments behind `pingpool worker`
 * @param isJson print what is wrong as a line of a log in JSON
 * @throws CommanderError after help, version, or what is wrong with an argument was printed
 */
export function readCommandLine(argv: readonly string[], isJson: boolean): Given {
	const command = createCommand();
	if (isJson) {
		command.configureOutput({
			outputError: (text, write) => {
				const say = noticeWriter({ logFormat: 'json', logLevel: 'error' }, systemClock, write);
				say('error', usageMessage(text, command.name()));
			},
		});
	}
	return command.parse(argv, { from: 'user' }).opts<Given>();
}

function createCommand(): Command {
	return newCommand('pingpool worker')
		.description('Answers ping requests over HTTP: POST /ping; GET /health, /capabilities and /metrics.')
		.option('--host <address>', 'address to listen on (default: every interface)', parser(settings.host))
		.option(
			'--port <n>',
			`port to listen on; 0 takes a free one (default: ${portDefault})`,
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
			'--allow-file <path>',
			'the same from a file, one a line, read again when it changes; several',
			fileGatherer(settings.allowFile),
		)
		.option(
			'--deny-file <path>',
			'the same from a file, one a line, read again when it changes; several',
			fileGatherer(settings.denyFile),
		)
		.option(
			'--opt-out-file <path>',
			'networks that asked not to be probed: as --deny-file, with a reason of its own',
			fileGatherer(settings.optOutFile),
		)
		.option(
			'--ports <list>',
			'ports that tcp and http probes may go to, as in 22,80,8000-8999 (default: any but 25)',
			parser(settings.ports),
		)
		.option(
			'--prefix-rate <n>',
			`probes per second to one /24 or IPv6 /48; 0 for no ceiling (default: ${prefixRateDefault})`,
			parser(settings.prefixRate),
		)
		.option(
			'--prefix-rate-for <which>',
			`addresses that it holds for: ${prefixRateScopes.join(', ')} (default: public)`,
			parser(settings.prefixRateFor),
		)
		.option(
			'--caller-rate <n>',
			'probes per second for one caller (default: as many as the worker may send)',
			parser(settings.callerRate),
		)
		.option('--tls-cert <path>', 'serve HTTPS with this certificate chain (PEM)', parser(settings.tlsCert))
		.option('--tls-key <path>', 'its private key (PEM)', parser(settings.tlsKey))
		.option(
			'--tls-self-signed',
			'serve HTTPS with a certificate of its own, made at the first start; masters know it by its fingerprint',
		)
		.option(
			'--tls-client-ca <path>',
			'take only masters with a certificate signed by this authority (PEM)',
			parser(settings.tlsClientCa),
		)
		.option(
			'--batch <n>',
			`hosts in one request at most (default: ${hostsPerRequestMax})`,
			parser(settings.batch),
		)
		.option(
			'--max-hosts-in-flight <n>',
			`hosts of one caller's requests at most, and of all callers a third more; beyond, 429 (default: ${hostsInFlightMax})`,
			parser(settings.maxHostsInFlight),
		)
		.option(
			'--icmp <mode>',
			`how echo requests are sent: ${icmpModes.join(', ')} (default: auto)`,
			parser(settings.icmp),
		)
		.option(
			'--contact <text>',
			'whom to ask about the probes, told to http targets in the User-Agent: a mail address or a URL',
			parser(settings.contact),
		)
		.option(
			'--log-format <format>',
			`form of the line per request: ${logFormats.join(', ')} (default: text)`,
			parser(settings.logFormat),
		)
		.option(
			'--log-level <level>',
			`the least important line: ${logLevels.join(', ')}; debug has one when a request begins as well (default: info)`,
			parser(settings.logLevel),
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

/** For an option that names a file and may be given several times. */
function fileGatherer(setting: Setting<string>): (text: string, previous: string[] | undefined) => string[] {
	const parse = parser(setting);
	return (text, previous) => [...(previous ?? []), parse(text)];
}
