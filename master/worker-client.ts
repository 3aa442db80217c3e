/**
 * A worker over HTTP. The answer is read as a stream and passed on line by line, so what a broken connection
 * delivered is kept; everything read is bounded in size and time and checked before it is believed.
 */
import { errors, Pool } from 'undici';
import { decodeBlock } from '../shared/columns.ts';
import { messageOf, systemErrorCode } from '../shared/errors.ts';
import { requestDeadlineMsMax, requestMsMax } from '../shared/limits.ts';
import { statusCode } from '../shared/outcome.ts';
import type { Capabilities, PingRequestBody } from '../shared/protocol.ts';
import { capabilitiesSchema, errorBodySchema, mediaTypes, protocolVersion } from '../shared/protocol.ts';
import type { ResultBlock } from '../shared/results.ts';
import { escapeUnsafe } from '../shared/target.ts';
import type { PingCall, WorkerLink } from './dispatch/worker-link.ts';
import { WorkerFailure } from './dispatch/worker-link.ts';
import { lineSplitter } from './line-splitter.ts';
import { blockOfResults } from './result-objects.ts';

/** Answers other than results are a few hundred bytes. */
const smallBodyBytesMax = 64 * 1024;
/** A line of results holds at most a whole batch: 16,384 hosts, with statistics, and then some. */
const lineBytesMax = 16 * 1024 * 1024;
const capabilitiesMsMax = 5_000;
const connectMsMax = 3_000;
const retryAfterMsMax = 30_000;
/** How far above the timeout a round-trip time may be: timers of a loaded worker are late. */
const lateMsMax = 10_000;

export interface WorkerClientOptions {
	/** how messages and the database name it */
	readonly name: string;
	/** http:// or https://, without a slash at the end; may have a path */
	readonly url: string;
	readonly token: string | undefined;
	/** connections at a time */
	readonly connections: number;
}

export class WorkerClient implements WorkerLink {
	readonly name: string;
	readonly #pool: Pool;
	readonly #path: string;
	readonly #headers: Record<string, string>;
	/** what an HTTP 401 means */
	readonly #tokenProblem: string;

	constructor({ name, url, token, connections }: WorkerClientOptions) {
		this.name = name;
		const { origin, pathname } = new URL(url);
		this.#path = pathname.replace(/\/$/, '');
		this.#pool = new Pool(origin, {
			connections,
			pipelining: 1,
			// Silence is watched over per call: these would not notice a slow drip.
			headersTimeout: 0,
			bodyTimeout: 0,
			connect: { timeout: connectMsMax },
		});
		this.#headers = { 'accept-encoding': 'identity', 'user-agent': 'pingpool' };
		if (token !== undefined) this.#headers.authorization = `Bearer ${token}`;
		this.#tokenProblem =
			token === undefined
				? 'wants a token, and there is none for it in its line or in PINGPOOL_TOKEN'
				: 'does not accept our token';
	}

	async capabilities(signal: AbortSignal): Promise<Capabilities> {
		const deadline = new Deadline(signal, capabilitiesMsMax, capabilitiesMsMax);
		const request = { method: 'GET', path: '/capabilities', body: null, accept: mediaTypes.json } as const;
		const text = await this.#call(request, deadline, (body) =>
			readAll(boundedBytes(body, smallBodyBytesMax)),
		);
		const value = parseJson(text, 'GET /capabilities');
		const protocol = (value as { protocol?: unknown } | null)?.protocol;
		if (typeof protocol === 'number' && protocol !== protocolVersion) {
			throw new WorkerFailure(
				'invalid',
				`speaks protocol ${protocol}, this master speaks ${protocolVersion}: install the same version on both`,
			);
		}
		const parsed = capabilitiesSchema.safeParse(value);
		if (!parsed.success) throw new WorkerFailure('invalid', 'is not a pingpool worker (GET /capabilities)');
		return parsed.data;
	}

	async ping(call: PingCall): Promise<void> {
		const { hosts, probe, settings } = call;
		const request: PingRequestBody = { hosts: [...hosts], probe, ...settings };
		const deadline = new Deadline(call.signal, call.silenceMsMax, requestDeadlineMsMax);
		const answer = new AnswerReader(call, () => deadline.heard());
		const accept = `${mediaTypes.columns}, ${mediaTypes.ndjson};q=0.9, ${mediaTypes.json};q=0.5`;
		const message = { method: 'POST', path: '/ping', body: JSON.stringify(request), accept } as const;
		await this.#call(message, deadline, (body, type) => answer.read(body, type));
	}

	async close(): Promise<void> {
		await this.#pool.destroy();
	}

	/** One request; turns every way of failing into a WorkerFailure. Releases the deadline. */
	async #call<Result>(
		{ method, path, body, accept }: Message,
		deadline: Deadline,
		read: (body: AsyncIterable<Uint8Array>, contentType: string) => Promise<Result>,
	): Promise<Result> {
		let headArrived = false;
		try {
			const response = await this.#pool.request({
				method,
				path: this.#path + path,
				headers: {
					...this.#headers,
					accept,
					...(body === null ? {} : { 'content-type': mediaTypes.json }),
				},
				body,
				signal: deadline.signal,
			});
			headArrived = true;
			try {
				if (response.statusCode !== 200) {
					throw await failureOfStatus(
						response.statusCode,
						response.headers,
						response.body,
						this.#tokenProblem,
					);
				}
				if (response.headers['content-encoding'] !== undefined) {
					throw new WorkerFailure('invalid', 'sent a compressed answer that nobody asked for');
				}
				return await read(response.body, String(response.headers['content-type'] ?? ''));
			} finally {
				// Of a body that nobody reads, destroying it is an error that would end the process.
				response.body.on('error', () => undefined);
				response.body.destroy();
			}
		} catch (error) {
			deadline.throwIfCallerGone();
			throw deadline.passed
				? new WorkerFailure('broken', 'did not answer in time', { cause: error })
				: failureOf(error, headArrived);
		} finally {
			deadline.release();
		}
	}
}

