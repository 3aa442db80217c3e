/**
 * The main thread's side of the socket engine: jobs go to the thread, results come back in blocks. Should the
 * thread end, every running job is rejected and the next one starts a new thread.
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { PingpoolError } from '../../shared/errors.ts';
import type { Pacer } from '../../shared/pacer.ts';
import type { ProbeRates } from '../rates/probe-rates.ts';
import type { EchoCounters, EchoEngine, EchoJob } from './echo-engine.ts';
import { asBlock } from './echo-results.ts';
import { packJob } from './job-messages.ts';
import type { FromThread, SocketMode, ThreadSetup, ToThread } from './thread-messages.ts';
import { counterNames } from './thread-messages.ts';

interface Running {
	readonly job: EchoJob;
	readonly resolve: () => void;
	readonly reject: (reason: unknown) => void;
	readonly onAbort: () => void;
}

type Opened = Extract<FromThread, { type: 'open' }>;

export interface SocketEngineOptions {
	readonly pacer: Pacer;
	/** ceilings beside the pacer's, on shared memory. Default: none */
	readonly rates?: ProbeRates | undefined;
	readonly modes: readonly SocketMode[];
}

/** @returns the engine, or why no socket could be opened */
export async function openSocketEngine(options: SocketEngineOptions): Promise<EchoEngine | string> {
	const engine = new SocketEngine(options);
	const opened = await engine.open();
	return typeof opened === 'string' ? opened : engine;
}

class SocketEngine implements EchoEngine {
	mode: SocketMode = 'datagram';
	families = { ipv4: false, ipv6: false };
	readonly #options: SocketEngineOptions;
	readonly #paceCell: BigInt64Array<SharedArrayBuffer>;
	readonly #counters = new Float64Array(new SharedArrayBuffer(8 * counterNames.length));
	readonly #running = new Map<number, Running>();
	#thread: Worker | undefined;
	#opening: Promise<Opened | string> | undefined;
	#nextId = 1;
	#closed = false;

	constructor(options: SocketEngineOptions) {
		this.#options = options;
		const { cell } = options.pacer;
		if (!(cell.buffer instanceof SharedArrayBuffer)) {
			throw new TypeError('the pacer of a socket engine needs a cell on a SharedArrayBuffer');
		}
		this.#paceCell = cell as BigInt64Array<SharedArrayBuffer>;
	}

