/**
 * A worker's HTTP interface, the same in every runtime: `POST /ping`, `GET /health`, `GET /capabilities`, and where
 * the runtime has metrics, `GET /metrics`.
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
import type { ProbeName } from '../shared/target.ts';
import { Admission } from './admission.ts';
import type { AnswerForm, Taker } from './answer.ts';
import { answer, answerForms } from './answer.ts';
import type { AcceptedTokens } from './auth.ts';
import { createAuthenticator } from './auth.ts';
import { runBatch } from './batch.ts';
import { isLocalProgram, refuseBrowsers } from './browsers.ts';
import { callerName } from './caller-name.ts';
import { requestDeadlineMs } from './deadline.ts';
import { errorResponse, safeHeaders } from './error-response.ts';
import type { LoadReporter } from './load/load-reporter.ts';
import type { WorkerMetrics } from './metrics/worker-metrics.ts';
import { readPingRequest } from './ping-request.ts';
import type { BatchPlan } from './plan.ts';
import { planBatch } from './plan.ts';
import type { Probe } from './probes/probe.ts';
import type { ProbeRates } from './rates/probe-rates.ts';
import type { RequestLog } from './request-log.ts';
import type { Resolver } from './resolver.ts';

export interface WorkerAppOptions {
	/** what the worker says of itself, and the ceilings that it holds a request to */
	readonly capabilities: Capabilities;
	/** one per name that `capabilities.probes` lists */
	readonly probes: readonly Probe[];
	/** `undefined` where the runtime resolves names when it connects */
	readonly resolver: Resolver | undefined;
	/** bearer tokens that are accepted; `none` lets everybody in: only behind a loopback address */
	readonly tokens: AcceptedTokens | 'none';
	/** which addresses may be probed. Default: the built-in policy */
	readonly policy?: TargetPolicy;
	/** ceilings of prefixes and callers, to which the probes keep. Default: none */
	readonly rates?: ProbeRates | undefined;
	/** what the worker says of its load. Default: nothing */
	readonly load?: LoadReporter;
	/** counts results, and says what is known at /metrics. Default: there is no such path */
	readonly metrics?: WorkerMetrics;
	/** requests served at a time. Default: limits.ts */
	readonly requestsInFlightMax?: number;
	/** Default: the machine's clock */
	readonly clock?: Clock;
	/** who is calling, for the log and the ceiling of callers. Default: not known */
	readonly callerOf?: (context: Context) => string | undefined;
	/** called when a request has shown a good token, or needs none. Default: nothing */
	readonly authenticated?: (context: Context) => void;
	/** called when the body of a request is about to be read, which nothing of it was before. Default: nothing */
	readonly reading?: (context: Context) => void;
	/** Takes one entry per `POST /ping`, when nothing of it is held any more, and per other request that was refused
	 * for its token. Default: none */
	readonly log?: (entry: RequestLog) => void;
	/** takes the entry of a `POST /ping` that is about to be carried out, not final yet. Default: none */
	readonly begun?: (entry: RequestLog) => void;
	/** takes what should not have been thrown. Default: the console */
	readonly fault?: (error: unknown) => void;
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
	rates,
	load,
	metrics,
	requestsInFlightMax = requestsInFlightMaxDefault,
	clock = systemClock,
	callerOf = () => undefined,
	authenticated = () => undefined,
	reading = () => undefined,
	log = () => undefined,
	begun = () => undefined,
	fault = (error) => console.error(error),
}: WorkerAppOptions): Hono {
	const { hostsInFlightMax } = capabilities;
	const admission = new Admission({ hostsInFlightMax, requestsInFlightMax });
	const authenticator = tokens === 'none' ? undefined : createAuthenticator(tokens);
	const app = new Hono();

	app.use(async (context, next) => {
		await next();
		for (const [name, value] of Object.entries(safeHeaders)) context.res.headers.set(name, value);
	});

	/** @returns which of the tokens the request has shown, from 1; 0 where none is needed */
	async function authorize(context: Context): Promise<number> {
		const { headers } = context.req.raw;
		let token = 0;
		if (authenticator === undefined) refuseBrowsers(context.req.raw);
		else {
			token = await authenticator.accepts(headers.get('authorization') ?? undefined);
			if (token === 0) {
				throw new PingpoolError('unauthorized', 'a token of this worker is expected', {
					details: { expected: 'Authorization: Bearer <token>' },
				});
			}
		}
		authenticated(context);
		return token;
	}

	/** An entry of the log, and how it is made final, once. */
	function entryOf(context: Context): { entry: RequestLog; finish: () => void } {
		const startedMs = clock.monotonicMs();
		const entry: RequestLog = {
			caller: callerOf(context),
			request: nameOf(context.req.raw),
			token: 0,
			outcome: 'cancelled',
			hosts: 0,
			denied: 0,
			probes: [],
			ms: 0,
		};
		let finished = false;
		const finish = (): void => {
			if (finished) return;
			finished = true;
			entry.ms = clock.monotonicMs() - startedMs;
			log(entry);
		};
		return { entry, finish };
	}

	async function ping(context: Context, entry: RequestLog, finish: () => void): Promise<Response> {
		const request = context.req.raw;
		const { signal } = request;
		entry.token = await authorize(context);
		const name = callerName(entry.caller);
		const ticket = admission.enter(name);
		const caller = rates?.callers?.enter(entry.caller);
		const unloaded = load?.began();
		const release = (): void => {
			ticket.release();
			caller?.release();
			unloaded?.();
		};
		const closed = (): void => {
			release();
			finish();
		};
		try {
			reading(context);
			const plan = planBatch(await readPingRequest(request, capabilities, ticket));
			ticket.addHosts(plan.hosts.length);
			entry.hosts = plan.hosts.length;
			entry.probes = probesIn(plan);
			begun(entry);
			const deadlineMs = requestDeadlineMs({
				settings: plan.settings,
				hostsInRequest: plan.hosts.length,
				hostsInFlight: admission.hostsInFlight,
				capabilities,
				prefixRatePerSecond: rates?.prefixRatePerSecond ?? 0,
			});
			const count = metrics?.asked(plan);
			const run = async (taker: Taker, running: AbortSignal): Promise<void> => {
				entry.outcome = 'cancelled';
				await runBatch({
					plan,
					probes,
					resolver,
					policy,
					clock,
					caller: caller?.cell,
					deadlineMs,
					signal: running,
					report: (block) => {
						entry.denied += deniedIn(block);
						count?.(block);
						taker.report(block);
					},
					sent: taker.sent,
					fault,
				});
				entry.outcome = 'ok';
			};
			const worker = capabilities.instance;
			const named = entry.request;
			return await answer(formOf(context), {
				plan,
				worker,
				request: named,
				clock,
				isHolding: () => rates?.isHolding ?? false,
				load: () => load?.next(name),
				run,
				signal,
				closed,
			});
		} catch (error) {
			release();
			throw error;
		}
	}

	app.post('/ping', async (context) => {
		const { entry, finish } = entryOf(context);
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

	/**
	 * Serves those who show a token, where one is needed; refusals are logged.
	 *
	 * @param isOpenTo who is served without one, unless they show a wrong one
	 */
	function getWithToken(
		path: string,
		answered: (context: Context) => Response | Promise<Response>,
		isOpenTo: (context: Context) => boolean = () => false,
	): void {
		app.get(path, async (context) => {
			if (!context.req.raw.headers.has('authorization') && isOpenTo(context)) return answered(context);
			const { entry, finish } = entryOf(context);
			try {
				await authorize(context);
			} catch (error) {
				entry.outcome = 'unauthorized';
				finish();
				throw error;
			}
			return answered(context);
		});
	}

	getWithToken('/capabilities', (context) => {
		return context.json(load === undefined ? capabilities : { ...capabilities, load: load.newest() });
	});
	if (metrics !== undefined) {
		const render = async (context: Context): Promise<Response> => {
			const { type, text } = await metrics.render(admission);
			return context.body(text, 200, { 'content-type': type });
		};
		// A Prometheus on the worker's own machine needs no token: there are numbers alone.
		getWithToken('/metrics', render, (context) => isLocalProgram(context.req.raw, callerOf(context)));
	}

	const pages = ['/health', '/capabilities', ...(metrics === undefined ? [] : ['/metrics'])];
	for (const path of ['/ping', ...pages]) {
		const allow = path === '/ping' ? 'POST' : 'GET, HEAD';
		app.all(path, ({ req }) => {
			throw new PingpoolError('method-not-allowed', `${path} does not take ${req.method.slice(0, 20)}`, {
				details: { allow },
			});
		});
	}
	const known = `there is POST /ping, and GET of ${pages.join(', ')}`;
	app.notFound(() => errorResponse(new PingpoolError('not-found', known), fault));
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

function probesIn({ ipv4, others, settings }: BatchPlan): readonly ProbeName[] {
	const names = new Set(others.map(({ probe }) => probe));
	if (ipv4.index.length > 0) names.add(settings.probe);
	return [...names].sort();
}

const denied = statusCode('denied');

function deniedIn(block: ResultBlock): number {
	let rows = 0;
	for (let row = 0; row < block.length; row += 1) if (block.status[row] === denied) rows += 1;
	return rows;
}
