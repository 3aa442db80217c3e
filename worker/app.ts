/**
 * A worker's HTTP interface, the same in every runtime: `POST /ping`, `GET /health`, `GET /capabilities`.
 *
 * What a request has to pass, in this order: its token, the ceiling of requests, its body's ceiling, its form,
 * the ceilings of hosts. Everything that is refused is `{"error":{"code","message","details"}}`.
 */
import type { Context } from 'hono';
import { Hono } from 'hono';
import { accepts } from 'hono/accepts';
import type { Clock } from '../shared/clock.ts';
import { systemClock } from '../shared/clock.ts';
import { PingpoolError } from '../shared/errors.ts';
import { requestsInFlightMax as requestsInFlightMaxDefault } from '../shared/limits.ts';
import { statusCode } from '../shared/outcome.ts';
import type { TargetPolicy } from '../shared/policy.ts';
import { createTargetPolicy } from '../shared/policy.ts';
import type { Capabilities } from '../shared/protocol.ts';
import { mediaTypes, requestIdHeader, requestIdPattern } from '../shared/protocol.ts';
import type { ResultBlock } from '../shared/results.ts';
import { Admission } from './admission.ts';
import type { AnswerForm, Taker } from './answer.ts';
import { answer, answerForms } from './answer.ts';
import { createAuthenticator } from './auth.ts';
import { runBatch } from './batch.ts';
import { requestDeadlineMs } from './deadline.ts';
import { errorResponse } from './error-response.ts';
import { readPingRequest } from './ping-request.ts';
import { planBatch } from './plan.ts';
import type { Probe } from './probes/probe.ts';
import type { Resolver } from './resolver.ts';

export interface WorkerAppOptions {
	/** what the worker says of itself, and the ceilings that it holds a request to */
	readonly capabilities: Capabilities;
	/** one per name that `capabilities.probes` lists */
	readonly probes: readonly Probe[];
	/** `undefined` where the runtime resolves names when it connects */
	readonly resolver: Resolver | undefined;
	/** bearer tokens that are accepted; `none` lets everybody in: only behind a loopback address */
	readonly tokens: readonly string[] | 'none';
	/** which addresses may be probed. Default: the built-in policy */
	readonly policy?: TargetPolicy;
	/** requests served at a time. Default: limits.ts */
	readonly requestsInFlightMax?: number;
	/** Default: the machine's clock */
	readonly clock?: Clock;
	/** who is calling, for the log. Default: not known */
	readonly callerOf?: (context: Context) => string | undefined;
	/** takes one entry per `POST /ping`, when nothing of it is held any more. Default: none */
	readonly log?: (entry: RequestLog) => void;
	/** takes what should not have been thrown. Default: the console */
	readonly fault?: (error: unknown) => void;
}

/** What became of one `POST /ping`. Never a token, never a host. */
export interface RequestLog {
	readonly caller: string | undefined;
	/** `ok`, `cancelled` when the caller went away, or the code of the error */
	outcome: string;
	hosts: number;
	/** results with the status `denied` */
	denied: number;
	ms: number;
}

/**
 * @example
 * const app = createApp({
 * 	capabilities: buildCapabilities({ runtime: 'node', probes: ['tcp'] }),
 * 	probes: [tcpProbe],
 * 	resolver,
 * 	tokens: ['a-token-of-at-least-16-characters'],
 * });
 * const response = await app.request('/health');
 */
