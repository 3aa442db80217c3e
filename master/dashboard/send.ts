/**
 * An answer of the app to Node's response. Written here and not by the adapter's listener, because that one shows what
 * breaks to whoever asks, and waits for readers without an end.
 */
import type { ServerResponse } from 'node:http';
import { dashboardDrainMs } from '../../shared/limits.ts';

/**
 * Resolves when all of it has been handed over, or whoever asked has gone, or has not read for too long: then the
 * connection is cut.
 *
 * @param drainMsMax Default: limits.ts
 */
export async function send(
	answer: Response,
	outgoing: ServerResponse,
	drainMsMax = dashboardDrainMs,
): Promise<void> {
	const { body, status } = answer;
	const headers = Object.fromEntries(answer.headers);
	if (body === null) {
		outgoing.writeHead(status, headers).end();
	} else if (headers['content-type']?.startsWith('text/event-stream')) {
		outgoing.writeHead(status, headers).flushHeaders();
		await sendStream(body, outgoing, drainMsMax);
	} else {
		const bytes = await answer.bytes();
		outgoing.writeHead(status, { ...headers, 'content-length': bytes.length });
		outgoing.end(outgoing.req.method === 'HEAD' ? undefined : bytes);
	}
	if (outgoing.writableFinished || outgoing.destroyed) return;
	await closed(outgoing, drainMsMax);
}

async function sendStream(
	body: ReadableStream<Uint8Array>,
	outgoing: ServerResponse,
	drainMsMax: number,
): Promise<void> {
	const reader = body.getReader();
	const cancel = (): void => void reader.cancel().catch(() => undefined);
	outgoing.once('close', cancel);
	try {
		// Closed before there was anybody to hear of it.
		if (outgoing.destroyed) cancel();
		for (;;) {
			const { done, value } = await reader.read();
			if (done || outgoing.destroyed) break;
			if (!outgoing.write(value)) await drained(outgoing, drainMsMax);
		}
		outgoing.end();
	} catch {
		// An answer that was cut has no end, by which a browser knows.
		cancel();
		outgoing.destroy();
	} finally {
		outgoing.off('close', cancel);
	}
}

/** Waits until what was written has gone out, or the connection has. */
function drained(outgoing: ServerResponse, msMax: number): Promise<void> {
	return either(outgoing, ['drain', 'close'], msMax);
}

function closed(outgoing: ServerResponse, msMax: number): Promise<void> {
	return either(outgoing, ['finish', 'close'], msMax);
}

function either(outgoing: ServerResponse, events: readonly string[], msMax: number): Promise<void> {
	return new Promise((resolve) => {
		const settle = (): void => {
			clearTimeout(timer);
			for (const event of events) outgoing.off(event, settle);
			resolve();
		};
		const timer = setTimeout(() => {
			outgoing.destroy();
			settle();
		}, msMax);
		for (const event of events) outgoing.once(event, settle);
	});
}
