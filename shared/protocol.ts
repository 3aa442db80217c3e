/** What travels between a master (or curl) and a worker. Validated here, where it enters; trusted inside. */
import { z } from 'zod';
import { escapeUnsafe } from './display.ts';
import { PingpoolError } from './errors.ts';
import {
	attemptsMax,
	bodyBytesMax,
	connectionsMax,
	countMax,
	heartbeatMsMax,
	hostBytesMax,
	hostsInFlightMax,
	hostsPerRequestMax,
	intervalMsMax,
	requestDefaults,
	requestMsMax,
	timeoutMsMax,
	timeoutMsMin,
} from './limits.ts';
import { probeNames } from './target.ts';
import type { WorkerLoad } from './worker-load.ts';
import { workerLoadSchema } from './worker-load.ts';

/** Raised when a master and a worker of different versions could misunderstand each other. */
export const protocolVersion = 1;

/** Forms of requests (columns, JSON) and of answers (frames, NDJSON, JSON), best first for a program. Columns and
 * frames are described in columns.ts. */
export const mediaTypes = {
	columns: 'application/vnd.pingpool.columns',
	// A type of its own: as one of answers, earlier masters and workers take the type above for lines of JSON.
	frames: 'application/vnd.pingpool.frames',
	ndjson: 'application/x-ndjson',
	json: 'application/json',
} as const;

/** What a master names a request, random: the worker repeats it in this header of its answer, and in the head of a
 * stream of frames, so that nobody takes the answer to another request for his own. */
export const requestIdHeader = 'pingpool-request';

/** Names that a worker repeats; others it takes for none. */
export const requestIdPattern = /^[\w-]{1,64}$/;

const hostsSchema = z
	.array(
		z
			.string('a host as text is expected')
			.min(1, 'an empty text is no host')
			.max(hostBytesMax, `a host has at most ${hostBytesMax} characters`),
		'a list of hosts is expected',
	)
	.min(1, 'at least one host is expected');

const settingsShape = {
	/** probe of hosts whose scheme does not say one */
	probe: z.enum(probeNames).default(requestDefaults.probe),
	/** probes to send; above 1, all are sent and statistics are reported */
	count: z.int().min(1).max(countMax).default(requestDefaults.count),
	/** with count 1: tries until the first answer */
	attempts: z.int().min(1).max(attemptsMax).default(requestDefaults.attempts),
	/** per try */
	timeoutMs: z.number().min(timeoutMsMin).max(timeoutMsMax).default(requestDefaults.timeoutMs),
	/** between the probes of one host, when count is above 1 */
	intervalMs: z.number().min(0).max(intervalMsMax).default(requestDefaults.intervalMs),
	/** for tcp and http targets that say none */
	port: z.int().min(1).max(65_535).optional(),
	/** tcp: count "connection refused" as an answer */
	refusedIsUp: z.boolean().default(false),
};

const tooLong = {
	path: ['count'],
	message: `count, intervalMs and timeoutMs together take longer than ${requestMsMax} ms`,
};
const fitsTime = (request: { count: number; intervalMs: number; timeoutMs: number }): boolean =>
	(request.count - 1) * request.intervalMs + request.timeoutMs <= requestMsMax;

/** A request in JSON: hosts as in a hosts file (CIDR and ranges apart), and how to probe them. */
export const pingRequestSchema = z
	.strictObject({ hosts: hostsSchema, ...settingsShape })
	.refine(fitsTime, tooLong);

/** The settings of a request in columns, whose hosts stand apart. */
const settingsSchema = z.strictObject(settingsShape).refine(fitsTime, tooLong);

export type PingRequest = z.output<typeof pingRequestSchema>;
/** A request as it is sent: what is left out takes its default. */
export type PingRequestBody = z.input<typeof pingRequestSchema>;

/** A request's settings, its hosts and their probe apart. */
export type ProbeSettings = Omit<PingRequest, 'hosts' | 'probe'>;

/**
 * @param value a parsed JSON body
 * @throws PingpoolError `bad-request` with `details.path` and `details.expected` of the first wrong field
 */
export function parsePingRequest(value: unknown): PingRequest {
	return parseBy(pingRequestSchema, value);
}

/**
 * @param value the parsed settings of a body in columns
 * @throws PingpoolError like `parsePingRequest`
 */
export function parsePingSettings(value: unknown): Omit<PingRequest, 'hosts'> {
	return parseBy(settingsSchema, value);
}

