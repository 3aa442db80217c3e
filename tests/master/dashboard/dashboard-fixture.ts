/** A dashboard on a loopback port, with a run and a database that tests make up. */
import { request } from 'node:http';
import type { Hono } from 'hono';
import { Access } from '../../../master/dashboard/access.ts';
import type { AllowedHosts } from '../../../master/dashboard/allowed-hosts.ts';
import { createDashboardApp } from '../../../master/dashboard/app.ts';
import type { Listener } from '../../../master/dashboard/listen.ts';
import { listenAt } from '../../../master/dashboard/listen.ts';
import type { LiveHub } from '../../../master/dashboard/live-hub.ts';
import type { PageFiles } from '../../../master/dashboard/page-files.ts';
import { requestListenerOf } from '../../../master/dashboard/serve-app.ts';
import type { Queries } from '../../../master/query/queries.ts';

export interface ServedOptions {
	readonly queries?: Partial<Queries>;
	readonly live?: LiveHub;
	readonly page?: () => Promise<PageFiles>;
	readonly hosts?: AllowedHosts;
	readonly token?: string;
	readonly metrics?: Hono;
	readonly drainMsMax?: number;
}

export interface Served extends AsyncDisposable {
	readonly port: number;
	readonly listener: Listener;
	/** what should not have been thrown */
	readonly faults: unknown[];
	get(path: string, headers?: Record<string, string>): Promise<Response>;
}

/** A page of two files. */
const smallPage: PageFiles = new Map(
	Object.entries({
		'/index.html': ['text/html; charset=utf-8', '<!doctype html><title>pingpool</title>', false],
		'/assets/index-abcd1234.js': ['text/javascript; charset=utf-8', 'export {};', true],
	} as const).map(([path, [type, text, isHashed]]) => [
		path,
		{ bytes: new TextEncoder().encode(text), type, etag: `"${path}"`, isHashed },
	]),
);

/** Not fetch, which has its own mind about headers that browsers send. */
function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
	return new Promise((resolve, reject) => {
		const asked = request(url, { headers, agent: false }, (response) => {
			const pieces: Buffer[] = [];
			response.on('data', (piece: Buffer) => pieces.push(piece));
			response.once('error', reject).once('end', () => {
				const { statusCode: status = 0, rawHeaders } = response;
				const entries = rawHeaders.flatMap((name, i): [string, string][] =>
					i % 2 === 0 ? [[name, rawHeaders[i + 1]!]] : [],
				);
				const body = status === 304 || pieces.length === 0 ? null : Buffer.concat(pieces);
				resolve(new Response(body, { status, headers: new Headers(entries) }));
			});
		});
		asked.on('error', reject).end();
	});
}

export async function serve({
	queries = {},
	live,
	page = async () => smallPage,
	hosts = { isLoopback: true, name: undefined },
	token,
	metrics,
	drainMsMax,
}: ServedOptions = {}): Promise<Served> {
	const faults: unknown[] = [];
	const listener = await listenAt({ host: '127.0.0.1', port: 0, isChosen: true });
	const app = createDashboardApp({
		about: () => ({ version: '1.2.3', mode: live === undefined ? 'serve' : 'run', db: 'a.db', runId: 7 }),
		// What a test does not answer, nobody asks.
		queries: async () => queries as Queries,
		live,
		page,
		hosts,
		access: token === undefined ? undefined : new Access(token, listener.port),
		metrics,
		fault: (error) => faults.push(error),
	});
	listener.answerWith(requestListenerOf(app, drainMsMax));
	const { port } = listener;
	return {
		port,
		listener,
		faults,
		get: (path, headers = {}) => get(`http://127.0.0.1:${port}${path}`, headers),
		async [Symbol.asyncDispose]() {
			live?.finish();
			await listener.close(0);
		},
	};
}
