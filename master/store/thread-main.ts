/** Inside the store's thread: one SQLite database, called by messages. */
import { parentPort } from 'node:worker_threads';
import type { RowSink } from './buffered-store.ts';
import { RowBuffer } from './row-buffer.ts';
import type { HeldDatabase } from './sqlite.ts';
import { holdSqlite } from './sqlite.ts';
import type { Call, CallValue, FromThread, ThreadOptions, ToThread } from './thread-messages.ts';
import { packError } from './thread-messages.ts';

const port = parentPort!;

function post(message: FromThread): void {
	port.postMessage(message);
}

class Served {
	readonly #held: HeldDatabase;
	#store: RowSink | undefined;

	constructor(held: HeldDatabase) {
		this.#held = held;
	}

	async serve({ id, ...call }: ToThread): Promise<void> {
		try {
			post({ type: 'done', id, value: (await this.#perform(call)) ?? undefined });
		} catch (error) {
			post({ type: 'failed', id, error: packError(error) });
		}
		if (call.method === 'close') port.close();
	}

	#perform(call: Call): Promise<CallValue> | CallValue | Promise<void> | void {
		// The master opens before it asks for anything else.
		const store = this.#store!;
		switch (call.method) {
			case 'open':
				this.#store = this.#held.open();
				return;
			case 'lastRun':
				return store.lastRun();
			case 'continueRun':
				return store.continueRun(call.runId);
			case 'countsOf':
				return store.countsOf(call.runId);
			case 'startRun':
				return store.startRun(call.run);
			case 'write': {
				const { runId, workers, ...shared } = call.rows;
				return store.write(runId, new RowBuffer(shared), workers);
			}
			case 'finishRun':
				return store.finishRun(call.runId, call.end);
			case 'close':
				return this.#store === undefined ? this.#held.release() : this.#store.close();
		}
	}
}

function hold({ path, busyTimeoutMs, lockWaitMs, durability, identity }: ThreadOptions): void {
	try {
		const held = holdSqlite({
			path,
			onNotice: (message) => post({ type: 'notice', message }),
			...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }),
			...(lockWaitMs === undefined ? {} : { lockWaitMs }),
			...(durability === undefined ? {} : { durability }),
			...(identity === undefined ? {} : { identity }),
		});
		const served = new Served(held);
		// The database works synchronously inside, so calls end in the order in which they came.
		port.on('message', (message: ToThread) => void served.serve(message));
		post({ type: 'held', lastRun: held.lastRun });
	} catch (error) {
		post({ type: 'failed', id: undefined, error: packError(error) });
	}
}

port.once('message', hold);
