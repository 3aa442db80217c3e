/**
 * An answer of the app to Node's response. Written here and not by the adapter's listener, because that one prints
 * what breaks on the console, and to the caller.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { noLongerNeeded } from '../shared/abort.ts';

/** Resolves when all of it is written, or the caller has gone, or the answer broke, which ends the connection. */
export async function sendAnswer(answer: Response, outgoing: ServerResponse): Promise<void> {
	const headers = Object.fromEntries(answer.headers);
	if (answer.body === null) outgoing.writeHead(answer.status, headers).end();
	else if (isWhole(headers)) {
		const bytes = await answer.bytes();
		outgoing.writeHead(answer.status, { ...headers, 'content-length': bytes.length }).end(bytes);
	} else await sendStream(answer.body, outgoing.writeHead(answer.status, headers));
}

/** Whether the answer is ready, small and of unknown length: everything but results. */
function isWhole(headers: Readonly<Record<string, string>>): boolean {
	return headers['content-type'] === 'application/json' && headers['content-length'] === undefined;
}

async function sendStream(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
	const reader = body.getReader();
	const gone = new AbortController();
	outgoing.once('close', () => {
		gone.abort(noLongerNeeded);
		reader.cancel(noLongerNeeded).catch(() => undefined);
	});
	// Together with the first piece, if there is one soon.
	const flushing = setImmediate(() => outgoing.flushHeaders());
	try {
		for (;;) {
			const { done, value } = await reader.read();
			clearImmediate(flushing);
			if (done || gone.signal.aborted) break;
			if (!outgoing.write(value)) await once(outgoing, 'drain', { signal: gone.signal });
		}
		outgoing.end();
	} catch {
		// An answer that was cut has no end, by which the caller knows.
		outgoing.destroy();
	} finally {
		clearImmediate(flushing);
	}
}
