/** What the command line of `pingpool worker` says, or the environment in its place. */
import { checkEnvironment } from '../shared/environment.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { Cidr } from '../shared/ip.ts';
import { cidrContains, parseCidr, parseIp } from '../shared/ip.ts';
import { hostsInFlightMax, hostsPerRequestMax, ratePerSecondDefault } from '../shared/limits.ts';
import type { Given } from './command-line.node.ts';
import type { IcmpMode, Setting } from './config.ts';
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
	readonly quiet: boolean;
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
	const given = await givenIn(argv);
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
		quiet: given.quiet ?? from(settings.quiet) ?? false,
	};
	checkContradictions(parsed, from(settings.token) !== undefined);
	return parsed;
}

/** An embedded worker has no arguments; it starts a tenth sooner without the parser of command lines. */
async function givenIn(argv: readonly string[]): Promise<Given> {
	if (argv.length === 0) return { auth: true };
	const { readCommandLine } = await import('./command-line.node.ts');
	return readCommandLine(argv);
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

const loopbacks = ['127.0.0.0/8', '::1/128'].map((text) => parseCidr(text)!);

function isLoopback(host: string | undefined): boolean {
	if (host === undefined) return false;
	const address = parseIp(host);
	if (address === undefined) return host === 'localhost';
	return loopbacks.some((block) => cidrContains(block, address));
}
