/**
 * Frames of an answer (`application/vnd.pingpool.frames`), the form that programs ask for: a header of 8 bytes and
 * a payload. What a broken connection delivered in whole frames is kept.
 *
 *   bytes 0–3  length of the payload, little-endian     byte 4  kind     bytes 5–7  zero
 */

export const frameKinds = {
	/** JSON: the stream's head, marks and end (protocol.ts) */
	mark: 1,
	/** results (columns.ts) */
	block: 2,
} as const;

const headerBytes = 8;

export interface Frame {
	/** of `frameKinds`, or one that only a newer version knows */
	readonly kind: number;
	readonly payload: Uint8Array;
}

/** A frame with room for its payload, which the caller fills in behind `payloadAt`. */
export function newFrame(kind: number, payloadBytes: number): { bytes: Uint8Array; payloadAt: number } {
	const bytes = new Uint8Array(headerBytes + payloadBytes);
	new DataView(bytes.buffer).setUint32(0, payloadBytes, true);
	bytes[4] = kind;
	return { bytes, payloadAt: headerBytes };
}

/** JSON as a frame. */
export function markFrame(value: object): Uint8Array {
	const payload = new TextEncoder().encode(JSON.stringify(value));
	const { bytes, payloadAt } = newFrame(frameKinds.mark, payload.length);
	bytes.set(payload, payloadAt);
	return bytes;
}

/** Cuts a stream of bytes into frames, holding no more than one unfinished frame. */
export class FrameSplitter {
	readonly #payloadBytesMax: number;
	#parts: Uint8Array[] = [];
	#held = 0;
	/** bytes with which the unfinished frame, or its header, will be whole */
	#wanted = headerBytes;

	/** @param payloadBytesMax longest payload that is waited for */
	constructor(payloadBytesMax: number) {
		this.#payloadBytesMax = payloadBytesMax;
	}

	/**
	 * @returns the frames that these bytes complete, whose payloads are views of them; `undefined` when they are
	 * no frames of such a stream
	 */
	push(chunk: Uint8Array): Frame[] | undefined {
		this.#parts.push(chunk);
		this.#held += chunk.length;
		// Parts are joined only when they complete something: a drip of single bytes must not cost a copy each.
		if (this.#held < this.#wanted) return [];
		const bytes = this.#parts.length === 1 ? chunk : joined(this.#parts, this.#held);
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		const frames: Frame[] = [];
		let at = 0;
		this.#wanted = headerBytes;
		while (bytes.length - at >= headerBytes) {
			const payloadBytes = view.getUint32(at, true);
			const kind = bytes[at + 4]!;
			const isFrame = bytes[at + 5] === 0 && bytes[at + 6] === 0 && bytes[at + 7] === 0;
			if (!isFrame || kind === 0 || payloadBytes > this.#payloadBytesMax) return undefined;
			const end = at + headerBytes + payloadBytes;
			if (end > bytes.length) {
				this.#wanted = end - at;
				break;
			}
			frames.push({ kind, payload: bytes.subarray(at + headerBytes, end) });
			at = end;
		}
		this.#held = bytes.length - at;
		this.#parts = this.#held === 0 ? [] : [bytes.subarray(at)];
		return frames;
	}
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
	const bytes = new Uint8Array(length);
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}
