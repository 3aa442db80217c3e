/** Opening an engine as a worker does, and gathering what a job reports. */

import type { IpAddress } from '../../../shared/ip.ts';
import { formatIp, parseIp, parseIpv4 } from '../../../shared/ip.ts';
import { Pacer } from '../../../shared/pacer.ts';
import type { HostResult } from '../../../shared/results.ts';
import { hostResult } from '../../../shared/results.ts';
import type { EchoAddresses, EchoEngine, EchoJob } from '../../../worker/icmp/echo-engine.ts';
import { openEchoEngine } from '../../../worker/icmp/open.node.ts';
import { monotonicUs } from '../../../worker/monotonic.node.ts';

export function sharedPacer(ratePerSecond = 0): Pacer {
	const cell = new BigInt64Array(new SharedArrayBuffer(8));
	return new Pacer({ ratePerSecond, cell, nowUs: monotonicUs });
}

/** @throws when this mode is not to be had */
export async function openEngine(mode: EchoEngine['mode'], ratePerSecond = 0): Promise<EchoEngine> {
	const engine = await openEchoEngine({ pacer: sharedPacer(ratePerSecond), mode });
	if ('unavailable' in engine) throw new Error(engine.unavailable);
	return engine;
}

export interface Gathered {
	/** by position in the addresses asked; a host that is reported twice is an error */
	readonly results: HostResult[];
	readonly waitMs: number;
	readonly elapsedMs: number;
}

export type JobSettings = Partial<Omit<EchoJob, 'addresses' | 'report' | 'left'>>;

/** Runs a job over addresses as text and gathers every result. */
export async function gather(
	engine: EchoEngine,
	texts: readonly string[],
	settings: JobSettings = {},
): Promise<Gathered> {
	const results: HostResult[] = [];
	const startedAt = performance.now();
	const waits: number[] = [];
	await engine.run({
		addresses: addressesOf(texts),
		count: 1,
		attempts: 1,
		timeoutMs: 400,
		intervalMs: 20,
		signal: new AbortController().signal,
		...settings,
		left: (waitMs) => waits.push(waitMs),
		report(block) {
			for (let row = 0; row < block.length; row += 1) {
				const position = block.index[row]!;
				if (results[position] !== undefined) throw new Error(`${texts[position]} was reported twice`);
				results[position] = hostResult(block, row, texts[position]!, undefined);
			}
		},
	});
	const missing = texts.findIndex((_, position) => results[position] === undefined);
	if (missing >= 0) throw new Error(`${texts[missing]} was not reported`);
	if (waits.length !== 1) throw new Error(`left was called ${waits.length} times`);
	return { results, waitMs: waits[0]!, elapsedMs: performance.now() - startedAt };
}

/** As a worker gives them: bare IPv4 addresses as numbers, a list with others in it as objects. */
function addressesOf(texts: readonly string[]): EchoAddresses {
	const values = texts.map(parseIpv4);
	return values.includes(-1) ? texts.map(address) : Uint32Array.from(values);
}

export function address(text: string): IpAddress {
	const parsed = parseIp(text);
	if (parsed === undefined) throw new Error(`${text} is no address`);
	return parsed;
}

/** `count` consecutive IPv4 addresses. */
export function block4(first: string, count: number): string[] {
	const start = address(first);
	if (start.family !== 4) throw new Error(`${first} is not IPv4`);
	return Array.from({ length: count }, (_, i) => formatIp({ family: 4, value: start.value + i }));
}

/** `count` consecutive IPv6 addresses in a prefix such as `fd00:a::`; at most 65,535. */
export function block6(prefix: string, count: number): string[] {
	return Array.from({ length: count }, (_, i) => `${prefix}${(i + 1).toString(16)}`);
}

/** How many results have each `status` or `status/reason`. */
export function tally(results: readonly HostResult[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const { status, reason } of results) {
		const key = reason === undefined ? status : `${status}/${reason}`;
		counts[key] = (counts[key] ?? 0) + 1;
	}
	return counts;
}
