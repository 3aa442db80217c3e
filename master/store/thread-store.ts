/**
 * The SQLite store in a thread of its own, so that a commit never holds up the master's dispatch: a batch of
 * thousands of rows takes tens of milliseconds, in which workers would run dry.
 */
import { Worker } from 'node:worker_threads';
import { PingpoolError } from '../../shared/errors.ts';
import type { RowSink } from './buffered-store.ts';
import { BufferedStore } from './buffered-store.ts';
import type { RowBuffer } from './row-buffer.ts';
import type { SqliteStoreOptions } from './sqlite.ts';
import type { NewRun, RunCounts, RunEnd, Store } from './store.ts';
import type { Call, FromThread, ThreadOptions, ToThread, WrittenRows } from './thread-messages.ts';
import { unpackError } from './thread-messages.ts';

interface Pending {
	readonly resolve: (value: number | RunCounts | undefined) => void;
	readonly reject: (error: Error) => void;
}

export interface ThreadStoreOptions extends SqliteStoreOptions {
	/** The thread starts at once, but opens the database when this has resolved. Default: at once, too */
	readonly after?: Promise<unknown>;
}

/**
 * Starts the thread and opens the database in it.
 *
 * @throws what `after` rejects with; nothing was opened then
 * @throws PingpoolError `database`; a file that is not ours is left as it is
 */
export function openThreadStore({
	path,
	onNotice,
	busyTimeoutMs,
	durability,
	after = Promise.resolve(),
}: ThreadStoreOptions): Promise<Store> {
	const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
	const thread = new Worker(new URL(`./thread-main${extension}`, import.meta.url), {
		name: 'pingpool-store',
		// Rows are dead when they are written: room for more of them would only be taken (young-generation.ts).
		resourceLimits: { maxYoungGenerationSizeMb: 8 },
	});
	return new Promise((resolve, reject) => {
		const sink = new ThreadSink(thread);
		thread.on('message', (message: FromThread) => {
			if (message.type === 'open') resolve(new BufferedStore(sink));
			else if (message.type === 'notice') onNotice?.(message.message);
			else if (message.type === 'failed' && message.id === undefined) reject(unpackError(message.error));
			else sink.settle(message);
		});
		const ended = (cause: unknown): void => {
			const error = new PingpoolError('internal', 'the thread of the database ended', { cause });
			sink.lost(error);
			reject(error);
		};
		thread.once('error', ended);
		thread.once('exit', () => ended(undefined));
		const options: ThreadOptions = { path, busyTimeoutMs, durability };
		after.then(
			() => thread.postMessage(options),
			(error) => {
				reject(error);
				void thread.terminate();
			},
		);
	});
}

/** The way to the thread. */
class ThreadSink implements RowSink {
	readonly #thread: Worker;
	readonly #pending = new Map<number, Pending>();
	#nextId = 0;
	#lost: Error | undefined;

	constructor(thread: Worker) {
		this.#thread = thread;
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

	async close(): Promise<void> {
		if (this.#lost !== undefined) return;
		const exited = new Promise((resolve) => this.#thread.once('exit', resolve));
		try {
			await this.#call({ method: 'close' });
		} finally {
			await exited;
		}
	}

	/** Takes the thread's answer to a call. */
	settle(message: Exclude<FromThread, { type: 'open' | 'notice' }>): void {
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

	#call(call: Call): Promise<number | RunCounts | undefined> {
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
