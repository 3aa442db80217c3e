/** The body of a request: read within its ceiling, then parsed. */
import { messageOf, PingpoolError } from '../shared/errors.ts';

/**
 * @param bytesMax counted as the body streams in, because Content-Length may be missing or wrong
 * @returns the parsed JSON
 * @throws PingpoolError `unsupported-media-type`, `too-large` or `bad-request`
 */
export async function readJsonBody(request: Request, bytesMax: number): Promise<unknown> {
	const encoding = request.headers.get('content-encoding')?.trim().toLowerCase();
	if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
		// A few compressed kilobytes can stand for gigabytes.
		throw new PingpoolError('unsupported-media-type', 'a body without Content-Encoding is expected', {
			details: { contentEncoding: encoding.slice(0, 60) },
		});
	}
	const declared = Number(request.headers.get('content-length') ?? 0);
	if (declared > bytesMax) throw tooLarge(bytesMax);
	const bytes = await readBytes(request, bytesMax);
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
	} catch (cause) {
		throw new PingpoolError('bad-request', 'the body is not valid UTF-8', { cause, details: { path: '' } });
	}
	try {
		return JSON.parse(text);
	} catch (cause) {
		const problem = text.trim() === '' ? 'it is empty' : messageOf(cause);
		throw new PingpoolError('bad-request', `the body is not JSON: ${problem}`, {
			cause,
			details: { path: '', expected: '{"hosts":["127.0.0.1"]}' },
		});
	}
}

async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of request.body ?? []) {
		length += chunk.byteLength;
		// Leaving the loop cancels the stream: the rest is not read.
		if (length > bytesMax) throw tooLarge(bytesMax);
		chunks.push(chunk);
	}
	if (chunks.length === 1) return chunks[0]!;
	const bytes = new Uint8Array(length);
	let offset = 0;
	for (const chunk of chunks) {
		bytes.set(chunk, offset);
		offset += chunk.byteLength;
	}
	return bytes;
}

function tooLarge(bytesMax: number): PingpoolError {
	return new PingpoolError('too-large', `the body is over ${bytesMax} bytes`, {
		details: { path: '', bodyBytesMax: bytesMax },
	});
}
