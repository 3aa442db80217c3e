/**
 * The three forms of an answer, chosen by Accept: one JSON object in the order asked, a stream of one object a
 * line, or frames with columns. A stream that breaks after its head has no end, by which the caller knows.
 */
import { noLongerNeeded } from '../shared/abort.ts';
import type { Clock } from '../shared/clock.ts';
import { jsonText } from '../shared/display.ts';
import { markFrame } from '../shared/frames.ts';
import { hostAt } from '../shared/host-column.ts';
import { answerDrainMs } from '../shared/limits.ts';
import type { StreamEnd, StreamHead, StreamSent } from '../shared/protocol.ts';
import { mediaTypes, requestIdHeader } from '../shared/protocol.ts';
import type { HostResult, ResultBlock } from '../shared/results.ts';
import { hostResult } from '../shared/results.ts';
import { roundToMicroseconds } from '../shared/stats.ts';
import type { WorkerLoad } from '../shared/worker-load.ts';
import type { ByteWriter } from './byte-stream.ts';
import { byteStream } from './byte-stream.ts';
import { ColumnsWriter } from './columns-writer.ts';
import { Heartbeat } from './heartbeat.ts';
import type { BatchPlan } from './plan.ts';
import { literalAt } from './plan.ts';

export interface AnswerOptions {
	readonly plan: BatchPlan;
	/** the worker's instance id */
	readonly worker: string;
	/** what the caller named the request */
	readonly request: string | undefined;
	readonly clock: Clock;
	/** whether probes wait for their prefixes now */
	readonly isHolding: () => boolean;
	/** what the caller has not been told yet of the worker's load */
	readonly load: () => WorkerLoad | undefined;
	/** Runs the batch: reports every position once, and rejects when it was stopped. */
	readonly run: (take: Taker, signal: AbortSignal) => Promise<void>;
	/** aborted when the caller has gone */
	readonly signal: AbortSignal;
	/** called once, when nothing of the answer is held any more */
	readonly closed: () => void;
}

/** What a batch reports to. */
export interface Taker {
	report(block: ResultBlock): void;
	/** every host has had its first probe, or is held for its prefix */
	sent(waitMs: number): void;
}

/** Best first for a program. */
export const answerForms = [mediaTypes.frames, mediaTypes.ndjson, mediaTypes.json] as const;
export type AnswerForm = (typeof answerForms)[number];

const makers: Record<AnswerForm, (options: AnswerOptions) => Response | Promise<Response>> = {
	[mediaTypes.json]: answerJson,
	[mediaTypes.ndjson]: (options) => answerStream(mediaTypes.ndjson, options, ndjsonForm),
	[mediaTypes.frames]: (options) => answerStream(mediaTypes.frames, options, framesForm),
};

/**
 * Starts the batch and answers with its results. The JSON form comes when all is done and rejects with the
 * signal's reason when the caller has gone; the streams come at once.
 */
export function answer(form: AnswerForm, options: AnswerOptions): Response | Promise<Response> {
	return makers[form](options);
}

async function answerJson(options: AnswerOptions): Promise<Response> {
	const { plan, worker, request, clock, run, signal, closed } = options;
	const results = new Array<HostResult>(plan.hosts.length);
	const report = (block: ResultBlock): void => {
		for (let row = 0; row < block.length; row += 1) {
			results[block.index[row]!] = resultObject(plan, block, row);
		}
	};
	try {
		await run({ report, sent: () => undefined }, signal);
	} catch (error) {
		closed();
		throw error;
	}
	const bytes = new TextEncoder().encode(jsonText({ worker, results }));
	const body = byteStream({
		// In slices: what the caller has not read yet is held by the stream, and counts until it has.
		async produce({ write }) {
			for (let at = 0; at < bytes.length; at += sliceBytes) write(bytes.subarray(at, at + sliceBytes));
		},
		drainTime: (stop) => clock.sleep(answerDrainMs, stop),
		closed,
	});
	const headers = { 'content-type': mediaTypes.json, 'content-length': String(bytes.length) };
	return new Response(body, { headers: { ...headers, ...nameHeader(request) } });
}

const sliceBytes = 64 * 1024;

function nameHeader(request: string | undefined): Record<string, string> {
	return request === undefined ? {} : { [requestIdHeader]: request };
}

type StreamForm = (
	options: AnswerOptions,
	writer: ByteWriter,
	signal: AbortSignal,
) => Taker & { end(last: StreamEnd): void };

function answerStream(type: AnswerForm, options: AnswerOptions, form: StreamForm): Response {
	const { plan, clock, run, closed } = options;
	const body = byteStream({
		async produce(writer, reading) {
			const stop = new AbortController();
			const signal = AbortSignal.any([options.signal, reading, stop.signal]);
			const taker = form(options, writer, signal);
			try {
				await run(taker, signal);
			} finally {
				stop.abort(noLongerNeeded);
			}
			const load = options.load();
			taker.end({ done: true, results: plan.hosts.length, ...(load && { load }) });
		},
		drainTime: (signal) => clock.sleep(answerDrainMs, signal),
		closed,
	});
	return new Response(body, { headers: { 'content-type': type, ...nameHeader(options.request) } });
}

const ndjsonForm: StreamForm = ({ plan }, { write }) => {
	const encoder = new TextEncoder();
	return {
		report(block) {
			let lines = '';
			for (let row = 0; row < block.length; row += 1) {
				lines += `${jsonText(resultObject(plan, block, row))}\n`;
			}
			write(encoder.encode(lines));
		},
		sent: () => undefined,
		end: (last) => write(encoder.encode(`${JSON.stringify(last)}\n`)),
	};
};

const framesForm: StreamForm = ({ plan, worker, request, clock, isHolding, load }, writer, signal) => {
	const head: StreamHead = { worker, hosts: plan.hosts.length, ...(request !== undefined && { request }) };
	// Before there is a heartbeat: one that was kept waiting for a processor beats at once, and a sign of life before
	// the head is nonsense to a master.
	writer.write(markFrame(head));
	const heartbeat = new Heartbeat({ writer, clock, isHolding, load, signal });
	const write = (frame: Uint8Array): void => heartbeat.write(frame);
	const columns = new ColumnsWriter({ write, statistics: plan.settings.count > 1, clock, signal });
	return {
		report: (block) => columns.add(block),
		sent(waitMs) {
			const mark: StreamSent = { sent: true, waitMs: roundToMicroseconds(waitMs) };
			write(markFrame(mark));
		},
		end(last) {
			columns.flush();
			write(markFrame(last));
		},
	};
};

function resultObject(plan: BatchPlan, block: ResultBlock, row: number): HostResult {
	const index = block.index[row]!;
	// What was denied, or could not be sent, was not probed.
	const literal = block.sent[row] === 0 ? undefined : literalAt(plan, index);
	const result = hostResult(block, row, hostAt(plan.hosts, index), literal);
	for (const key of ['rttMs', 'rttMinMs', 'rttAvgMs', 'rttMaxMs', 'jitterMs', 'lossPercent'] as const) {
		const value = result[key];
		if (value !== undefined) result[key] = roundToMicroseconds(value);
	}
	return result;
}
