/** Inside the store's thread: one SQLite database, called by messages. */
import { parentPort } from 'node:worker_threads';
import type { RowSink } from './buffered-store.ts';
import { RowBuffer } from './row-buffer.ts';
import { openSqliteSink } from './sqlite.ts';
import type { Call, FromThread, ThreadOptions, ToThread } from './thread-messages.ts';
import { packError } from './thread-messages.ts';

const port = parentPort!;

function post(message: FromThread): void {
	port.postMessage(message);
}

function perform(store: RowSink, call: Call) {
	switch (call.method) {
		case 'startRun':
			return store.startRun(call.run);
		case 'write': {
			const { runId, workers, ...shared } = call.rows;
			return store.write(runId, new RowBuffer(shared), workers);
		}
		case 'finishRun':
			return store.finishRun(call.runId, call.end);
		case 'close':
			return store.close();
	}
}

async function serve(store: RowSink, { id, ...call }: ToThread): Promise<void> {
	try {
		post({ type: 'done', id, value: (await perform(store, call)) ?? undefined });
	} catch (error) {
		post({ type: 'failed', id, error: packError(error) });
	}
	if (call.method === 'close') port.close();
}

function open({ path, busyTimeoutMs, durability }: ThreadOptions): void {
	try {
		const store = openSqliteSink({
			path,
			onNotice: (message) => post({ type: 'notice', message }),
			...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }),
			...(durability === undefined ? {} : { durability }),
		});
		// The database works synchronously inside, so calls end in the order in which they came.
		port.on('message', (message: ToThread) => void serve(store, message));
		post({ type: 'open' });
	} catch (error) {
		post({ type: 'failed', id: undefined, error: packError(error) });
	}
}

port.once('message', open);
