/** What a request asks for, host by host: parsed, with its probe and port, duplicates known. */
import { messageOf, PingpoolError } from '../shared/errors.ts';
import type { PingRequest } from '../shared/protocol.ts';
import type { ProbeName, Target } from '../shared/target.ts';
import { InvalidTargetError, parseTarget, probeOf } from '../shared/target.ts';

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
	readonly request: PingRequest;
	/** by position in the request; of duplicates, the same object */
	readonly hosts: readonly PlannedHost[];
	/** every host once */
	readonly unique: readonly PlannedHost[];
	/** the further positions of a host that is asked for more than once, by its first one */
	readonly copies: ReadonlyMap<number, readonly number[]>;
}

const httpPort = 80;

/** @throws PingpoolError `bad-request` with `details.path` of the first host that can not be probed */
export function planBatch(request: PingRequest): BatchPlan {
	const hosts = new Array<PlannedHost>(request.hosts.length);
	const unique: PlannedHost[] = [];
	const copies = new Map<number, number[]>();
	// The canonical text of a target decides its probe within one request, so it is key enough.
	const known = new Map<string, PlannedHost>();
	for (const [index, text] of request.hosts.entries()) {
		const target = parse(text, index);
		const twin = known.get(target.text);
		if (twin !== undefined) {
			hosts[index] = twin;
			const others = copies.get(twin.index);
			if (others === undefined) copies.set(twin.index, [index]);
			else others.push(index);
			continue;
		}
		const probe = probeOf(target, request.probe);
		const host: PlannedHost = { index, target, probe, port: portOf(target, probe, request, index) };
		known.set(target.text, host);
		hosts[index] = host;
		unique.push(host);
	}
	return { request, hosts, unique, copies };
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

function portOf(target: Target, probe: ProbeName, request: PingRequest, index: number): number | undefined {
	if (probe === 'icmp') return undefined;
	const port = target.port ?? request.port;
	if (port !== undefined) return port;
	if (probe === 'http') return httpPort;
	const host = target.address?.family === 6 ? `[${target.text}]` : target.text;
	throw new PingpoolError('bad-request', `hosts[${index}]: a tcp probe needs a port`, {
		details: {
			path: `hosts[${index}]`,
			expected: `a port: ${host}:443 as the host, or "port" in the request`,
		},
	});
}
