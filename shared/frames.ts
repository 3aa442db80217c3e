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
	/** of `frameKinds`, or one that only a newer version knows: a reader skips it */
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
	/** the unfinished frame, in its first `#held` bytes */
	#buffer = new Uint8Array();
	#held = 0;
	/** bytes with which the unfinished frame, or its header, will be whole */
	#wanted = headerBytes;
	#isBroken = false;

	/** @param payloadBytesMax longest payload that is waited for */
	constructor(payloadBytesMax: number) {
		this.#payloadBytesMax = payloadBytesMax;
	}

	/** Whether what has come is no stream of frames, behind those that were given. Nothing more may be pushed then. */
	get isBroken(): boolean {
		return this.#isBroken;
	}

	/** @returns the frames that these bytes complete, whose payloads may be views of them */
	push(chunk: Uint8Array): Frame[] {
		const completes = this.#held + chunk.length >= this.#wanted;
		const bytes = completes && this.#held === 0 ? chunk : this.#hold(chunk);
		if (!completes) return [];
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		const frames: Frame[] = [];
		let at = 0;
		this.#wanted = headerBytes;
		while (bytes.length - at >= headerBytes) {
			const payloadBytes = view.getUint32(at, true);
			const kind = bytes[at + 4]!;
			const isFrame = bytes[at + 5] === 0 && bytes[at + 6] === 0 && bytes[at + 7] === 0;
			if (!isFrame || kind === 0 || payloadBytes > this.#payloadBytesMax) {
				// What came before counts, as it would have in another packet.
				this.#isBroken = true;
				return frames;
			}
			const end = at + headerBytes + payloadBytes;
			if (end > bytes.length) {
				this.#wanted = end - at;
				break;
			}
			frames.push({ kind, payload: bytes.subarray(at + headerBytes, end) });
			at = end;
		}
		// A buffer of its own: the payloads may be views of this one.
		this.#buffer = new Uint8Array();
		this.#held = 0;
		this.#hold(bytes.subarray(at));
		return frames;
	}

	/** Copies a piece behind what is held: kept as they are, pieces of a byte would cost a hundred times as much.
	 * @returns all that is held */
	#hold(piece: Uint8Array): Uint8Array {
		const held = this.#held + piece.length;
		if (held > this.#buffer.length) {
			// Doubled, up to what is wanted: a drip of single bytes must not cost a copy of all each.
			const grown = new Uint8Array(Math.max(held, Math.min(2 * held, this.#wanted)));
			grown.set(this.#buffer.subarray(0, this.#held));
			this.#buffer = grown;
		}
		this.#buffer.set(piece, this.#held);
		this.#held = held;
		return this.#buffer.subarray(0, held);
	}
}
