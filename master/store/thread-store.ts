/**
 * The SQLite store in a thread of its own, so that a commit never holds up the master's dispatch: a batch of
 * thousands of rows takes tens of milliseconds, in which workers would run dry.
 */
import { Worker } from 'node:worker_threads';
import { PingpoolError } from '../../shared/errors.ts';
import type { LedgerPages } from '../dispatch/rules/ledger.ts';
import type { RowSink } from './buffered-store.ts';
import { BufferedStore } from './buffered-store.ts';
import type { RowBuffer } from './row-buffer.ts';
import type { SqliteStoreOptions } from './sqlite.ts';
import type { HeldStore, KeptCounts, NewRun, RunCounts, RunEnd, RunRecord, Store } from './store.ts';
import type { Call, CallValue, FromThread, ThreadOptions, ToThread, WrittenRows } from './thread-messages.ts';
import { unpackError } from './thread-messages.ts';

interface Pending {
	readonly resolve: (value: CallValue) => void;
	readonly reject: (error: Error) => void;
}

/**
 * Starts the thread and opens the database in it.
 *
 * @throws PingpoolError `database`; a file that is not ours is left as it is
 */
export async function openThreadStore(options: SqliteStoreOptions): Promise<Store> {
	const held = await holdThreadStore(options);
	return held.open();
}

/**
 * Starts the thread, which keeps other masters off the database and looks into it.
 *
 * @throws PingpoolError `database`; nothing is held then
 */
export function holdThreadStore({
	path,
	onNotice,
	busyTimeoutMs,
	lockWaitMs,
	durability,
	identity,
}: SqliteStoreOptions): Promise<HeldStore> {
	const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
	const thread = new Worker(new URL(`./thread-main${extension}`, import.meta.url), {
		name: 'pingpool-store',
		// Rows are dead when they are written: room for more of them would only be taken (young-generation.ts).
		resourceLimits: { maxYoungGenerationSizeMb: 8 },
	});
	const { promise: lost, reject: tellLost } = Promise.withResolvers<never>();
	// Whoever waits for something else meanwhile is told; nobody need be.
	lost.catch(() => undefined);
	return new Promise((resolve, reject) => {
		const sink = new ThreadSink(thread);
		thread.on('message', (message: FromThread) => {
			if (message.type === 'held') resolve(heldStore(sink, message.lastRun, lost));
			else if (message.type === 'notice') onNotice?.(message.message);
			else if (message.type === 'failed' && message.id === undefined) reject(unpackError(message.error));
			else sink.settle(message);
		});
		const ended = (cause: unknown): void => {
			const error = new PingpoolError('internal', 'the thread of the database ended', { cause });
			sink.lost(error);
			tellLost(error);
			reject(error);
		};
		thread.once('error', ended);
		thread.once('exit', () => ended(undefined));
		const options: ThreadOptions = { path, busyTimeoutMs, lockWaitMs, durability, identity };
		thread.postMessage(options);
	});
}

function heldStore(sink: ThreadSink, lastRun: RunRecord | undefined, lost: Promise<never>): HeldStore {
	let store: Store | undefined;
	return {
		lastRun,
		lost,
		async open() {
			try {
				await sink.open();
			} catch (error) {
				await sink.close();
				throw error;
			}
			store = new BufferedStore(sink);
			return store;
		},
		close: () => (store ?? sink).close(),
	};
}

/** The way to the thread. */
class ThreadSink implements RowSink {
	readonly #thread: Worker;
	readonly #pending = new Map<number, Pending>();
	#nextId = 0;
	#lost: Error | undefined;
	#closing: Promise<void> | undefined;

	constructor(thread: Worker) {
		this.#thread = thread;
	}

	async open(): Promise<void> {
		await this.#call({ method: 'open' });
	}

	async lastRun(): Promise<RunRecord | undefined> {
		return (await this.#call({ method: 'lastRun' })) as RunRecord | undefined;
	}

	async continueRun(runId: number): Promise<LedgerPages> {
		return (await this.#call({ method: 'continueRun', runId })) as LedgerPages;
	}

	async countsOf(runId: number): Promise<KeptCounts | undefined> {
		return (await this.#call({ method: 'countsOf', runId })) as KeptCounts | undefined;
	}

	async startRun(run: NewRun): Promise<number> {
		return (await this.#call({ method: 'startRun', run })) as number;
	}

	async write(runId: number, buffer: RowBuffer, workers: readonly string[]): Promise<void> {
		const { memory, length } = buffer;
		const rows: WrittenRows = { runId, memory, length, texts: buffer.texts(), workers };
		await this.#call({ method: 'write', rows });
	}

	async finishRun(runId: number, end: RunEnd): Promise<RunCounts> {
		return (await this.#call({ method: 'finishRun', runId, end })) as RunCounts;
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		if (this.#lost !== undefined) return;
		const exited = new Promise((resolve) => this.#thread.once('exit', resolve));
		try {
			await this.#call({ method: 'close' });
		} finally {
			await exited;
		}
	}

	/** Takes the thread's answer to a call. */
	settle(message: Exclude<FromThread, { type: 'held' | 'notice' }>): void {
		const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
		if (message.id === undefined || pending === undefined) return;
		this.#pending.delete(message.id);
		if (message.type === 'done') pending.resolve(message.value);
		else pending.reject(unpackError(message.error));
	}

	/** The thread is gone. */
	lost(error: Error): void {
		this.#lost ??= error;
		for (const pending of this.#pending.values()) pending.reject(error);
		this.#pending.clear();
	}

	#call(call: Call): Promise<CallValue> {
		if (this.#lost !== undefined) return Promise.reject(this.#lost);
		const id = this.#nextId;
		this.#nextId += 1;
		const message: ToThread = { ...call, id };
		return new Promise((resolve, reject) => {
			this.#pending.set(id, { resolve, reject });
			this.#thread.postMessage(message);
		});
	}
}
