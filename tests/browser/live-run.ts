/**
 * A run of real processes, to be looked at: four workers on loopback, a master, and a list in which every status is but
 * `unresolved` (names would be asked for beyond loopback). The first hosts of the list are of a server that answers when
 * it is told to: so the run goes on for as long as somebody looks, and each worker has a request under way.
 */
import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Running } from '../process.ts';
import { closedPort, listening } from '../servers.ts';

export interface LiveRunOptions {
	/** hosts of the list, at least 1,000 */
	readonly hosts: number;
	/** probes per second of each worker */
	readonly workerRate: number;
}

export interface StartedRun extends AsyncDisposable {
	readonly space: Workspace;
	/** of the dashboard */
	readonly url: string;
	readonly master: Running;
	/** as the page names them */
	readonly workers: readonly string[];
	/** what is in the list */
	readonly list: { readonly hosts: number; readonly refused: number; readonly held: number };
	/** ends a worker at once */
	kill(worker: number): void;
	/** lets the hosts answer that were held */
	release(): void;
}

const refusedHosts = 200;
const chunkHosts = 100;
/** A chunk for each worker, and one more. */
const heldHosts = 5 * chunkHosts;
const firstAddress = 0x7f0a_0000;

/** Lets the run before have found hosts down that are up, and the other way round. */
const swapSome = `
	UPDATE answers SET rtt_us = 900, outcome = (SELECT min(outcome) FROM answers WHERE rtt_us IS NOT NULL)
	WHERE id & 0xffffffff BETWEEN 20 AND 29;
	UPDATE answers SET rtt_us = NULL, outcome = (SELECT outcome FROM answers WHERE id & 0xffffffff = 30)
	WHERE id & 0xffffffff BETWEEN 100 AND 119`;

/** Starts a small run to its end, and then this one, of which the first requests are out when it resolves. */
export async function startLiveRun({ hosts, workerRate }: LiveRunOptions): Promise<StartedRun> {
	const space = new Workspace();
	const cleanUp = new AsyncDisposableStack();
	cleanUp.defer(() => space[Symbol.dispose]());
	try {
		const gate = new Gate();
		cleanUp.use(gate);
		const port = await listening(gate.server);
		const closed = await closedPort();
		const pings = hosts - refusedHosts - heldHosts;
		const refused = Array.from({ length: refusedHosts }, (_, i) => `tcp://127.9.0.${i + 1}:${closed}`);
		const lines = [
			...Array.from({ length: heldHosts }, (_, i) => `http://127.0.0.1:${port}/held-${i}`),
			...refused,
			`${address(0)}-${address(pings - 1)}`,
		];
		space.write('hosts.txt', lines);
		// Some of the hosts of this run, and some others.
		space.write('before.txt', [
			...refused.slice(20, 60),
			`${address(0)}-${address(pings >> 3)}`,
			'127.8.0.0/26',
		]);
		const settings = ['--allow', '127.0.0.0/8', '--deny', `${address(0x200)}/24`, '--deny', '127.9.0.0/28'];
		const started = await Promise.all(
			[1, 2, 3, 4].map(async () => {
				const worker = await space.worker(['--rate', String(workerRate), ...settings]);
				cleanUp.use(worker.running);
				return worker;
			}),
		);
		space.write(
			'workers.txt',
			started.map((worker) => worker.url),
		);
		const env = { PINGPOOL_TOKEN: token, PINGPOOL_DASHBOARD: '127.0.0.1:0' };
		// Nothing in these lists is lost on the way: on a crowded machine, too, no answer is too late.
		const shared = ['--workers', 'workers.txt', '--timeout', '60000'];
		const before = await space.master(['--hosts', 'before.txt', '--no-dashboard', ...shared], { env });
		if (before.code !== 0) throw new Error(`the run before ended with ${before.code}: ${before.stderr}`);
		space.change(swapSome);

		// Those that are held wait for ten minutes, if nobody releases them.
		const patiently = ['--attempts', '10', '--chunk', String(chunkHosts)];
		const master = cleanUp.use(space.start(['master', ...shared, ...patiently], { env }));
		const [, url] = await master.says(/dashboard: (http:\/\/127\.0\.0\.1:\d+)\//);
		return {
			space,
			url: url!,
			master,
			workers: started.map((worker) => worker.url),
			list: { hosts, refused: refusedHosts, held: heldHosts },
			kill: (worker) => {
				started[worker]!.running.child.kill('SIGKILL');
			},
			release: () => gate.open(),
			[Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
		};
	} catch (error) {
		await cleanUp.disposeAsync();
		throw error;
	}
}

function address(offset: number): string {
	const value = firstAddress + offset;
	return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** A web server that answers nobody until it is opened. */
class Gate implements AsyncDisposable {
	readonly #held = new Set<ServerResponse>();
	#isOpen = false;
	readonly server: Server = createServer((_request, response) => {
		if (this.#isOpen) response.end('fine');
		else this.#held.add(response.once('close', () => this.#held.delete(response)));
	});

	open(): void {
		this.#isOpen = true;
		for (const response of this.#held) response.end('fine');
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}
}
