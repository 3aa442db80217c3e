/**
 * A worker at the other end of a lab's link: it answers for the first host of a request, then says every 50 ms that
 * it is alive. Prints its URL when it listens, and `asked` for every request that arrives.
 *
 * usage: far-worker.ts <address> <port> <instance>
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeBlock } from '../../shared/columns.ts';
import { markFrame } from '../../shared/frames.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import { blockOf, capabilities } from '../master/dispatch/fake-link.ts';

const [host, port, instance] = process.argv.slice(2);

// No connection is closed for its age, on either side, while a test has something done to the link.
const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
	if (request.method === 'GET') {
		response.end(JSON.stringify(capabilities({ instance: instance! })));
		return;
	}
	console.log('asked');
	request.resume();
	response.writeHead(200, { 'content-type': mediaTypes.frames });
	response.write(markFrame({ worker: instance!, hosts: 3 }));
	response.write(encodeBlock(blockOf([0], 'up')));
	const timer = setInterval(() => response.write(markFrame({ alive: true })), 50);
	response.once('close', () => clearInterval(timer));
});
server.listen(Number(port), host, () =>
	console.log(`http://${host}:${(server.address() as AddressInfo).port}`),
);