function parseBy<Schema extends typeof pingRequestSchema | typeof settingsSchema>(
	schema: Schema,
	value: unknown,
): z.output<Schema> {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data as z.output<Schema>;
	const issue = parsed.error.issues[0]!;
	// As long as the caller likes, and with any character in it.
	const unknownKey =
		issue.code === 'unrecognized_keys' ? escapeUnsafe(issue.keys[0]!.slice(0, keyCharsShown)) : undefined;
	const path = pathText(unknownKey === undefined ? issue.path : [...issue.path, unknownKey]);
	const expected =
		unknownKey === undefined ? issue.message : `one of ${Object.keys(schema.shape).join(', ')}`;
	const problem = unknownKey === undefined ? expected : `is no field of a request; expected is ${expected}`;
	throw new PingpoolError('bad-request', `${path || 'the body'}: ${problem}`, {
		details: { path, expected },
	});
}

/** Of a key that nobody knows. */
const keyCharsShown = 60;

/** `['hosts', 3]` as `hosts[3]`. */
function pathText(path: readonly PropertyKey[]): string {
	let text = '';
	for (const key of path) {
		if (typeof key === 'number') text += `[${key}]`;
		else text += text === '' ? String(key) : `.${String(key)}`;
	}
	return text;
}

/** A text of a worker's own choice, which may be shown wherever it is read. */
function visibleAscii(lengthMax: number) {
	return z
		.string()
		.max(lengthMax)
		.regex(/^[\x20-\x7e]*$/);
}

/** `GET /capabilities`: what a worker can do, by which a master routes and sizes its chunks. */
export const capabilitiesSchema = z.object({
	protocol: z.int(),
	/** random, new at every start: tells two lives of a worker apart */
	instance: visibleAscii(64).min(1),
	version: visibleAscii(64),
	runtime: z.enum(['node', 'cloudflare']),
	probes: z.array(z.enum(probeNames)),
	/** how echo requests are sent; null when they are not offered */
	icmp: z.enum(['datagram', 'raw', 'command']).nullable(),
	hostsPerRequestMax: z.int().min(1).max(hostsPerRequestMax),
	/** ceiling of hosts × max(count, attempts) in one request; null for none */
	probesPerRequestMax: z.int().min(1).nullable(),
	hostsInFlightMax: z.int().min(1).max(hostsInFlightMax),
	bodyBytesMax: z.int().min(1).max(bodyBytesMax),
	/** probes per second; 0 for no ceiling */
	ratePerSecondMax: z.number().min(0),
	/** tcp and http probes that it has under way at a time, over all requests; Cloudflare's ceiling is per request */
	connectionsMax: z.int().min(1).default(connectionsMax),
	/** media types of the requests that it reads; every worker reads JSON */
	requestForms: z.array(visibleAscii(100)).max(16).default([mediaTypes.json]),
	/** the longest that an answer in frames goes without a word, in ms; 0 when the worker does not see to that */
	heartbeatMs: z.number().min(0).max(heartbeatMsMax).default(0),
	/** whether it repeats what a request is named */
	requestIds: z.boolean().default(false),
	/** its load now; left out by workers that know nothing of it */
	load: workerLoadSchema.optional(),
});
export type Capabilities = z.output<typeof capabilitiesSchema>;

/** Error body of every worker answer that is not a success. */
export const errorBodySchema = z.object({
	error: z.object({
		code: z.string(),
		message: z.string(),
		details: z.record(z.string(), z.unknown()).optional(),
	}),
});
export type ErrorBody = z.output<typeof errorBodySchema>;

/** First frame of a stream of frames. */
export interface StreamHead {
	/** the worker's instance id */
	worker: string;
	/** hosts of the request */
	hosts: number;
	/** what the request was named, when it was */
	request?: string;
}

/** Last line or frame of a stream, in both streaming forms. Without it, the stream was cut. */
export interface StreamEnd {
	done: true;
	/** results in the stream */
	results: number;
	/** the worker's load, when it has something new to say of it. Masters before it did not know it, and need not */
	load?: WorkerLoad;
}

/** In frames, whenever nothing else was said for a while: the worker is alive, and its hosts keep it waiting. */
export interface StreamAlive {
	alive: true;
	/** it holds probes back, of this request or others, because their prefixes have had as many as they may: what is
	 * not answered meanwhile says nothing of the worker. Said as often while it does, whatever else is */
	holding?: true;
	/** as in StreamEnd, so that a long request has something to show */
	load?: WorkerLoad;
}

/** In frames, once: every host has had its first probe, is held back for its prefix, or will have none. */
export interface StreamSent {
	sent: true;
	/** the longest that a host waited inside the worker until then, in ms: a master reads from it whether
	 * the worker has more than it can send, without waiting for hosts that do not answer */
	waitMs: number;
}
