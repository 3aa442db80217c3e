/**
 * A worker that answers at once: every host is up. Its process shares the cores with the master that it is to
 * measure, so it does as little as it can: it reads the request, counts its hosts, and sends bytes that the real
 * worker's code made for the first request of that size. So it speaks whatever a worker speaks.
 *
 * Started with an IPC channel. Sends `{"port"}` when it listens, and `{"answered"}`, the hosts so far, every
 * 50 ms while that changes. Ends when the channel does.
 */
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { decodeRequest } from '../../shared/columns.ts';
import { statusCode } from '../../shared/outcome.ts';
import type { PingRequestBody } from '../../shared/protocol.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import { createApp } from '../../worker/app.ts';
import { buildCapabilities } from '../../worker/capabilities.ts';
import type { ProbeBatch } from '../../worker/probes/probe.ts';

const reportMs = 50;
/** Sizes of requests whose answers are kept. */
const answersMax = 64;

/** Round-trip times from 0.1 to 1.1 ms. */
function answerAtOnce({ hosts, report, left }: ProbeBatch): Promise<void> {
	const { length } = hosts;
	const ones = new Uint16Array(length).fill(1);
	left(length, 0);
	report({
		...{ length, address: undefined, rtt: undefined, sent: ones, received: ones },
		index: Uint32Array.from(hosts, ({ index }) => index),
		status: new Uint8Array(length).fill(statusCode('up')),
		reason: new Uint8Array(length),
		rttMs: Float64Array.from({ length }, (_, i) => 0.1 + ((i * 7919) % 1000) / 1000),
	});
	return Promise.resolve();
}

const app = createApp({
	capabilities: {
		...buildCapabilities({ runtime: 'node', probes: ['icmp'], icmp: 'datagram', ratePerSecondMax: 0 }),
		// Its answers were made for other requests.
		requestIds: false,
	},
	probes: [{ name: 'icmp', run: answerAtOnce }],
	resolver: { resolve: async () => ({ address: { family: 4, value: 0x0a00_0001 } }) },
	tokens: 'none',
});

interface Answer {
	readonly type: string;
	readonly body: Uint8Array;
}

/** By the form that was asked for and the number of hosts. */
const answers = new Map<string, Answer>();
let answered = 0;

async function answerTo(request: IncomingMessage): Promise<Answer> {
	const { url, method, headers } = request;
	if (method !== 'POST') return answerOfApp(new Request(`http://localhost${url}`));
	const body = await buffer(request);
	const { accept = '', 'content-type': type = '' } = headers;
	const { length } =
		type === mediaTypes.columns
			? decodeRequest(body).ipv4
			: (JSON.parse(body.toString()) as PingRequestBody).hosts;
	const key = `${accept} ${length}`;
	let answer = answers.get(key);
	if (answer === undefined) {
		const init = { method, body, headers: { accept, 'content-type': type } };
		answer = await answerOfApp(new Request(`http://localhost${url}`, init));
		if (answers.size < answersMax) answers.set(key, answer);
	}
	answered += length;
	return answer;
}

async function answerOfApp(request: Request): Promise<Answer> {
	const response = await app.fetch(request);
	return { type: response.headers.get('content-type') ?? '', body: await response.bytes() };
}

const server = createServer((request, response) => {
	answerTo(request).then(
		({ type, body }) => {
			response.setHeader('content-type', type);
			response.end(body);
		},
		// Whoever asked has gone, or asked for nonsense.
		(error: unknown) => response.destroy(error as Error),
	);
});
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));

let reported = 0;
setInterval(() => {
	if (answered === reported) return;
	reported = answered;
	process.send!({ answered });
}, reportMs);
process.once('disconnect', () => process.exit());
