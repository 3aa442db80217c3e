/** Runs a probe as a batch would, and gathers what it reports. */
import { expect } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import type { IpAddress } from '../../../shared/ip.ts';
import { parseIp } from '../../../shared/ip.ts';
import { Pacer } from '../../../shared/pacer.ts';
import type { PingRequestBody } from '../../../shared/protocol.ts';
import { parsePingRequest } from '../../../shared/protocol.ts';
import type { HostResult, ResultBlock } from '../../../shared/results.ts';
import { hostResult } from '../../../shared/results.ts';
import { parseTarget } from '../../../shared/target.ts';
import type { Probe, ProbeHost } from '../../../worker/probes/probe.ts';
import { Turnstile } from '../../../worker/turnstile.ts';

export const clock = systemClock;

export function openTurnstile(placesMax = 256): Turnstile {
	return new Turnstile({ placesMax, pace: { pacer: new Pacer({ ratePerSecond: 0 }), clock } });
}

export interface ProbeRun {
	readonly results: readonly HostResult[];
	readonly blocks: readonly ResultBlock[];
	readonly waits: readonly number[];
}

/**
 * Probes hosts and checks that each is reported once.
 *
 * @param resolved addresses of the names among the hosts
 */
export async function probeAll(
	probe: Probe,
	hosts: readonly string[],
	settings: Omit<PingRequestBody, 'hosts'> = {},
	{ resolved = {}, signal = new AbortController().signal }: RunOptions = {},
): Promise<ProbeRun> {
	const request = parsePingRequest({ hosts, ...settings });
	const results = new Array<HostResult>(hosts.length);
	const blocks: ResultBlock[] = [];
	const waits: number[] = [];
	await probe.run({
		hosts: hosts.map((text, index) => probeHost(text, index, settings.port, resolved)),
		settings: request,
		report(block) {
			blocks.push(block);
			for (let row = 0; row < block.length; row += 1) {
				const index = block.index[row]!;
				expect(results[index], `host ${index} reported twice`).toBeUndefined();
				results[index] = hostResult(block, row, hosts[index]!, undefined);
			}
		},
		left: (_, waitMs) => waits.push(waitMs),
		signal,
	});
	expect(Object.keys(results)).toHaveLength(hosts.length);
	return { results, blocks, waits };
}

export interface RunOptions {
	readonly resolved?: Readonly<Record<string, string>>;
	readonly signal?: AbortSignal;
}

/** One host's result. */
export async function probeOne(
	probe: Probe,
	host: string,
	settings?: Omit<PingRequestBody, 'hosts'>,
	options?: RunOptions,
): Promise<HostResult> {
	return (await probeAll(probe, [host], settings, options)).results[0]!;
}

function probeHost(
	text: string,
	index: number,
	port: number | undefined,
	resolved: Readonly<Record<string, string>>,
): ProbeHost {
	const target = parseTarget(text);
	const address: IpAddress | undefined = target.address ?? parseIp(resolved[target.name ?? ''] ?? '');
	return { index, target, address, port: target.port ?? port };
}
