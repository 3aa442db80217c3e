/** Where a dashboard listens: an address, and the first port from the wished one on that is free. */
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { escapeUnsafe } from '../../shared/display.ts';
import { PingpoolError, systemErrorCode } from '../../shared/errors.ts';
import {
	dashboardConnectionsMax,
	dashboardHeadBytesMax,
	dashboardPortsTriedMax,
	requestHeadMsMax,
	requestReadMsMax,
	requestsPerConnectionMax,
} from '../../shared/limits.ts';
import type { DashboardAddress } from './address.ts';

export interface Listener {
	/** the address that it has */
	readonly address: string;
	readonly port: number;
	/** answers requests from now on, and those that have come before */
	answerWith(listener: RequestListener): void;
	/** listens no more, and lets answers end for that long, then cuts them */
	close(graceMs: number): Promise<void>;
}

/** How long a browser may leave a connection idle. */
const keepAliveTimeoutMs = 10_000;

/** @throws PingpoolError `usage` for what can not be had */
export async function listenAt({ host, port }: DashboardAddress): Promise<Listener> {
	const last = Math.min(port + dashboardPortsTriedMax, 65_535);
	for (let next = port; ; next += 1) {
		const server = createServer({
			requestTimeout: requestReadMsMax,
			headersTimeout: requestHeadMsMax,
			keepAliveTimeout: keepAliveTimeoutMs,
			connectionsCheckingInterval: 1_000,
			maxHeaderSize: dashboardHeadBytesMax,
			requireHostHeader: true,
		});
		// Node would leave out those beyond a number, which may be those that the guard looks at.
		server.maxHeadersCount = 0;
		server.maxRequestsPerSocket = requestsPerConnectionMax;
		server.maxConnections = dashboardConnectionsMax;
		try {
			const bound = await listen(server, host, next);
			return listenerOf(server, bound);
		} catch (error) {
			const isTaken = systemErrorCode(error) === 'EADDRINUSE';
			if (!isTaken || port === 0) throw canNotBeHad(host, port, error);
			if (next >= last) throw allTaken(host, port, last, error);
		}
	}
}

function listenerOf(server: Server, { address, port }: AddressInfo): Listener {
	const answering = Promise.withResolvers<RequestListener>();
	let isClosing = false;
	server.on('request', async (request, response) => {
		// A connection that was busy when the server closed would be kept alive once more.
		response.once('close', () => {
			if (isClosing) setImmediate(() => server.closeIdleConnections());
		});
		(await answering.promise)(request, response);
	});
	return {
		address,
		port,
		answerWith: answering.resolve,
		async close(graceMs) {
			isClosing = true;
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			const killer = setTimeout(() => server.closeAllConnections(), graceMs);
			await closed;
			clearTimeout(killer);
		},
	};
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
	return new Promise((resolve, reject) => {
		// Later, a connection that can not be accepted (no descriptor is left) is one too: it must not end a run.
		server.on('error', reject);
		server.listen({ host, port, exclusive: true }, () => resolve(server.address() as AddressInfo));
	});
}

function canNotBeHad(host: string, port: number, cause: unknown): PingpoolError {
	const code = systemErrorCode(cause) ?? 'unknown error';
	const hints: Readonly<Record<string, string>> = {
		EADDRNOTAVAIL: 'give an address that this machine has, or 127.0.0.1',
		EACCES: 'ports below 1024 are for root: give another one',
		ENOTFOUND: 'no address is known for that name: give an address, or 127.0.0.1',
	};
	return new PingpoolError('usage', `the dashboard can not listen on ${placeOf(host, port)} (${code})`, {
		cause,
		...(hints[code] !== undefined && { hint: hints[code] }),
	});
}

function allTaken(host: string, port: number, last: number, cause: unknown): PingpoolError {
	return new PingpoolError('usage', `the dashboard finds no free port on ${placeOf(host, port)} to ${last}`, {
		cause,
		hint: 'give another one, or 0 for any that is free',
	});
}

/** `127.0.0.1:8787`, `[::1]:8787` */
export function placeOf(host: string, port: number): string {
	return `${host.includes(':') ? `[${host}]` : escapeUnsafe(host)}:${port}`;
}
