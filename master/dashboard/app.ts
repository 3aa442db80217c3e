/**
 * The dashboard's HTTP interface. What a request has to pass, in this order: the guard (guard.ts), the token where one
 * is needed (access.ts), its parameters. Nothing that is asked changes anything.
 *
 * | path | answer |
 * | --- | --- |
 * | `/`, `/workers`, … | the page |
 * | `/assets/…` | what belongs to it |
 * | `/api/live` | server-sent events of the run that goes on |
 * | `/api/…` | JSON, from the database (shared/dashboard-api.ts) |
 * | `/metrics` | numbers for Prometheus |
 */
import { Hono } from 'hono';
import type { About } from '../../shared/dashboard-api.ts';
import { PingpoolError } from '../../shared/errors.ts';
import type { Queries } from '../query/queries.ts';
import type { Access } from './access.ts';
import type { AllowedHosts } from './allowed-hosts.ts';
import { addApiRoutes } from './api-routes.ts';
import { errorAnswer, errorPage, errorStyleAnswer, errorStylePath } from './error-answer.ts';
import { checkRequest } from './guard.ts';
import type { LiveHub } from './live-hub.ts';
import type { PageFiles } from './page-files.ts';
import { fileAnswer, pagePaths } from './page-files.ts';
import { withSafeHeaders } from './safe-headers.ts';

export interface DashboardAppOptions {
	readonly about: () => About;
	/** opens the database at the first question */
	readonly queries: () => Promise<Queries>;
	/** `undefined` when no run goes on here */
	readonly live: LiveHub | undefined;
	readonly page: () => Promise<PageFiles>;
	/** names under which it answers */
	readonly hosts: AllowedHosts;
	/** `undefined` when everybody who can connect may see it */
	readonly access: Access | undefined;
	/** answers `GET /metrics`, once the request has passed */
	readonly metrics?: Hono | undefined;
	/** takes what should not have been thrown */
	readonly fault: (error: unknown) => void;
}

/**
 * @example
 * const app = createDashboardApp({ about, queries, live: undefined, page, hosts, access: undefined, fault });
 * const response = await app.request('/api/about');
 */
export function createDashboardApp(options: DashboardAppOptions): Hono {
	const { page, hosts, access, metrics, fault } = options;
	const app = new Hono();

	app.onError((error, { req }) => {
		const answer = isForPerson(req.raw, req.path)
			? errorPage(forReader(error, req.raw, access), fault)
			: errorAnswer(error, fault);
		return withSafeHeaders(answer);
	});
	app.notFound(({ req }) => {
		const error = new PingpoolError('not-found', 'there is nothing here');
		const answer = isForPerson(req.raw, req.path) ? errorPage(error, fault) : errorAnswer(error, fault);
		return withSafeHeaders(answer);
	});

	app.use(async (context, next) => {
		const { path, raw } = context.req;
		checkRequest(raw, hosts, pagePaths.has(path));
		await next();
		withSafeHeaders(context.res);
	});

	app.use('/api/*', async (context, next) => {
		access?.check(context.req.raw);
		await next();
		context.res.headers.set('cache-control', 'no-store');
	});
	addApiRoutes(app, options);

	if (metrics !== undefined) {
		app.use('/metrics', async (context, next) => {
			access?.check(context.req.raw);
			await next();
		});
		app.route('/', metrics);
	}

	app.get(errorStylePath, errorStyleAnswer);

	app.get('*', async (context) => {
		const { path, raw } = context.req;
		const isPage = pagePaths.has(path);
		const token = isPage ? context.req.query('token') : undefined;
		if (token !== undefined) return exchange(new URL(raw.url), token, access);
		const file = (await page()).get(isPage ? '/index.html' : path);
		return file === undefined ? context.notFound() : fileAnswer(file, raw);
	});
	return app;
}

/** Whether somebody looks at the answer in a browser's window, rather than a program at its fields. */
function isForPerson({ headers }: Request, path: string): boolean {
	if (pagePaths.has(path)) return true;
	return !path.startsWith('/api/') && (headers.get('accept') ?? '').includes('text/html');
}

/** What is wrong with the page's sources, with paths of this machine, is for those alone who may see the rest. */
function forReader(error: unknown, request: Request, access: Access | undefined): unknown {
	if (!(error instanceof PingpoolError) || error.code !== 'usage' || access === undefined) return error;
	return access.isShown(request) ? error : new PingpoolError('usage', error.message);
}

/** Takes the token out of the address, and gives a cookie for it. @throws PingpoolError `unauthorized` */
function exchange(url: URL, token: string, access: Access | undefined): Response {
	if (access !== undefined && !access.isToken(token)) {
		throw new PingpoolError('unauthorized', 'the token in this link is not that of this dashboard', {
			hint: 'open the link that it has printed at its start',
		});
	}
	url.searchParams.delete('token');
	// One of the page's own paths: it can not lead elsewhere.
	const headers = new Headers({ location: `${url.pathname}${url.search}`, 'cache-control': 'no-store' });
	if (access !== undefined) headers.set('set-cookie', access.setCookie());
	return new Response(null, { status: 303, headers });
}
