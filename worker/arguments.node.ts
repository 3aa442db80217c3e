/** What the command line of `pingpool worker` says, or the environment in its place. */
import { checkEnvironment } from '../shared/environment.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { Cidr } from '../shared/ip.ts';
import { parseIp } from '../shared/ip.ts';
import {
	hostsInFlightMax,
	hostsPerRequestMax,
	prefixRateDefault,
	ratePerSecondDefault,
} from '../shared/limits.ts';
import { wantsJsonLog } from '../shared/log-wish.ts';
import type { PortRange } from '../shared/ports.ts';
import { isLoopback } from '../shared/special-purpose.ts';
import type { Given } from './command-line.node.ts';
import type { IcmpMode, LogFormat, LogLevel, PrefixRateScope, Setting } from './config.ts';
import { fromEnvironment, portDefault, settings } from './config.ts';

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
	/** whom to ask about the probes; `undefined` when nobody is named */
	readonly contact: string | undefined;
	/** files of blocks, which are read again when they change */
	readonly allowFiles: readonly string[];
	readonly denyFiles: readonly string[];
	/** like deny files: networks that asked not to be probed */
	readonly optOutFiles: readonly string[];
	/** ports that tcp and http probes may go to; `undefined` for any but 25 */
	readonly ports: readonly PortRange[] | undefined;
	/** probes per second to one /24 or /48; 0 for no ceiling */
	readonly prefixRatePerSecond: number;
	readonly prefixRateFor: PrefixRateScope;
	/** probes per second for one caller; 0 for no ceiling beside the worker's */
	readonly callerRatePerSecond: number;
	readonly tls: TlsArguments;
	readonly logFormat: LogFormat;
	readonly logLevel: LogLevel;
	readonly quiet: boolean;
}

/** Paths as given; all `undefined` and false for plain HTTP. */
export interface TlsArguments {
	/** certificate chain and private key, PEM; both or none */
	readonly cert: string | undefined;
	readonly key: string | undefined;
	/** a certificate of the worker's own, made at the first start */
	readonly selfSigned: boolean;
	/** PEM of who signs the certificates of masters; without one, none is asked for */
	readonly clientCa: string | undefined;
}

/**
 * @param argv arguments behind `pingpool worker`
 * @throws CommanderError after help, version, or what is wrong with an argument was printed
 * @throws PingpoolError `usage` for what is wrong with a variable, or with several settings together
 */
export async function parseWorkerArguments(
	argv: readonly string[],
	environment: Readonly<Record<string, string | undefined>>,
): Promise<WorkerArguments> {
	const given = await givenIn(argv, environment);
	checkEnvironment(environment);
	const from = <Value>(setting: Setting<Value>): Value | undefined => fromEnvironment(setting, environment);
	const parsed: WorkerArguments = {
		host: given.host ?? from(settings.host),
		port: given.port ?? from(settings.port) ?? portDefault,
		ratePerSecond: given.rate ?? from(settings.rate) ?? ratePerSecondDefault,
		tokenFile: given.tokenFile ?? from(settings.tokenFile),
		noAuth: !given.auth || from(settings.noAuth) === true,
		allow: given.allow ?? from(settings.allow) ?? [],
		deny: given.deny ?? from(settings.deny) ?? [],
		hostsPerRequestMax: given.batch ?? from(settings.batch) ?? hostsPerRequestMax,
		hostsInFlightMax: given.maxHostsInFlight ?? from(settings.maxHostsInFlight) ?? hostsInFlightMax,
		icmp: given.icmp ?? from(settings.icmp) ?? 'auto',
		contact: given.contact ?? from(settings.contact),
		allowFiles: given.allowFile ?? listed(from(settings.allowFile)),
		denyFiles: given.denyFile ?? listed(from(settings.denyFile)),
		optOutFiles: given.optOutFile ?? listed(from(settings.optOutFile)),
		ports: given.ports ?? from(settings.ports),
		prefixRatePerSecond: given.prefixRate ?? from(settings.prefixRate) ?? prefixRateDefault,
		prefixRateFor: given.prefixRateFor ?? from(settings.prefixRateFor) ?? 'public',
		callerRatePerSecond: given.callerRate ?? from(settings.callerRate) ?? 0,
		tls: {
			cert: given.tlsCert ?? from(settings.tlsCert),
			key: given.tlsKey ?? from(settings.tlsKey),
			selfSigned: given.tlsSelfSigned ?? from(settings.tlsSelfSigned) ?? false,
			clientCa: given.tlsClientCa ?? from(settings.tlsClientCa),
		},
		logFormat: given.logFormat ?? from(settings.logFormat) ?? 'text',
		logLevel: given.logLevel ?? from(settings.logLevel) ?? 'info',
		quiet: given.quiet ?? from(settings.quiet) ?? false,
	};
	checkContradictions(parsed, from(settings.token) !== undefined);
	return parsed;
}

function listed(path: string | undefined): readonly string[] {
	return path === undefined ? [] : [path];
}

/** An embedded worker has no arguments; it starts a tenth sooner without the parser of command lines. */
async function givenIn(
	argv: readonly string[],
	environment: Readonly<Record<string, string | undefined>>,
): Promise<Given> {
	if (argv.length === 0) return { auth: true };
	const { readCommandLine } = await import('./command-line.node.ts');
	return readCommandLine(argv, wantsJsonLog(argv, environment));
}

function checkContradictions(parsed: WorkerArguments, tokenInEnvironment: boolean): void {
	checkTls(parsed);
	if (parsed.noAuth && !mayBeLoopback(parsed.host)) {
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

/** Of `localhost`, where it leads is checked when the worker listens. */
function mayBeLoopback(host: string | undefined): boolean {
	const address = host === undefined ? undefined : parseIp(host);
	return address === undefined ? host === 'localhost' : isLoopback(address);
}

function checkTls({ tls: { cert, key, selfSigned, clientCa }, noAuth }: WorkerArguments): void {
	const contradiction = (message: string, hint: string): PingpoolError =>
		new PingpoolError('usage', message, { hint });
	if (selfSigned && (cert !== undefined || key !== undefined)) {
		throw contradiction(
			'--tls-self-signed and --tls-cert contradict each other',
			'leave out --tls-self-signed, or --tls-cert and --tls-key',
		);
	}
	if ((cert === undefined) !== (key === undefined)) {
		const [given, missing] = cert === undefined ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key'];
		throw contradiction(
			`${given} needs ${missing} as well`,
			'both may name the same file; --tls-self-signed makes both',
		);
	}
	if (clientCa !== undefined && cert === undefined && !selfSigned) {
		throw contradiction(
			'--tls-client-ca goes with TLS: over plain HTTP, nobody shows a certificate',
			'add --tls-self-signed, or --tls-cert and --tls-key',
		);
	}
	if (clientCa !== undefined && noAuth) {
		throw contradiction(
			'--tls-client-ca and --no-auth contradict each other: a certificate comes on top of the token',
			'leave one of them out',
		);
	}
}