interface Message {
	readonly method: 'GET' | 'POST';
	readonly path: string;
	readonly body: string | null;
	readonly accept: string;
}

/**
 * Aborts with the caller, when nothing has been heard for a while, or when it has taken too long in all: a slow
 * drip is heard of forever. One timer and one listener per call, both gone when it is released; AbortSignal.any
 * would leave its traces on a caller's signal that outlives a million calls.
 */
class Deadline {
	readonly #controller = new AbortController();
	readonly #caller: AbortSignal;
	readonly #silenceMsMax: number;
	readonly #endMs: number;
	#heardMs = performance.now();
	#timer: NodeJS.Timeout;
	#passed = false;

	constructor(caller: AbortSignal, silenceMsMax: number, totalMsMax: number) {
		this.#caller = caller;
		this.#silenceMsMax = silenceMsMax;
		this.#endMs = this.#heardMs + totalMsMax;
		this.#timer = setTimeout(this.#check, Math.min(silenceMsMax, totalMsMax));
		caller.addEventListener('abort', this.#onAbort, { once: true });
		if (caller.aborted) this.#onAbort();
	}
	get signal(): AbortSignal {
		return this.#controller.signal;
	}
	get passed(): boolean {
		return this.#passed;
	}
	/** The worker did something that counts. */
	heard(): void {
		this.#heardMs = performance.now();
	}
	throwIfCallerGone(): void {
		this.#caller.throwIfAborted();
	}
	release(): void {
		clearTimeout(this.#timer);
		this.#caller.removeEventListener('abort', this.#onAbort);
	}
	readonly #onAbort = (): void => this.#controller.abort(this.#caller.reason);
	readonly #check = (): void => {
		const leftMs = Math.min(this.#heardMs + this.#silenceMsMax, this.#endMs) - performance.now();
		if (leftMs > 1) {
			this.#timer = setTimeout(this.#check, leftMs);
			return;
		}
		this.#passed = true;
		this.#controller.abort(new Error('deadline'));
	};
}

/** Reads any of the three forms of an answer and checks it row by row. */
class AnswerReader {
	readonly #call: PingCall;
	readonly #heard: () => void;
	readonly #seen: Uint8Array;
	readonly #rttMsMax: number;
	#positions: Map<string, number[]> | undefined;
	#results = 0;
	#sent = false;
	#done = false;

	/** @param heard called with every line that says something new: bytes alone are no sign of life */
	constructor(call: PingCall, heard: () => void) {
		this.#call = call;
		this.#heard = heard;
		this.#seen = new Uint8Array(call.hosts.length);
		this.#rttMsMax = call.settings.timeoutMs + lateMsMax;
	}

	async read(body: AsyncIterable<Uint8Array>, contentType: string): Promise<void> {
		const type = contentType.split(';')[0]!.trim().toLowerCase();
		const bounded = boundedBytes(body, this.#call.hosts.length * 4096 + smallBodyBytesMax);
		if (type === mediaTypes.json) {
			this.#takeWhole(await readAll(bounded));
		} else if (type === mediaTypes.columns || type === mediaTypes.ndjson) {
			const lines = lineSplitter(lineBytesMax);
			const takeLine = type === mediaTypes.columns ? this.#takeColumns : this.#takeObject;
			for await (const bytes of bounded) {
				const complete = lines.push(bytes);
				if (complete === undefined) throw invalid('sent a longer line than a batch can have');
				for (const text of complete) this.#takeText(text, (line) => takeLine.call(this, line));
			}
		} else throw invalid(`answered with ${printable(type) || 'no content type'}: not a pingpool worker`);
		if (!this.#done) throw new WorkerFailure('broken', 'broke off its answer');
		if (this.#results !== this.#call.hosts.length) {
			throw invalid(`answered for ${this.#results} of ${this.#call.hosts.length} hosts`);
		}
	}

	#takeText(text: string, takeLine: (line: unknown) => void): void {
		if (text === '') return;
		if (this.#done) throw invalid('went on after the end of its answer');
		takeLine(parseJson(text, 'POST /ping'));
	}

	#takeColumns(line: unknown): void {
		if (this.#takeMark(line)) return;
		if (typeof line === 'object' && line !== null && 'worker' in line) return;
		const block = decodeBlock(line, this.#call.hosts.length, this.#rttMsMax);
		if (typeof block === 'string') throw invalid(`answered nonsense: ${block}`);
		this.#takeBlock(block);
	}

	#takeObject(line: unknown): void {
		if (this.#takeMark(line)) return;
		this.#takeObjects([line]);
	}

	#takeWhole(text: string): void {
		let value: unknown;
		try {
			value = JSON.parse(text);
		} catch (error) {
			// Without a length, an answer that was cut looks like one that ended.
			throw new WorkerFailure('broken', 'broke off its answer', { cause: error });
		}
		const results = (value as { results?: unknown } | null)?.results;
		if (!Array.isArray(results)) throw invalid('is not a pingpool worker (POST /ping has no results)');
		if (results.length > 0) this.#takeObjects(results);
		this.#done = true;
	}

	#takeObjects(results: readonly unknown[]): void {
		this.#positions ??= positionsByHost(this.#call.hosts);
		const block = blockOfResults(results, this.#positions, this.#rttMsMax);
		if (typeof block === 'string') throw invalid(`answered nonsense: ${block}`);
		this.#takeBlock(block);
	}

	/** The lines that are no results: "all sent", and the end. */
	#takeMark(line: unknown): boolean {
		if (typeof line !== 'object' || line === null) return false;
		const mark = line as { done?: unknown; sent?: unknown; results?: unknown; waitMs?: unknown };
		const isEnd = mark.done === true;
		if (!isEnd && mark.sent !== true) return false;
		if (!this.#sent && typeof mark.waitMs === 'number' && mark.waitMs >= 0 && mark.waitMs <= requestMsMax) {
			this.#sent = true;
			this.#heard();
			this.#call.onSent(mark.waitMs);
		}
		if (isEnd) {
			if (mark.results !== this.#results) {
				throw invalid(`says it sent ${String(mark.results)} results, ${this.#results} arrived`);
			}
			this.#done = true;
		}
		return true;
	}

	#takeBlock(block: ResultBlock): void {
		for (let row = 0; row < block.length; row += 1) {
			const position = block.index[row]!;
			if (this.#seen[position] === 1) throw invalid('answered twice for one host');
			this.#seen[position] = 1;
			const problem = implausible(block.status[row]!, block.sent[row]!, block.received[row]!);
			if (problem !== undefined) throw invalid(`answered nonsense: ${problem}`);
		}
		this.#results += block.length;
		this.#heard();
		this.#call.onBlock(block);
	}
}

const [up, down] = [statusCode('up'), statusCode('down')];

/** What can not be, whatever the host did. Above all, nobody is down without a probe that left. */
function implausible(status: number, sent: number, received: number): string | undefined {
	if (received > sent) return 'more answers than probes';
	if (status === up && received === 0) return 'a host is up without an answer';
	if (status === down && sent === 0) return 'a host is down without a probe';
	return undefined;
}

function positionsByHost(hosts: readonly string[]): Map<string, number[]> {
	const positions = new Map<string, number[]>();
	for (const [position, host] of hosts.entries()) {
		const known = positions.get(host);
		if (known === undefined) positions.set(host, [position]);
		else known.push(position);
	}
	return positions;
}

function invalid(message: string): WorkerFailure {
	return new WorkerFailure('invalid', message);
}

function parseJson(text: string, where: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new WorkerFailure('invalid', `is not a pingpool worker (${where} is no JSON)`, { cause: error });
	}
}

async function* boundedBytes(body: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
	let bytesLeft = bytesMax;
	for await (const bytes of body) {
		bytesLeft -= bytes.length;
		if (bytesLeft < 0) throw invalid('sent a longer answer than a pingpool worker would');
		yield bytes;
	}
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
	const parts: Uint8Array[] = [];
	for await (const part of body) parts.push(part);
	return Buffer.concat(parts).toString('utf8');
}

/** What a body starts with; a proxy's error page may go on for long. */
async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
	const parts: Uint8Array[] = [];
	let bytesLeft = smallBodyBytesMax;
	for await (const part of body) {
		parts.push(part);
		bytesLeft -= part.length;
		if (bytesLeft <= 0) break;
	}
	return Buffer.concat(parts).toString('utf8');
}

async function failureOfStatus(
	status: number,
	headers: Record<string, string | string[] | undefined>,
	body: AsyncIterable<Uint8Array>,
	tokenProblem: string,
): Promise<WorkerFailure> {
	const said = saidIn(await readStart(body));
	switch (status) {
		case 401:
		case 403:
			return new WorkerFailure('refused', `${tokenProblem} (HTTP ${status})`);
		case 429:
			return new WorkerFailure('busy', `is busy (HTTP ${status})`, {
				retryAfterMs: retryAfterMs(String(headers['retry-after'] ?? '')),
			});
		case 404:
		case 405:
			return invalid(`is not a pingpool worker (HTTP ${status})`);
		default:
			if (status >= 500) return new WorkerFailure('broken', `failed with HTTP ${status}${said}`);
			if (status >= 400)
				return new WorkerFailure('rejected', `rejected the request with HTTP ${status}${said}`);
			return invalid(`is not a pingpool worker (HTTP ${status})`);
	}
}

function saidIn(text: string): string {
	try {
		const parsed = errorBodySchema.safeParse(JSON.parse(text));
		return parsed.success ? `: ${printable(parsed.data.error.message)}` : '';
	} catch {
		return '';
	}
}

/** What a worker says, cut and made safe to print. */
function printable(text: string): string {
	return escapeUnsafe(text.slice(0, 200));
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3), in ms, capped; one second when there is none. */
function retryAfterMs(value: string): number {
	const seconds = /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
	const ms = seconds === undefined ? Date.parse(value) - Date.now() : seconds * 1000;
	return Number.isNaN(ms) ? 1_000 : Math.min(Math.max(ms, 0), retryAfterMsMax);
}

/** Codes of errors that come before a byte of the request has left, and what they mean to who waits for it. */
const neverSent = new Map([
	['ECONNREFUSED', 'the connection was refused'],
	['EHOSTUNREACH', 'the network knows no way to it'],
	['ENETUNREACH', 'this machine has no route to it'],
	['ENETDOWN', 'the network of this machine is down'],
	['EADDRNOTAVAIL', 'this machine has no local address or port left for it'],
	['ENOTFOUND', 'its name has no address'],
	['EAI_AGAIN', 'its name could not be looked up'],
	['UND_ERR_CONNECT_TIMEOUT', 'no connection in time'],
	['EMFILE', 'this machine is out of file descriptors'],
	['ENFILE', 'this machine is out of file descriptors'],
]);

/** A fault of ours (of whoever takes the results, too) has no system code, and stays what it is. */
function failureOf(error: unknown, headArrived: boolean): unknown {
	if (error instanceof WorkerFailure) return error;
	if (error instanceof errors.HTTPParserError) {
		// Behind a good head, what does not parse is a body that was cut.
		return headArrived
			? new WorkerFailure('broken', 'broke off its answer', { cause: error })
			: new WorkerFailure('invalid', 'is not a pingpool worker (it does not speak HTTP)', { cause: error });
	}
	const code = systemErrorCode(error);
	if (code === undefined) return error;
	const meaning = neverSent.get(code);
	if (meaning !== undefined) {
		return new WorkerFailure('unreachable', `can not be reached: ${meaning} (${code})`, { cause: error });
	}
	if (/CERT|TLS|SSL|VERIFY|EPROTO/.test(code)) {
		return new WorkerFailure('unreachable', `can not be reached: ${tlsProblem(error)} (${code})`, {
			cause: error,
		});
	}
	return new WorkerFailure('broken', `broke off the connection (${code})`, { cause: error });
}

function tlsProblem(error: unknown): string {
	// What OpenSSL says of itself goes on about its own source; its reason is a few words.
	const reason = (error as { reason?: unknown }).reason;
	if (reason === 'wrong version number') return 'it does not speak TLS; is it http:// instead of https://?';
	return `TLS: ${printable(typeof reason === 'string' ? reason : messageOf(error))}`;
}
