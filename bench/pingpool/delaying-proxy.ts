/**
 * A TCP proxy on loopback that makes a worker seem far away: `node delaying-proxy.ts PORT DELAY_MS`. Every byte
 * takes DELAY_MS in each direction; throughput is not limited. That a far connection also takes a round trip to
 * open is not imitated. Started with an IPC channel: sends `{"port"}` when it listens, ends when the channel does.
 */
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { delayStages } from './delay-line.ts';

const [port, delayMs] = process.argv.slice(2).map(Number);

function carry(from: Socket, to: Socket): void {
	const [stamp, passOn] = delayStages(delayMs!, () => performance.now());
	pipeline(from, stamp, passOn, to, (error) => {
		// A side that breaks takes the other one along.
		if (error) for (const socket of [from, to]) socket.destroy();
	});
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
	const far = connect({ port: port!, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
	carry(near, far);
	carry(far, near);
});
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());