export function createApp({
	capabilities,
	probes,
	resolver,
	tokens,
	policy = createTargetPolicy(),
	requestsInFlightMax = requestsInFlightMaxDefault,
	clock = systemClock,
	callerOf = () => undefined,
	log = () => undefined,
	fault = (error) => console.error(error),
}: WorkerAppOptions): Hono {
	const { hostsInFlightMax } = capabilities;
	const admission = new Admission({ hostsInFlightMax, requestsInFlightMax });
	const authenticator = tokens === 'none' ? undefined : createAuthenticator(tokens);
	const app = new Hono();

	async function authorize(request: Request): Promise<void> {
		if (authenticator === undefined) {
			// Without a token, any web page that the user visits could post to a worker on loopback.
			if (request.headers.has('origin')) {
				throw new PingpoolError('unauthorized', 'requests from web pages need a worker with a token');
			}
		} else if (!(await authenticator.accepts(request.headers.get('authorization') ?? undefined))) {
			throw new PingpoolError('unauthorized', 'a token of this worker is expected', {
				details: { expected: 'Authorization: Bearer <token>' },
			});
		}
	}

	async function ping(context: Context, entry: RequestLog, finish: () => void): Promise<Response> {
		const request = context.req.raw;
		const { signal } = request;
		await authorize(request);
		const ticket = admission.enter();
		const closed = (): void => {
			ticket.release();
			finish();
		};
		try {
			const plan = planBatch(await readPingRequest(request, capabilities));
			ticket.addHosts(plan.hosts.length);
			entry.hosts = plan.hosts.length;
			const deadlineMs = requestDeadlineMs({
				settings: plan.settings,
				hostsInRequest: plan.hosts.length,
				hostsInFlight: admission.hostsInFlight,
				capabilities,
			});
			const run = async (taker: Taker, running: AbortSignal): Promise<void> => {
				entry.outcome = 'cancelled';
				await runBatch({
					plan,
					probes,
					resolver,
					policy,
					clock,
					deadlineMs,
					signal: running,
					report: (block) => {
						entry.denied += deniedIn(block);
						taker.report(block);
					},
					sent: taker.sent,
					fault,
				});
				entry.outcome = 'ok';
			};
			const worker = capabilities.instance;
			const named = nameOf(request);
			return await answer(formOf(context), { plan, worker, request: named, clock, run, signal, closed });
		} catch (error) {
			ticket.release();
			throw error;
		}
	}

	app.post('/ping', async (context) => {
		const startedMs = clock.monotonicMs();
		const entry: RequestLog = {
			caller: callerOf(context),
			outcome: 'cancelled',
			hosts: 0,
			denied: 0,
			ms: 0,
		};
		let finished = false;
		const finish = (): void => {
			if (finished) return;
			finished = true;
			entry.ms = clock.monotonicMs() - startedMs;
			log(entry);
		};
		try {
			return await ping(context, entry, finish);
		} catch (error) {
			// Nobody is left to read an answer; and what reading or probing threw then is no fault.
			if (context.req.raw.signal.aborted) {
				finish();
				return new Response(null, { status: 499 });
			}
			entry.outcome = error instanceof PingpoolError ? error.code : 'internal';
			finish();
			return errorResponse(error, fault);
		}
	});

	app.get('/health', (context) => context.json({ status: 'ok' }));

	app.get('/capabilities', async (context) => {
		await authorize(context.req.raw);
		return context.json(capabilities);
	});

	for (const [path, allowed] of Object.entries({
		'/ping': 'POST',
		'/health': 'GET, HEAD',
		'/capabilities': 'GET, HEAD',
	})) {
		app.all(path, ({ req }) => {
			throw new PingpoolError('method-not-allowed', `${path} does not take ${req.method.slice(0, 20)}`, {
				details: { allow: allowed },
			});
		});
	}
	app.notFound(() =>
		errorResponse(
			new PingpoolError('not-found', 'there is POST /ping, GET /health and GET /capabilities'),
			fault,
		),
	);
	app.onError((error) => errorResponse(error, fault));
	return app;
}

function formOf(context: Context): AnswerForm {
	return accepts(context, {
		header: 'Accept',
		supports: [...answerForms],
		default: mediaTypes.json,
	}) as AnswerForm;
}

/** What the caller named the request; a name that could not be repeated is none. */
function nameOf({ headers }: Request): string | undefined {
	const name = headers.get(requestIdHeader);
	return name !== null && requestIdPattern.test(name) ? name : undefined;
}

const denied = statusCode('denied');

function deniedIn(block: ResultBlock): number {
	let rows = 0;
	for (let row = 0; row < block.length; row += 1) if (block.status[row] === denied) rows += 1;
	return rows;
}
