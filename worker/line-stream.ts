/**
 * A response body of lines that are written as they come and sent as fast as the caller reads: lines wait in
 * one text between two reads, so that a busy stream costs one chunk per read and not one per line.
 */

export interface LineWriter {
	/** takes a line without its line feed */
	write(line: string): void;
}

export interface LineStreamOptions {
	/** Writes the lines. The stream ends when it resolves and is cut, with an error, when it rejects. The signal
	 * is aborted when the caller stops reading. */
	readonly produce: (writer: LineWriter, signal: AbortSignal) => Promise<void>;
	/** waits until what is left after the last line must have been read; a caller that has not is cut off.
	 * Rejects when its signal is aborted */
	readonly drainTime: (signal: AbortSignal) => Promise<void>;
	/** called once, when nothing of the stream is held any more */
	readonly closed: () => void;
}

export function lineStream({ produce, drainTime, closed }: LineStreamOptions): ReadableStream<Uint8Array> {
	const encoder = new TextEncoder();
	const gone = new AbortController();
	let waiting = '';
	let finished = false;
	let over = false;
	let wake: (() => void) | undefined;

	function end(): void {
		if (over) return;
		over = true;
		waiting = '';
		gone.abort();
		wake?.();
		closed();
	}

	return new ReadableStream<Uint8Array>({
		start(controller) {
			const writer: LineWriter = {
				write(line) {
					if (over) return;
					waiting += `${line}\n`;
					wake?.();
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
			if (waiting === '' && !finished) {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
				wake = undefined;
			}
			if (over) return;
			if (waiting !== '') {
				const chunk = encoder.encode(waiting);
				waiting = '';
				controller.enqueue(chunk);
			} else {
				controller.close();
				end();
			}
		},
		cancel: end,
	});
}
