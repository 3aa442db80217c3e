/** The body of a request, read within its ceiling. */
import { PingpoolError } from '../shared/errors.ts';
import { joined } from './byte-stream.ts';

/**
 * @param bytesMax counted as the body streams in, because Content-Length may be missing or wrong
 * @param take told of every piece before it is kept; throws when there is no room for it
 * @throws PingpoolError `unsupported-media-type` or `too-large`, or what `take` threw
 */
export async function readBody(
	request: Request,
	bytesMax: number,
	take: (bytes: number) => void,
): Promise<Uint8Array> {
	const encoding = request.headers.get('content-encoding')?.trim().toLowerCase();
	if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
		// A few compressed kilobytes can stand for gigabytes.
		throw new PingpoolError('unsupported-media-type', 'a body without Content-Encoding is expected', {
			details: { contentEncoding: encoding.slice(0, 60) },
		});
	}
	const transfer = request.headers.get('transfer-encoding')?.trim().toLowerCase();
	if (transfer !== undefined && transfer !== 'chunked') {
		throw new PingpoolError('unsupported-media-type', 'no Transfer-Encoding but chunked is expected', {
			details: { transferEncoding: transfer.slice(0, 60) },
		});
	}
	const declared = Number(request.headers.get('content-length') ?? 0);
	if (declared > bytesMax) throw tooLarge(bytesMax);
	const chunks: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of request.body ?? []) {
		length += chunk.byteLength;
		// Leaving the loop cancels the stream: the rest is not read.
		if (length > bytesMax) throw tooLarge(bytesMax);
		take(chunk.byteLength);
		chunks.push(chunk);
	}
	return joined(chunks);
}

function tooLarge(bytesMax: number): PingpoolError {
	return new PingpoolError('too-large', `the body is over ${bytesMax} bytes`, {
		details: { path: '', bodyBytesMax: bytesMax },
	});
}
