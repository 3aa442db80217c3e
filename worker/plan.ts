/**
 * What a request asks for: every host once, with its probe and port; bare IPv4 addresses in columns. Hosts are the
 * same when the same would be sent to them, in whatever form they are written.
 */
import { messageOf, PingpoolError } from '../shared/errors.ts';
import type { HostColumn } from '../shared/host-column.ts';
import { hostAt } from '../shared/host-column.ts';
import type { IpAddress } from '../shared/ip.ts';
import { formatIp, formatIpv4 } from '../shared/ip.ts';
import type { ProbeName, Target } from '../shared/target.ts';
import { InvalidTargetError, parseTarget, probeOf } from '../shared/target.ts';
import type { Ipv4Hosts } from './ipv4-hosts.ts';
import { Ipv4Gatherer } from './ipv4-hosts.ts';
import type { AskedBatch } from './ping-request.ts';
import { requestOf } from './probes/http-exchange.ts';

/** A host to be probed, once for all the positions that ask for it. */
export interface PlannedHost {
	/** the first position that asks for it */
	readonly index: number;
	readonly target: Target;
	readonly probe: ProbeName;
	/** set for tcp and http */
	readonly port: number | undefined;
}

export interface BatchPlan {
	readonly settings: AskedBatch['settings'];
	/** as asked, by position */
	readonly hosts: HostColumn;
	/** every bare IPv4 address once, or what comes to the same, for the probe that was asked for */
	readonly ipv4: Ipv4Hosts;
	/** the port of bare addresses; set for tcp and http */
	readonly ipv4Port: number | undefined;
	/** every other host once */
	readonly others: readonly PlannedHost[];
	/** the further positions of a host that is asked for more than once, by its first one */
	readonly copies: ReadonlyMap<number, readonly number[]>;
	/** the addresses of hosts that are written as one, but not as a bare IPv4 address, by position */
	readonly literals: ReadonlyMap<number, IpAddress>;
}

const httpPort = 80;
const httpsPort = 443;

/** @throws PingpoolError `bad-request` with `details.path` of the first host that can not be probed */
export function planBatch({ hosts, settings }: AskedBatch): BatchPlan {
	const bare = new Ipv4Gatherer(hosts.length);
	let ipv4Port: number | undefined;
	const others: PlannedHost[] = [];
	const copies = new Map<number, number[]>();
	const literals = new Map<number, IpAddress>();
	const known = new Map<string, number>();

	function addCopy(first: number, index: number): void {
		const positions = copies.get(first);
		if (positions === undefined) copies.set(first, [index]);
		else positions.push(index);
	}

	function addIpv4(index: number, value: number): void {
		if (bare.length === 0) ipv4Port = portOf(index, settings.probe, settings.port, formatIpv4(value));
		const first = bare.add(index, value);
		if (first !== index) addCopy(first, index);
	}

	function addText(index: number, text: string): void {
		const target = parse(text, index);
		const { address } = target;
		if (address !== undefined) literals.set(index, address);
		const probe = probeOf(target, settings.probe);
		const host = address?.family === 6 ? `[${target.text}]` : target.text;
		const planned = {
			index,
			target,
			probe,
			port: portOf(index, probe, target.port ?? settings.port, host),
		};
		// An IPv4-mapped address is the IPv4 address that it carries.
		if (address?.family === 4 && isAsBare(planned)) {
			addIpv4(index, address.value);
			return;
		}
		const key = keyOf(planned);
		const first = known.get(key);
		if (first !== undefined) {
			addCopy(first, index);
			return;
		}
		known.set(key, index);
		others.push(planned);
	}

	/** Whether the same is sent to an IPv4 address as if it stood there alone. */
	function isAsBare({ target, probe, port }: PlannedHost): boolean {
		const { path, scheme } = target;
		if (probe !== settings.probe) return false;
		if (probe === 'icmp' || (scheme === undefined && target.port === undefined)) return true;
		if (port !== (settings.port ?? (probe === 'http' ? httpPort : undefined))) return false;
		return probe === 'tcp' || ((path ?? '/') === '/' && (scheme ?? schemeOf(port)) === schemeOf(port));
	}

	for (let index = 0; index < hosts.length; index += 1) {
		const text = hosts.texts?.[index];
		if (text === undefined) addIpv4(index, hosts.ipv4[index]!);
		else addText(index, text);
	}
	return { settings, hosts, ipv4: bare.hosts(), ipv4Port, others, copies, literals };
}

/** The address of a host that was written as one. */
export function literalAt({ hosts, literals }: BatchPlan, index: number): string | undefined {
	if (hosts.texts?.[index] === undefined) return hostAt(hosts, index);
	const address = literals.get(index);
	return address && formatIp(address);
}

function parse(text: string, index: number): Target {
	try {
		return parseTarget(text);
	} catch (error) {
		if (!(error instanceof InvalidTargetError)) throw error;
		throw new PingpoolError('bad-request', `hosts[${index}]: ${messageOf(error)}`, {
			cause: error,
			details: {
				path: `hosts[${index}]`,
				expected: 'an IP address, name, host:port, tcp://host:port or http(s):// URL',
			},
		});
	}
}

/** What is sent, and where to, as a text; addresses and names are not mixed up, because no name looks like one. */
function keyOf({ target, probe, port }: PlannedHost): string {
	if (probe === 'icmp') return target.text;
	if (probe === 'tcp') return `tcp ${target.address ? formatIp(target.address) : target.name} ${port}`;
	const { secure, authority, path } = requestOf({ target, port });
	return `http ${secure} ${authority} ${path}`;
}

/** The scheme that a host without one stands for in an HTTP probe (http-exchange.ts). */
function schemeOf(port: number | undefined): 'http' | 'https' {
	return port === httpsPort ? 'https' : 'http';
}

function portOf(index: number, probe: ProbeName, port: number | undefined, host: string): number | undefined {
	if (probe === 'icmp') return undefined;
	if (port !== undefined) return port;
	if (probe === 'http') return httpPort;
	throw new PingpoolError('bad-request', `hosts[${index}]: a tcp probe needs a port`, {
		details: {
			path: `hosts[${index}]`,
			expected: `a port: ${host}:443 as the host, or "port" in the request`,
		},
	});
}
