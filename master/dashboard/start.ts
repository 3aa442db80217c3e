/**
 * A dashboard on a port that it has: its parts put together, of a run that goes on or of a database alone. What answers is
 * loaded when somebody asks: most runs are looked at by nobody, and the loading takes as long as thousands of probes.
 */
import type { RequestListener } from 'node:http';
import type { Hono } from 'hono';
import type { Clock } from '../../shared/clock.ts';
import type { About } from '../../shared/dashboard-api.ts';
import { parseIp } from '../../shared/ip.ts';
import { dashboardEndMs } from '../../shared/limits.ts';
import type { Queries } from '../query/queries.ts';
import { Access } from './access.ts';
import { IdleShare } from './idle-share.ts';
import { isLocal, linkOf } from './link.ts';
import type { Listener } from './listen.ts';
import { LiveHub } from './live-hub.ts';
import type { LiveSource } from './live-source.ts';
import { openPage } from './page.ts';
import { dashboardToken } from './token.ts';

export interface DashboardParts {
	readonly listener: Listener;
	/** what the user gave to listen on */
	readonly host: string;
	/** of the user; without one, one is made where it is needed */
	readonly token: string | undefined;
	readonly about: () => About;
	/** `undefined` when no run goes on here */
	readonly source: LiveSource | undefined;
	/** opens the database; called again when it has failed */
	readonly openQueries: () => Promise<Queries>;
	/** loads what answers `GET /metrics` */
	readonly openMetrics?: () => Promise<Hono>;
	readonly clock: Clock;
	/** takes what should not have been thrown */
	readonly fault: (error: unknown) => void;
}

export interface Dashboard {
	/** for people */
	readonly url: string;
	/** whether only this machine can connect */
	readonly isLocal: boolean;
	/** tells pages how the run has ended, and ends: within dashboardEndMs, whoever still reads */
	close(): Promise<void>;
}

/** A run that has the machine to itself leaves less than this of its processors idle. */
const idleShareMin = 0.1;

/** Answers from now on; what it was asked before waits for it. */
export function startDashboard(parts: DashboardParts): Dashboard {
	const { listener, host, about, source, clock, openMetrics, fault } = parts;
	const local = isLocal(listener);
	const name = parseIp(host) === undefined ? host : undefined;
	const token = dashboardToken(parts.token, local);
	const over = new AbortController();
	const processors = new IdleShare();
	const isBusy = (): boolean => processors.sinceLast() < idleShareMin;
	const live = source && new LiveHub({ source, clock, fault, isBusy });
	const queries = openOnce(parts.openQueries);
	const page = openPage(over.signal, clock);
	const access = token && new Access(token.text, listener.port);
	const load = async (): Promise<RequestListener> => {
		const [{ createDashboardApp }, { requestListenerOf }, metrics] = await Promise.all([
			import('./app.ts'),
			import('./serve-app.ts'),
			openMetrics?.(),
		]);
		const hosts = { isLoopback: local, name };
		return requestListenerOf(
			createDashboardApp({ about, queries: queries.get, live, page, hosts, access, metrics, fault }),
		);
	};
	listener.answerWith(answeringOnceLoaded(load, fault));
	return {
		url: linkOf(listener, name, token),
		isLocal: local,
		async close() {
			live?.finish();
			over.abort();
			await listener.close(dashboardEndMs);
			await queries.close();
		},
	};
}

/** Loads at the first request, and again at the next when that failed; who asks then is hung up on. */
function answeringOnceLoaded(
	load: () => Promise<RequestListener>,
	fault: (error: unknown) => void,
): RequestListener {
	let loading: Promise<RequestListener> | undefined;
	return async (request, response) => {
		try {
			loading ??= load();
			(await loading)(request, response);
		} catch (error) {
			loading = undefined;
			fault(error);
			response.destroy();
		}
	};
}

/** Opens something at its first use, and again at the next when that failed. */
function openOnce<Opened extends { close(): Promise<void> }>(open: () => Promise<Opened>) {
	let opening: Promise<Opened> | undefined;
	return {
		get(): Promise<Opened> {
			opening ??= open().catch((error) => {
				opening = undefined;
				throw error;
			});
			return opening;
		},
		async close(): Promise<void> {
			await opening?.then(
				(opened) => opened.close(),
				() => undefined,
			);
		},
	};
}
