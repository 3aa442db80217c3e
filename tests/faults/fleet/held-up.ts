/**
 * Preloaded into a master (`--import`): holds its event loop for HELD_UP_MS once, when it has sent its 20th message to a
 * worker.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isMainThread } from 'node:worker_threads';

const ms = Number(process.env.HELD_UP_MS);
const channel = 'undici:client:sendHeaders';
let messages = 0;

function count(): void {
	messages += 1;
	if (messages < 20) return;
	unsubscribe(channel, count);
	// Not within the request itself: its head is on its way when nothing moves any more.
	setImmediate(() => {
		process.stderr.write('held up\n');
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
	});
}

if (isMainThread) subscribe(channel, count);
