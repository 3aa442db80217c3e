/** Bodies of answers, read no further than anything honest goes. */
import { WorkerFailure } from './dispatch/worker-link.ts';

/** Answers other than results are a few hundred bytes. */
export const smallBodyBytesMax = 64 * 1024;

export async function* boundedBytes(
	body: AsyncIterable<Uint8Array>,
	bytesMax: number,
): AsyncGenerator<Uint8Array> {
	let bytesLeft = bytesMax;
	for await (const bytes of body) {
		bytesLeft -= bytes.length;
		if (bytesLeft < 0)
			throw new WorkerFailure('invalid', 'sent a longer answer than a pingpool worker would');
		yield bytes;
	}
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
	const parts: Uint8Array[] = [];
	for await (const part of body) parts.push(part);
	return Buffer.concat(parts).toString('utf8');
}

/** What a body starts with; a proxy's error page may go on for long. */
export async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
	const parts: Uint8Array[] = [];
	let bytesLeft = smallBodyBytesMax;
	for await (const part of body) {
		parts.push(part);
		bytesLeft -= part.length;
		if (bytesLeft <= 0) break;
	}
	return Buffer.concat(parts).toString('utf8');
}
