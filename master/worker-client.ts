/**
 * A worker over HTTP. Everything that is read from it is bounded in size (bounded-body.ts) and time
 * (worker-call-deadline.ts) and checked (answer-reader.ts); every way of failing becomes one class
 * (worker-failures.ts).
 */
import { Pool } from 'undici';
import { BlockMemory, encodeRequest } from '../shared/columns.ts';
import { hostTexts } from '../shared/host-column.ts';
import { requestDeadlineMsMax } from '../shared/limits.ts';
import type { Capabilities, PingRequestBody } from '../shared/protocol.ts';
import { capabilitiesSchema, mediaTypes, protocolVersion, requestIdHeader } from '../shared/protocol.ts';
import { AnswerReader } from './answer-reader.ts';
import { boundedBytes, readAll, smallBodyBytesMax } from './bounded-body.ts';
import type { PingCall, WorkerLink } from './dispatch/worker-link.ts';
import { WorkerFailure } from './dispatch/worker-link.ts';
import { createConnector } from './transport/connector.ts';
import { askForCertificate, askForTls, certificateFailure } from './transport/tls-failures.ts';
import type { WorkerTransport } from './transport/worker-transport.ts';
import { defaultTransport } from './transport/worker-transport.ts';
import { Deadline } from './worker-call-deadline.ts';
import { failureOf, failureOfStatus, parseJson } from './worker-failures.ts';

const capabilitiesMsMax = 5_000;
const connectMsMax = 3_000;

export interface WorkerClientOptions {
	/** how messages and the database name it */
	readonly name: string;
	/** http:// or https://, without a slash at the end; may have a path */
	readonly url: string;
	readonly token: string | undefined;
	/** connections at a time */
	readonly connections: number;
	/** Default: the system's authorities, no certificate of ours, no token to a public address over plain HTTP */
	readonly transport?: WorkerTransport;
}

export class WorkerClient implements WorkerLink {
	readonly name: string;
	readonly #pool: Pool;
	readonly #transport: WorkerTransport;
	readonly #isEncrypted: boolean;
	readonly #path: string;
	readonly #headers: Record<string, string>;
	/** not to be repeated in a message, although the worker may */
	readonly #token: string | undefined;
	/** what an HTTP 401 means */
	readonly #tokenProblem: string;
	readonly #memory = new BlockMemory();
	/** what the worker last said of itself */
	#said: Capabilities | undefined;

	constructor({ name, url, token, connections, transport = defaultTransport }: WorkerClientOptions) {
		this.name = name;
		const { origin, pathname, protocol } = new URL(url);
		this.#transport = transport;
		this.#isEncrypted = protocol === 'https:';
		this.#path = pathname.replace(/\/$/, '');
		this.#pool = new Pool(origin, {
			connections,
			pipelining: 1,
			// Silence is watched over per call: these would not notice a slow drip.
			headersTimeout: 0,
			bodyTimeout: 0,
			connect: createConnector({ transport, hasToken: token !== undefined, timeoutMs: connectMsMax }),
		});
		this.#headers = { 'accept-encoding': 'identity', 'user-agent': 'pingpool' };
		this.#token = token;
		if (token !== undefined) this.#headers.authorization = `Bearer ${token}`;
		this.#tokenProblem =
			token === undefined
				? 'wants a token, and there is none for it in its line or in PINGPOOL_TOKEN'
				: 'does not accept our token';
	}

	/** @param answerMsMax how long it may take */
	async capabilities(signal: AbortSignal, answerMsMax: number = capabilitiesMsMax): Promise<Capabilities> {
		const deadline = new Deadline({ caller: signal, totalMsMax: answerMsMax });
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
		this.#said = parsed.data;
		return parsed.data;
	}

	async ping(call: PingCall): Promise<void> {
		const { request: requestId, hosts, probe, settings } = call;
		const isColumns = hosts.texts === undefined && this.#said?.requestForms.includes(mediaTypes.columns);
		const body = isColumns
			? encodeRequest({ probe, ...settings }, hosts.ipv4)
			: JSON.stringify(jsonRequest(call));
		const deadline = new Deadline({ caller: call.signal, totalMsMax: requestDeadlineMsMax });
		const accept = `${mediaTypes.frames}, ${mediaTypes.ndjson};q=0.9, ${mediaTypes.json};q=0.5`;
		const type = isColumns ? mediaTypes.columns : mediaTypes.json;
		const message = { method: 'POST', path: '/ping', body, type, accept, requestId } as const;
		await this.#call(message, deadline, (answered, headers) => {
			const asked = { requestId, namesRequests: this.#said?.requestIds ?? false, instance: this.#life() };
			const reader = new AnswerReader({ call, asked, memory: this.#memory });
			return reader.read(answered, String(headers['content-type'] ?? ''), headers[requestIdHeader]);
		});
	}

	/** The life of the worker that its answers should come from. */
	#life(): string | undefined {
		// Cloudflare's runtime has many at a time, and answers from any.
		return this.#said?.runtime === 'cloudflare' ? undefined : this.#said?.instance;
	}

	#failureOf(error: unknown, headArrived: boolean): unknown {
		if (headArrived) return failureOf(error, headArrived);
		if (!this.#isEncrypted) {
			const failure = failureOf(error, headArrived);
			return this.#said === undefined ? askForTls(failure) : failure;
		}
		const failure = certificateFailure(error, this.#transport) ?? failureOf(error, headArrived);
		return this.#said === undefined ? askForCertificate(failure, this.#transport) : failure;
	}

	async close(): Promise<void> {
		await this.#pool.destroy();
	}

	/** One request; turns every way of failing into a WorkerFailure. Releases the deadline. */
	async #call<Result>(
		{ method, path, body, type, accept, requestId }: Message,
		deadline: Deadline,
		read: (body: AsyncIterable<Uint8Array>, headers: Readonly<Record<string, unknown>>) => Promise<Result>,
	): Promise<Result> {
		let headArrived = false;
		try {
			const response = await this.#pool.request({
				method,
				path: this.#path + path,
				headers: {
					...this.#headers,
					accept,
					...(type === undefined ? {} : { 'content-type': type }),
					...(requestId === undefined ? {} : { [requestIdHeader]: requestId }),
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
						this.#token,
					);
				}
				if (response.headers['content-encoding'] !== undefined) {
					throw new WorkerFailure('invalid', 'sent a compressed answer that nobody asked for');
				}
				return await read(response.body, response.headers);
			} finally {
				// Of a body that nobody reads, destroying it is an error that would end the process.
				response.body.on('error', () => undefined);
				response.body.destroy();
			}
		} catch (error) {
			deadline.throwIfCallerGone();
			throw deadline.passed
				? new WorkerFailure('broken', 'did not answer in time', { cause: error })
				: this.#failureOf(error, headArrived);
		} finally {
			deadline.release();
		}
	}
}

interface Message {
	readonly method: 'GET' | 'POST';
	readonly path: string;
	readonly body: string | Uint8Array | null;
	/** media type of the body */
	readonly type?: string;
	readonly accept: string;
	readonly requestId?: string;
}

function jsonRequest({ hosts, probe, settings }: PingCall): PingRequestBody {
	return { hosts: hostTexts(hosts), probe, ...settings };
}
