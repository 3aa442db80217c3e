/** One worker on Node and one in Cloudflare's runtime, which share a list of every kind of target. */
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Running } from '../process.ts';
import { testUnless, withoutEchoSockets } from '../requirements.ts';
import { closedPort, listening } from '../servers.ts';
import { startMsMax, startWrangler } from '../worker/wrangler.ts';
import type { StartedWorker } from './command-line.ts';
import { token, Workspace } from './command-line.ts';

const allow = '127.0.0.0/8';
const pages = 150;
const pings = 256;

const space = new Workspace();
let cloudflare: Running;
let cloudflareUrl: string;
let node: StartedWorker;
const web = createServer(async (request, response) => {
	await isNextToAnswer(request.headers['user-agent'] ?? '');
	response.writeHead(request.url === '/broken' ? 500 : 200).end('fine');
});

/** Resolves for the worker on Node when there are answers of the other one's, and then for that one when there are of
 * both: whichever is quicker, neither is left without one. */
async function isNextToAnswer(userAgent: string): Promise<void> {
	const isNode = userAgent.includes('worker-on-node');
	while (web.listening) {
		const [ofNode, ofCloudflare] = [node.url, cloudflareUrl].map((url) =>
			space.count(`SELECT count(*) FROM results WHERE worker = '${url}' AND host LIKE 'http://%'`),
		);
		if (ofCloudflare! > 0 ? isNode || ofNode! > 0 : !isNode) return;
		await setTimeout(50);
	}
}

beforeAll(async () => {
	const settings = [`PINGPOOL_TOKEN=${token}`, `PINGPOOL_ALLOW=${allow}`, 'PINGPOOL_PROBES=40'];
	space.write('vars', settings);
	[node, [cloudflare, cloudflareUrl]] = await Promise.all([
		space.worker(['--allow', allow, '--contact', 'worker-on-node']),
		startWrangler(space.path('vars'), space.folder),
	]);
}, startMsMax + 10_000);
afterAll(async () => {
	await cloudflare?.[Symbol.asyncDispose]();
	await node?.running[Symbol.asyncDispose]();
	space[Symbol.dispose]();
});

let port: number;
beforeEach(async () => {
	port = await listening(web);
});
afterEach(async () => {
	web.closeAllConnections();
	await new Promise((resolve) => web.close(resolve));
});

testUnless(
	withoutEchoSockets(),
	'gives every target its answer, from a worker that can give it',
	async () => {
		const closed = await closedPort();
		space.write('hosts.txt', [
			'127.0.8.0/24',
			`tcp://127.0.0.1:${port}`,
			`tcp://127.0.0.1:${closed}`,
			`http://127.0.0.1:${port}/broken`,
			...Array.from({ length: pages }, (_, i) => `http://127.0.0.1:${port}/page-${i}`),
		]);
		space.write('workers.txt', [`${node.url} token=${token}`, `${cloudflareUrl} token=${token}`]);
		const { code, stdout, stderr } = await space.master([
			...['--workers', 'workers.txt', '--timeout', '60000', '--chunk', '5', '--concurrency', '1', '--json'],
		]);
		expect([code, stderr]).toEqual([
			0,
			expect.stringMatching(/: icmp \(\w+\), tcp, http\n[\s\S]*: tcp, http\n|: tcp, http\n[\s\S]*: icmp/),
		]);
		expect(JSON.parse(stdout)).toMatchObject({
			hosts: pings + 3 + pages,
			up: pings + 1 + pages,
			down: 2,
			error: 0,
		});
		expect(space.rows("SELECT host, status, reason FROM hosts WHERE status <> 'up' ORDER BY reason")).toEqual(
			[
				{ host: `http://127.0.0.1:${port}/broken`, status: 'down', reason: 'http-5xx' },
				// Cloudflare's runtime can not tell; its "error" is asked again, of the other worker.
				{ host: `tcp://127.0.0.1:${closed}`, status: 'down', reason: 'refused' },
			],
		);
		// Only one of the two can ping; what both can do, both have done.
		const share = (kind: string): Record<string, number> =>
			Object.fromEntries(
				space
					.rows<{ worker: string; n: number }>(
						`SELECT worker, count(*) AS n FROM results WHERE host LIKE '${kind}%' GROUP BY 1`,
					)
					.map(({ worker, n }) => [worker, n]),
			);
		expect(share('127.0.8.')).toEqual({ [node.url]: pings });
		const http = share('http://');
		expect(Object.keys(http).sort()).toEqual([node.url, cloudflareUrl].sort());
	},
);
