/**
 * A worker that dies of a host: the real app, behind a probe that sends nothing, writes down the hosts that it is asked
 * for, says that each is up, and kills its own process when one of them is the deadly one, before which it writes down
 * `died PORT MS`, the time of day. Prints its URL.
 *
 * usage: deadly-host-worker.ts <port> <deadly host> <file of hosts>
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { systemClock } from '../../../shared/clock.ts';
import { createApp } from '../../../worker/app.ts';
import { buildCapabilities } from '../../../worker/capabilities.ts';
import type { Probe } from '../../../worker/probes/probe.ts';
import { blockOf } from '../../master/dispatch/fake-link.ts';

const [port, deadly, path] = process.argv.slice(2);

const probe: Probe = {
	name: 'icmp',
	async run({ hosts, report, left, signal }) {
		appendFileSync(path!, hosts.map(({ target }) => `${target.text}\n`).join(''));
		left(hosts.length, 0);
		// Some time in which requests are under way together.
		await systemClock.sleep(20, signal);
		if (hosts.some(({ target }) => target.text === deadly)) {
			appendFileSync(path!, `died ${port} ${Date.now()}\n`);
			process.kill(process.pid, 'SIGKILL');
		}
		const index = hosts.map((host) => host.index);
		report({ ...blockOf(index, 'up'), rttMs: index.map(() => 1) });
	},
};

const app = createApp({
	capabilities: buildCapabilities({
		runtime: 'node',
		probes: ['icmp'],
		icmp: 'datagram',
		ratePerSecondMax: 2_000,
	}),
	probes: [probe],
	resolver: undefined,
	tokens: 'none',
});
const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
server.listen(Number(port), '127.0.0.1', () =>
	console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
