/** A worker's app without a port, over probes that a test steers. */
import type { Hono } from 'hono';
import { parseIp } from '../../shared/ip.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import type { Capabilities } from '../../shared/protocol.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { ProbeName } from '../../shared/target.ts';
import type { WorkerAppOptions } from '../../worker/app.ts';
import { createApp } from '../../worker/app.ts';
import { buildCapabilities } from '../../worker/capabilities.ts';
import type { Probe, ProbeBatch, ProbeHost } from '../../worker/probes/probe.ts';
import type { Resolution, Resolver } from '../../worker/resolver.ts';

export const token = 'a-token-for-tests-only';

/** A block in which every host is up after `rttMs`. */
export function upBlock(hosts: readonly ProbeHost[], rttMs = 1.23456): ResultBlock {
	return {
		length: hosts.length,
		index: hosts.map(({ index }) => index),
		status: hosts.map(() => statusCode('up')),
		reason: hosts.map(() => reasonCode('')),
		address: undefined,
		sent: hosts.map(() => 1),
		received: hosts.map(() => 1),
		rttMs: hosts.map(() => rttMs),
		rtt: undefined,
	};
}

export interface RecordingProbe extends Probe {
	readonly batches: ProbeBatch[];
}

/** A probe that remembers its batches and answers with `run`, or at once that all are up. */
export function recordingProbe(
	name: ProbeName,
	run = async ({ hosts, report }: ProbeBatch): Promise<void> => report(upBlock(hosts)),
): RecordingProbe {
	const batches: ProbeBatch[] = [];
	return {
		name,
		batches,
		run(batch) {
			batches.push(batch);
			return run(batch);
		},
	};
}

/** A resolver over a table; names that are not in it are `dns-not-found`. */
export function tableResolver(table: Record<string, string | Resolution>): Resolver & { asked: string[] } {
	const asked: string[] = [];
	return {
		asked,
		async resolve(name) {
			asked.push(name);
			const entry = table[name];
			if (entry === undefined) return { reason: 'dns-not-found' };
			return typeof entry === 'string' ? { address: parseIp(entry)! } : entry;
		},
	};
}

export interface TestApp {
	readonly app: Hono;
	readonly capabilities: Capabilities;
	/** posts to /ping with the token; a body that is no text becomes JSON */
	ping(
		body: unknown,
		init?: { accept?: string; headers?: Record<string, string>; signal?: AbortSignal },
	): Promise<Response>;
}

export function testApp(
	options: Partial<WorkerAppOptions> = {},
	ceilings: Partial<Capabilities> = {},
): TestApp {
	const probes = options.probes ?? [recordingProbe('icmp'), recordingProbe('tcp'), recordingProbe('http')];
	const capabilities: Capabilities = {
		...buildCapabilities({ runtime: 'node', probes: probes.map(({ name }) => name) }),
		...ceilings,
	};
	const app = createApp({
		capabilities,
		probes,
		resolver: tableResolver({}),
		tokens: [token],
		...options,
	});
	return {
		app,
		capabilities,
		async ping(body, { accept, headers, signal } = {}) {
			return app.request('/ping', {
				method: 'POST',
				body: typeof body === 'string' ? body : JSON.stringify(body),
				headers: {
					authorization: `Bearer ${token}`,
					...(accept && { accept }),
					...headers,
				},
				...(signal && { signal }),
			});
		},
	};
}

export async function linesOf(response: Response): Promise<Record<string, unknown>[]> {
	const text = await response.text();
	return text
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line));
}
