/**
 * A response body that is written piece by piece, as results come, and sent as fast as the caller reads: pieces
 * wait between two reads, so that a busy stream costs one chunk per read and not one per piece. What is handed on at
 * a time is bounded: what a caller does not read stays here, where it is known.
 */

import { noLongerNeeded } from '../shared/abort.ts';

export interface ByteWriter {
	/** takes a piece, which is the stream's from now on */
	write(bytes: Uint8Array): void;
	/** whether what was written has been handed on to the caller */
	readonly isDrained: boolean;
}

export interface ByteStreamOptions {
	/** Writes the pieces. The stream ends when it resolves and is cut, with an error, when it rejects. The signal
	 * is aborted when the caller stops reading. */
	readonly produce: (writer: ByteWriter, signal: AbortSignal) => Promise<void>;
	/** waits until what is left after the last piece must have been read; a caller that has not is cut off.
	 * Rejects when its signal is aborted */
	readonly drainTime: (signal: AbortSignal) => Promise<void>;
	/** called once, when nothing of the stream is held any more */
	readonly closed: () => void;
}

export function byteStream({ produce, drainTime, closed }: ByteStreamOptions): ReadableStream<Uint8Array> {
	const gone = new AbortController();
	let waiting: Uint8Array[] = [];
	let finished = false;
	let over = false;
	let wake: (() => void) | undefined;

	function end(): void {
		if (over) return;
		over = true;
		waiting = [];
		gone.abort(noLongerNeeded);
		wake?.();
		closed();
	}

	return new ReadableStream<Uint8Array>({
		start(controller) {
			const writer: ByteWriter = {
				write(bytes) {
					if (over) return;
					waiting.push(bytes);
					wake?.();
				},
				get isDrained() {
					return waiting.length === 0;
				},
			};
			const cut = (error: unknown): void => {
				if (over) return;
				controller.error(error);
				end();
			};
			produce(writer, gone.signal)
				.then(async () => {
					finished = true;
					wake?.();
					if (over) return;
					await drainTime(gone.signal).catch(() => undefined);
					cut(new Error('the caller did not read the answer'));
				})
				.catch(cut);
		},
		async pull(controller) {
			if (waiting.length === 0 && !finished) {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
				wake = undefined;
			}
			if (over) return;
			if (waiting.length > 0) {
				controller.enqueue(joined(someOf(waiting)));
			} else {
				controller.close();
				end();
			}
		},
		cancel: end,
	});
}

/** Bytes that are handed on at a time, if pieces are not larger. */
const handedOnBytesMax = 256 * 1024;

/** Takes the first pieces out of those that wait. */
function someOf(waiting: Uint8Array[]): Uint8Array[] {
	let count = 1;
	let bytes = waiting[0]!.length;
	while (count < waiting.length && bytes + waiting[count]!.length <= handedOnBytesMax) {
		bytes += waiting[count]!.length;
		count += 1;
	}
	return waiting.splice(0, count);
}

/** Pieces as one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
	if (pieces.length === 1) return pieces[0]!;
	const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
	let at = 0;
	for (const piece of pieces) {
		bytes.set(piece, at);
		at += piece.length;
	}
	return bytes;
}
