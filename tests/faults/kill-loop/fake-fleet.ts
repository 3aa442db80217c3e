/**
 * Workers over HTTP with hosts that do not exist: the real worker's app, behind a probe that sends nothing, writes
 * down what it was asked, and answers after some milliseconds, in two parts. The same host answers differently
 * every time that it is asked, so that every stored answer can be told from all others.
 */
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { systemClock } from '../../../shared/clock.ts';
import { parseIp } from '../../../shared/ip.ts';
import { reasonCode, statusCode } from '../../../shared/outcome.ts';
import type { Random } from '../../../shared/random.ts';
import { createApp } from '../../../worker/app.ts';
import { buildCapabilities } from '../../../worker/capabilities.ts';
import type { Probe, ProbeHost } from '../../../worker/probes/probe.ts';
import { listening } from '../../servers.ts';
import type { HostLog } from './host-log.ts';

/** The longest that a host takes to answer. */
const answerMsMax = 40;
/** Below the master's default timeout. */
const rttUsMax = 900_000;

export interface FakeWorker extends AsyncDisposable {
	readonly url: string;
	/** Resolves when nothing is connected and no request is under way. */
	idle(): Promise<void>;
}

export async function startFakeWorker(log: HostLog, random: Random): Promise<FakeWorker> {
	let connections = 0;
	let requests = 0;
	const waiting: (() => void)[] = [];
	const changed = (): void => {
		if (connections === 0 && requests === 0) for (const resolve of waiting.splice(0)) resolve();
	};
	const app = createApp({
		capabilities: buildCapabilities({
			runtime: 'node',
			probes: ['icmp'],
			icmp: 'datagram',
			ratePerSecondMax: 0,
		}),
		probes: [fakeProbe(log, random)],
		resolver: { resolve: async () => ({ address: parseIp('10.255.0.1')! }) },
		tokens: 'none',
		log: () => {
			requests -= 1;
			changed();
		},
	});
	const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
	server.on('connection', (socket) => {
		connections += 1;
		socket.once('close', () => {
			connections -= 1;
			changed();
		});
	});
	server.prependListener('request', ({ method }) => {
		// One entry of the log for each.
		if (method === 'POST') requests += 1;
	});
	return {
		url: `http://127.0.0.1:${await listening(server)}`,
		idle: () =>
			new Promise((resolve) => {
				waiting.push(resolve);
				changed();
			}),
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

function fakeProbe(log: HostLog, random: Random): Probe {
	return {
		name: 'icmp',
		async run({ hosts, report, left, signal }) {
			for (const { target } of hosts) log.asked(target.text);
			left(hosts.length, 0);
			const cut = random.below(hosts.length + 1);
			for (const part of [hosts.slice(0, cut), hosts.slice(cut)]) {
				await systemClock.sleep(random.below(answerMsMax), signal);
				if (part.length > 0) report(blockOf(part, log, random));
			}
		},
	};
}

function blockOf(hosts: readonly ProbeHost[], log: HostLog, random: Random) {
	const rtts = hosts.map(() => (random.below(8) === 0 ? undefined : 1 + random.below(rttUsMax)));
	for (const [i, { target }] of hosts.entries()) {
		log.gave(target.text, rtts[i] === undefined ? 'down' : 'up', rtts[i]);
	}
	return {
		length: hosts.length,
		index: hosts.map(({ index }) => index),
		status: rtts.map((rtt) => statusCode(rtt === undefined ? 'down' : 'up')),
		reason: rtts.map((rtt) => reasonCode(rtt === undefined ? 'timeout' : '')),
		address: undefined,
		sent: rtts.map((rtt) => (rtt === undefined ? 2 : 1)),
		received: rtts.map((rtt) => (rtt === undefined ? 0 : 1)),
		rttMs: rtts.map((rtt) => (rtt === undefined ? Number.NaN : rtt / 1_000)),
		rtt: undefined,
	};
}
