/**
 * The SQLite store in a thread of its own, so that a commit never holds up the master's dispatch: a batch of
 * thousands of rows takes tens of milliseconds, in which workers would run dry.
 */
import { Worker } from 'node:worker_threads';
import { PingpoolError } from '../../shared/errors.ts';
import type { SqliteStoreOptions } from './sqlite.ts';
import type { NewRun, RunCounts, RunEnd, Store, StoredRows } from './store.ts';
import type { Call, FromThread, ThreadOptions, ToThread } from './thread-messages.ts';
import { buffersOf, packRows, unpackError } from './thread-messages.ts';

/** Rows that may be on their way to the thread before `append` makes its caller wait. */
const rowsUnderWayMax = 65_536;

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
	after = Promise.resolve(),
}: ThreadStoreOptions): Promise<Store> {
	const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
	const thread = new Worker(new URL(`./thread-main${extension}`, import.meta.url), {
		name: 'pingpool-store',
	});
	return new Promise((resolve, reject) => {
		const store = new ThreadStore(thread);
		thread.on('message', (message: FromThread) => {
			if (message.type === 'open') resolve(store);
			else if (message.type === 'notice') onNotice?.(message.message);
			else if (message.type === 'failed' && message.id === undefined) reject(unpackError(message.error));
			else store.settle(message);
		});
		const ended = (cause: unknown): void => {
			const error = new PingpoolError('internal', 'the thread of the database ended', { cause });
			store.lost(error);
			reject(error);
		};
		thread.once('error', ended);
		thread.once('exit', () => ended(undefined));
		const options: ThreadOptions = { path, busyTimeoutMs };
		after.then(
			() => thread.postMessage(options),
			(error) => {
				reject(error);
				void thread.terminate();
			},
		);
	});
}

class ThreadStore implements Store {
	readonly #thread: Worker;
	readonly #pending = new Map<number, Pending>();
	#nextId = 0;
	#rowsUnderWay = 0;
	/** of appends that nobody waits for: told to the next caller */
	#failure: Error | undefined;
	#lost: Error | undefined;
	#closing: Promise<void> | undefined;

	constructor(thread: Worker) {
		this.#thread = thread;
	}

	async startRun(run: NewRun): Promise<number> {
		return (await this.#call({ method: 'startRun', run })) as number;
	}

	async append(rows: StoredRows): Promise<void> {
		this.#throwFailure();
		const { length } = rows.block;
		if (length === 0) return;
		const packed = packRows(rows);
		this.#rowsUnderWay += length;
		const taken = this.#call({ method: 'append', rows: packed }, buffersOf(packed)).then(
			() => undefined,
			(error: Error) => {
				this.#failure ??= error;
			},
		);
		const settled = taken.finally(() => {
			this.#rowsUnderWay -= length;
		});
		if (this.#rowsUnderWay <= rowsUnderWayMax) return;
		await settled;
		this.#throwFailure();
	}

	async flush(): Promise<void> {
		await this.#call({ method: 'flush' });
		this.#throwFailure();
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

	#call(call: Call, transfer: ArrayBuffer[] = []): Promise<number | RunCounts | undefined> {
		if (this.#lost !== undefined) return Promise.reject(this.#lost);
		const id = this.#nextId;
		this.#nextId += 1;
		const message: ToThread = { ...call, id };
		return new Promise((resolve, reject) => {
			this.#pending.set(id, { resolve, reject });
			this.#thread.postMessage(message, transfer);
		});
	}

	#throwFailure(): void {
		const failure = this.#failure;
		this.#failure = undefined;
		if (failure !== undefined) throw failure;
	}
}
