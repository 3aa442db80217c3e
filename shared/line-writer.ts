/**
 * Lines to a stream that may be slower than they come: a pipe whose reader is stopped, a terminal over a slow line.
 * Node writes to pipes without waiting and keeps in memory what does not fit. Here that memory has a ceiling: what
 * comes beyond it is dropped and counted, and when there is room again, a line says how many were.
 */
import { logBytesMax } from './limits.ts';

/** The part of a writable stream of Node's that is used. */
export interface LineStream {
	readonly writable: boolean;
	readonly writableLength: number;
	write(text: string, done?: () => void): unknown;
	on(event: 'drain' | 'error', listener: () => void): unknown;
	off(event: 'drain' | 'error', listener: () => void): unknown;
}

export interface LineWriterOptions {
	readonly stream: LineStream;
	/** the line that says how many were dropped, its line feed included */
	readonly droppedLine: (lines: number) => string;
	/** bytes that may wait. Default: limits.ts */
	readonly bytesMax?: number;
}

export class LineWriter {
	readonly #options: LineWriterOptions;
	readonly #onDrain = (): void => this.#sayDropped();
	// A log that nobody can take any more is no reason to end.
	readonly #onError = (): void => undefined;
	#dropped = 0;

	constructor(options: LineWriterOptions) {
		this.#options = options;
		options.stream.on('drain', this.#onDrain);
		options.stream.on('error', this.#onError);
	}

	/** @param line with its line feed */
	write(line: string): void {
		const { stream, bytesMax = logBytesMax } = this.#options;
		if (stream.writableLength + line.length > bytesMax || !stream.writable) {
			this.#dropped += 1;
			return;
		}
		this.#sayDropped();
		stream.write(line);
	}

	/**
	 * Resolves when everything is written, or with `false` when that took too long.
	 *
	 * @param waitMs the longest that it may take
	 */
	async close(waitMs: number): Promise<boolean> {
		const { stream } = this.#options;
		this.#sayDropped();
		try {
			if (stream.writableLength === 0 || !stream.writable) return true;
			return await new Promise<boolean>((resolve) => {
				const timer = setTimeout(() => resolve(false), waitMs);
				stream.write('', () => {
					clearTimeout(timer);
					resolve(true);
				});
			});
		} finally {
			stream.off('drain', this.#onDrain);
			stream.off('error', this.#onError);
		}
	}

	#sayDropped(): void {
		const { stream, droppedLine } = this.#options;
		if (this.#dropped === 0 || !stream.writable) return;
		const lines = this.#dropped;
		this.#dropped = 0;
		stream.write(droppedLine(lines));
	}
}
