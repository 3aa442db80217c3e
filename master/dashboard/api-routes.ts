/** What the page asks for: `/api/…`. */
import type { Context, Hono } from 'hono';
import { PingpoolError } from '../../shared/errors.ts';
import { dashboardQueryMsMax } from '../../shared/limits.ts';
import type { Queries } from '../query/queries.ts';
import type { DashboardAppOptions } from './app.ts';
import { asciiJson } from './ascii-json.ts';
import {
	comparisonOf,
	historyHostOf,
	mapPrefixOf,
	noParameters,
	resultFilterOf,
	runIdOf,
} from './parameters.ts';

type Ask = (queries: Queries, signal: AbortSignal) => Promise<unknown>;

/** Errors are PingpoolError: `not-found`, `bad-request`, `busy`, and those of the database. */
export function addApiRoutes(
	app: Hono,
	{ about, queries, live }: Pick<DashboardAppOptions, 'about' | 'queries' | 'live'>,
): void {
	/** Answers from the database, unless whoever asks has left, or it takes too long. */
	async function asked(context: Context, ask: Ask): Promise<Response> {
		const gone = context.req.raw.signal;
		const late = AbortSignal.timeout(dashboardQueryMsMax);
		try {
			return json(await ask(await queries(), AbortSignal.any([gone, late])));
		} catch (error) {
			// Nobody reads it.
			if (gone.aborted) return new Response(null, { status: 499 });
			if (!late.aborted) throw error;
			throw new PingpoolError('busy', `this took over ${dashboardQueryMsMax / 1000} s: ask for less of it`);
		}
	}

	app.get('/api/about', (context) => {
		noParameters(queryOf(context));
		return json(about());
	});

	app.get('/api/live', (context) => {
		if (live === undefined) throw new PingpoolError('not-found', 'no run goes on here');
		const headers = { 'content-type': 'text/event-stream; charset=utf-8' };
		if (context.req.raw.method === 'HEAD') return new Response(null, { headers });
		const stream = live.open();
		if (stream === undefined) throw new PingpoolError('busy', 'too many pages watch this run');
		return new Response(stream, { headers });
	});

	app.get('/api/runs', (context) => {
		noParameters(queryOf(context));
		return asked(context, async (from, signal) => ({ runs: await from.runs(signal) }));
	});
	app.get('/api/runs/:id', (context) => {
		const id = runIdOf(context.req.param('id'));
		noParameters(queryOf(context));
		return asked(context, (from, signal) => from.run(id, signal));
	});
	app.get('/api/runs/:id/events', (context) => {
		const id = runIdOf(context.req.param('id'));
		noParameters(queryOf(context));
		return asked(context, (from, signal) => from.events(id, signal));
	});
	app.get('/api/runs/:id/results', (context) => {
		const id = runIdOf(context.req.param('id'));
		const filter = resultFilterOf(queryOf(context));
		return asked(context, (from, signal) => from.results(id, filter, signal));
	});
	app.get('/api/runs/:id/map', (context) => {
		const id = runIdOf(context.req.param('id'));
		const prefix = mapPrefixOf(queryOf(context));
		return asked(context, (from, signal) => from.map(id, prefix, signal));
	});
	app.get('/api/history', (context) => {
		const host = historyHostOf(queryOf(context));
		return asked(context, (from, signal) => from.history(host, signal));
	});
	app.get('/api/compare', (context) => {
		const { before, after, part } = comparisonOf(queryOf(context));
		return asked(context, (from, signal) => from.compare(before, after, part, signal));
	});
	app.get('/api/*', () => {
		throw new PingpoolError('not-found', 'there is no such question');
	});
}

function queryOf(context: Context): URLSearchParams {
	return new URL(context.req.raw.url).searchParams;
}

function json(value: unknown): Response {
	return new Response(asciiJson(value), { headers: { 'content-type': 'application/json' } });
}