	/** Starts the thread, once. @returns what it opened, or why nothing */
	open(): Promise<Opened | string> {
		this.#opening ??= this.#start().then((opened) => {
			if (typeof opened === 'string') this.#opening = undefined;
			else {
				this.mode = opened.mode;
				this.families = { ipv4: opened.ipv4, ipv6: opened.ipv6 };
			}
			return opened;
		});
		return this.#opening;
	}

	#start(): Promise<Opened | string> {
		return new Promise((resolve) => {
			// The thread's file has the extension of this one: .ts in a checkout, .js in a package.
			const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
			const rates = this.#options.rates?.forThread();
			const random = new Int32Array(new Uint8Array(randomBytes(12)).buffer);
			const workerData: ThreadSetup = {
				modes: this.#options.modes,
				ratePerSecond: this.#options.pacer.ratePerSecond,
				paceCell: this.#paceCell,
				gate: rates?.setup,
				counters: this.#counters,
				secret: [random[0]!, random[1]!, random[2]!],
			};
			const thread = new Worker(new URL(`./engine-thread.node${extension}`, import.meta.url), {
				name: 'pingpool-icmp',
				workerData,
				stdin: false,
			});
			this.#thread = thread;
			const ended = (cause: unknown): void => {
				rates?.ended();
				resolve(cause instanceof Error ? cause.message : 'its thread ended');
				this.#ended(thread, cause);
			};
			thread.on('message', (message: FromThread) => {
				if (message.type === 'open') {
					resolve(message);
					if (this.#running.size === 0) thread.unref();
				} else if (message.type === 'unavailable') resolve(message.why);
				else this.#receive(message);
			});
			thread.once('error', ended);
			thread.once('exit', () => ended(undefined));
		});
	}

	/** The thread is gone, and with it all that was under way in it. */
	#ended(thread: Worker, cause: unknown): void {
		if (this.#thread !== thread) return;
		this.#thread = undefined;
		this.#opening = undefined;
		for (const id of [...this.#running.keys()]) {
			this.#settle(id)?.reject(new PingpoolError('internal', 'the ICMP engine stopped', { cause }));
		}
	}

	async run(job: EchoJob): Promise<void> {
		job.signal.throwIfAborted();
		if (this.#closed) throw new PingpoolError('internal', 'the ICMP engine is closed');
		if (job.addresses.length === 0) return;
		const opened = await this.open();
		if (typeof opened === 'string') {
			throw new PingpoolError('internal', `the ICMP engine could not be opened again: ${opened}`);
		}
		job.signal.throwIfAborted();
		const thread = this.#thread;
		if (thread === undefined) throw new PingpoolError('internal', 'the ICMP engine stopped');
		return new Promise((resolve, reject) => {
			const id = this.#nextId;
			this.#nextId += 1;
			const onAbort = (): void => this.#send({ type: 'abort', id });
			job.signal.addEventListener('abort', onAbort, { once: true });
			this.#running.set(id, { job, resolve, reject, onAbort });
			thread.ref();
			const message = packJob(id, job, this.#options.rates?.prefixCells);
			const { families, addresses, prefixes } = message;
			const buffers = [families.buffer, addresses.buffer];
			this.#send(message, prefixes === undefined ? buffers : [...buffers, prefixes.buffer]);
		});
	}

	#send(message: ToThread, transfer: ArrayBuffer[] = []): void {
		this.#thread?.postMessage(message, transfer);
	}

	#receive(message: Exclude<FromThread, { type: 'open' | 'unavailable' }>): void {
		if (message.type === 'block') {
			const running = this.#running.get(message.id);
			if (running === undefined || running.job.signal.aborted) return;
			try {
				running.job.report(asBlock(message));
			} catch (error) {
				// Whoever takes the results has failed: its job ends, the others go on.
				this.#send({ type: 'abort', id: message.id });
				this.#settle(message.id)?.reject(error);
			}
		} else if (message.type === 'left') {
			const running = this.#running.get(message.id);
			if (running?.job.signal.aborted === false) running.job.left(message.waitMs);
		} else if (message.type === 'done') {
			const running = this.#settle(message.id);
			if (running?.job.signal.aborted) running.reject(running.job.signal.reason);
			else running?.resolve();
		} else {
			const running = this.#settle(message.id);
			running?.reject(running.job.signal.reason);
		}
	}

	#settle(id: number): Running | undefined {
		const running = this.#running.get(id);
		if (running === undefined) return undefined;
		this.#running.delete(id);
		running.job.signal.removeEventListener('abort', running.onAbort);
		// An idle engine keeps no process alive.
		if (this.#running.size === 0) this.#thread?.unref();
		return running;
	}

	counters(): EchoCounters {
		const [sent, received, late, duplicate, forged, corrupted, truncated, dropped, sendBlocked] = this
			.#counters as unknown as number[];
		return {
			sent: sent!,
			received: received!,
			late: late!,
			duplicate: duplicate!,
			forged: forged!,
			corrupted: corrupted!,
			truncated: truncated!,
			dropped: dropped!,
			sendBlocked: sendBlocked!,
		};
	}

	async close(): Promise<void> {
		this.#closed = true;
		const thread = this.#thread;
		if (thread === undefined) return;
		const ended = new Promise((resolve) => thread.once('exit', resolve));
		thread.ref();
		this.#send({ type: 'close' });
		await ended;
	}
}
