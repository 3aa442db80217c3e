/** A worker's app without a port, over probes that a test steers. */
import type { Hono } from 'hono';
import { decodeBlock } from '../../shared/columns.ts';
import { FrameSplitter, frameKinds } from '../../shared/frames.ts';
import { parseIp } from '../../shared/ip.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import type { Capabilities } from '../../shared/protocol.ts';
import type { HostResult, ResultBlock } from '../../shared/results.ts';
import { hostResult } from '../../shared/results.ts';
import type { ProbeName } from '../../shared/target.ts';
import type { WorkerAppOptions } from '../../worker/app.ts';
import { createApp } from '../../worker/app.ts';
import { buildCapabilities } from '../../worker/capabilities.ts';
import type { Ipv4Batch, Probe, ProbeBatch, ProbeHost } from '../../worker/probes/probe.ts';
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

/** A block in which every address is up after 1.23456 ms. */
export function upIpv4Block(batch: Ipv4Batch): ResultBlock {
	const { length } = batch.index;
	return {
		length,
		index: batch.index,
		status: new Uint8Array(length),
		reason: new Uint8Array(length),
		address: undefined,
		sent: new Uint16Array(length).fill(1),
		received: new Uint16Array(length).fill(1),
		rttMs: new Float64Array(length).fill(1.23456),
		rtt: undefined,
	};
}

export interface ColumnsProbe extends RecordingProbe {
	readonly ipv4Batches: Ipv4Batch[];
}

/** A probe that takes bare addresses in columns, remembers them, and answers that all are up. */
export function columnsProbe(
	name: ProbeName,
	runIpv4 = async (batch: Ipv4Batch): Promise<void> => batch.report(upIpv4Block(batch)),
): ColumnsProbe {
	const ipv4Batches: Ipv4Batch[] = [];
	return {
		...recordingProbe(name),
		ipv4Batches,
		runIpv4(batch) {
			ipv4Batches.push(batch);
			return runIpv4(batch);
		},
	};
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
	/** posts to /ping with the token; a body that is neither text nor bytes becomes JSON */
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
				body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
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

export interface ColumnsAnswer {
	/** head, marks and end, as they came */
	readonly marks: Record<string, unknown>[];
	readonly blocks: ResultBlock[];
}

/** An answer in columns, which must be whole. */
export function columnsIn(bytes: Uint8Array, hosts: number): ColumnsAnswer {
	const splitter = new FrameSplitter(bytes.length);
	const answer: ColumnsAnswer = { marks: [], blocks: [] };
	const frames = splitter.push(bytes);
	if (splitter.isBroken) throw new Error('the answer is no stream of frames');
	for (const { kind, payload } of frames) {
		if (kind === frameKinds.mark) answer.marks.push(JSON.parse(new TextDecoder().decode(payload)));
		else {
			const block = decodeBlock(payload, hosts, 1_000);
			if (typeof block === 'string') throw new Error(block);
			answer.blocks.push(block);
		}
	}
	return answer;
}

export async function columnsOf(response: Response, hosts: number): Promise<ColumnsAnswer> {
	return columnsIn(new Uint8Array(await response.arrayBuffer()), hosts);
}

/** The rows of blocks as results without their hosts, by position; one that came twice is an error. */
export function resultsIn(blocks: readonly ResultBlock[]): HostResult[] {
	const results: HostResult[] = [];
	for (const block of blocks) {
		for (let row = 0; row < block.length; row += 1) {
			const index = block.index[row]!;
			if (results[index] !== undefined) throw new Error(`position ${index} came twice`);
			results[index] = hostResult(block, row, '', undefined);
		}
	}
	return results;
}
