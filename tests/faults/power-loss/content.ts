/** What a file holds while writes to it are applied, whole or in part. */
import type { Operation } from './trace.ts';

export type OfFile = Extract<Operation, { type: 'write' | 'truncate' }>;

const sectorBytes = 512;

export interface ApplyOptions {
	/** what stands where the file grew and nothing was kept. Default: zeros */
	readonly fill?: (() => number) | undefined;
	/** whether the next sector of a write is kept. Default: all are */
	readonly isKept?: (() => boolean) | undefined;
}

export class Content {
	/** longer than the file, which is written page by page */
	#room: Buffer;
	#size: number;

	/** @param other whose bytes are copied */
	constructor(other?: Content) {
		this.#room = Buffer.from(other?.bytes ?? []);
		this.#size = this.#room.length;
	}

	/** The file as it is now; valid until the next change. */
	get bytes(): Buffer {
		return this.#room.subarray(0, this.#size);
	}

	apply(change: OfFile, { fill = () => 0, isKept = () => true }: ApplyOptions = {}): void {
		if (change.type === 'truncate') {
			this.#resize(change.size, fill);
			return;
		}
		const { bytes, offset } = change;
		const end = offset + bytes.length;
		if (end > this.#size) this.#resize(end, fill);
		for (let from = offset; from < end; ) {
			const to = Math.min(end, (Math.floor(from / sectorBytes) + 1) * sectorBytes);
			if (isKept()) bytes.copy(this.#room, from, from - offset, to - offset);
			from = to;
		}
	}

	#resize(size: number, fill: () => number): void {
		if (size > this.#room.length) {
			const room = Buffer.alloc(Math.max(size, 2 * this.#room.length));
			this.bytes.copy(room);
			this.#room = room;
		}
		// Bytes that were cut off before are no hole's.
		for (let at = this.#size; at < size; at += 1) this.#room[at] = fill();
		this.#size = size;
	}
}
